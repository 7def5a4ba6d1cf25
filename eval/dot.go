package eval

import (
	"errors"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// normFloor is added to the length of an embedding before division (release, utils.py).
const normFloor = 1e-12

// chunkRows is how many gallery rows one task goes through; with 768 values they
// fit a second-level cache.
const chunkRows = 64

// Embeddings are N vectors of length D, row-major: [N, D].
type Embeddings struct {
	N, D int
	Data []float32
}

// NewEmbeddings copies vectors of one length.
func NewEmbeddings(vectors [][]float32) (Embeddings, error) {
	e := Embeddings{N: len(vectors)}
	if e.N == 0 {
		return e, nil
	}
	e.D = len(vectors[0])
	e.Data = make([]float32, 0, e.N*e.D)
	for i, v := range vectors {
		if len(v) != e.D {
			return Embeddings{}, fmt.Errorf("eval: embedding %d: want %d values, got %d", i, e.D, len(v))
		}
		e.Data = append(e.Data, v...)
	}
	return e, nil
}

// Row returns embedding i; it is not a copy.
func (e Embeddings) Row(i int) []float32 { return e.Data[i*e.D : (i+1)*e.D] }

// normalized returns the rows divided by their lengths.
func (e Embeddings) normalized() (Embeddings, error) {
	if len(e.Data) != e.N*e.D {
		return Embeddings{}, fmt.Errorf("want [%d %d] values, got %d", e.N, e.D, len(e.Data))
	}
	out := Embeddings{N: e.N, D: e.D, Data: make([]float32, len(e.Data))}
	for i := range e.N {
		var n float64
		for _, x := range e.Row(i) {
			n += float64(x) * float64(x)
		}
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return Embeddings{}, fmt.Errorf("row %d: want finite values, got a sum of squares of %v", i, n)
		}
		inv := 1 / (math.Sqrt(n) + normFloor)
		dst := out.Row(i)
		for j, x := range e.Row(i) {
			dst[j] = float32(float64(x) * inv)
		}
	}
	return out, nil
}

// Cosine returns the cosines of queries and gallery as scores. The embeddings are
// copied. Equal embeddings have exactly equal scores, wherever they stand.
func Cosine(queries, gallery Embeddings) (Scores, error) {
	q, err := queries.normalized()
	if err != nil {
		return nil, fmt.Errorf("eval: queries: %w", err)
	}
	g, err := gallery.normalized()
	if err != nil {
		return nil, fmt.Errorf("eval: gallery: %w", err)
	}
	if q.N > 0 && g.N > 0 && q.D != g.D {
		return nil, fmt.Errorf("eval: gallery: want embeddings of %d values like the queries, got %d", q.D, g.D)
	}
	return func(from, to int, dst []float32) error {
		if from < 0 || from > to || to > q.N || len(dst) != (to-from)*g.N {
			return errors.New("want a range of queries and a place for each score")
		}
		var group errgroup.Group
		group.SetLimit(runtime.GOMAXPROCS(0))
		for start := 0; start < g.N; start += chunkRows {
			group.Go(func() error {
				products(q, g, from, to, start, min(start+chunkRows, g.N), dst)
				return nil
			})
		}
		return group.Wait()
	}, nil
}

// products writes the dot products of queries from..to with gallery rows
// start..stop to their places in dst, [to-from, G]. It works on tiles of four
// queries and two gallery rows; a tile past the edge repeats the last row.
func products(q, g Embeddings, from, to, start, stop int, dst []float32) {
	var tile [8]float32
	for i := from; i < to; i += 4 {
		var a [4][]float32
		for k := range a {
			a[k] = q.Row(min(i+k, to-1))
		}
		at := dst[(i-from)*g.N:]
		done := 0
		if to-i >= 4 {
			done = strip(&a, g.Data[start*g.D:stop*g.D], at[start:], g.N)
		}
		for j := start + done; j < stop; j += 2 {
			b := [2][]float32{g.Row(j), g.Row(min(j+1, stop-1))}
			tileBlocks(&a, &b, &tile)
			addRest(&a, &b, &tile)
			for k := range min(4, to-i) {
				row := at[k*g.N+j:]
				row[0] = tile[k*2]
				if j+1 < stop {
					row[1] = tile[k*2+1]
				}
			}
		}
	}
}

// addRest adds the products of the components after the last whole block of eight.
func addRest(a *[4][]float32, b *[2][]float32, tile *[8]float32) {
	whole := len(a[0]) &^ 7
	for d := whole; d < len(a[0]); d++ {
		for k := range a {
			for l := range b {
				tile[k*2+l] += float32(a[k][d] * b[l][d])
			}
		}
	}
}

// total adds up the eight lanes of a sum.
func total(l *[8]float32) float32 {
	return ((l[0] + l[4]) + (l[1] + l[5])) + ((l[2] + l[6]) + (l[3] + l[7]))
}

// tileGo adds up, for each pair of a row of a and a row of b, the products of
// components d, d+8, d+16... in lane d, over the whole blocks of eight, and then the lanes. The
// conversions keep a compiler from fusing products into sums, so that machines
// with and without vector registers give the same bits.
func tileGo(a *[4][]float32, b *[2][]float32, tile *[8]float32) {
	n := len(a[0]) &^ 7
	for k := range a {
		for l := range b {
			x, y := a[k][:n], b[l][:n]
			var s [8]float32
			for d := 0; d+8 <= len(x); d += 8 {
				u, v := x[d:d+8:d+8], y[d:d+8:d+8]
				for e := range 8 {
					s[e] += float32(u[e] * v[e])
				}
			}
			tile[k*2+l] = total(&s)
		}
	}
}
