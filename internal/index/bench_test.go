package index

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"plip/eval"
)

// million is the folder of the large index of BenchmarkMillion: 4 GB that a later run finds again.
const million = "PLIP_BENCH_INDEX"

// BenchmarkSearch searches 20,000 entries of 768 components.
func BenchmarkSearch(b *testing.B) {
	const n, dim = 20000, 768
	x := openIndex(b, makeIndex(b, drawn(1, n, dim), dim))
	for _, queries := range []int{1, 64} {
		q := drawn(2, queries, dim)
		b.Run(fmt.Sprintf("queries=%d", queries), func(b *testing.B) {
			b.SetBytes(int64(queries) * n * dim)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.Search(b.Context(), q, 10); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMillion searches a million entries of 768 components, drawn around 20,000 persons: the latency of single
// queries, their recall against all exact products, and 1,000 queries at once. It needs 4 GB in the folder that the
// environment variable PLIP_BENCH_INDEX names; the gallery of internal/reference/eval_peer.py is the same in numpy.
func BenchmarkMillion(b *testing.B) {
	dir := os.Getenv(million)
	if dir == "" {
		b.Skipf("%s is not set to a folder for 4 GB", million)
	}
	const n, dim, k = 1_000_000, 768, 10
	x := millionIndex(b, filepath.Join(dir, "million.index"), n, dim)
	if err := x.Verify(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	persons := newPersons(dim)
	queries := make([]float32, 0, 1000*dim)
	r := rand.New(rand.NewPCG(77, 7))
	for range 1000 {
		queries = persons.draw(queries, r)
	}
	b.Run("queries=1", func(b *testing.B) {
		var times []time.Duration
		began := processorTime(b)
		for i := 0; b.Loop(); i++ {
			start := time.Now()
			if _, err := x.Search(b.Context(), queries[i%1000*dim:][:dim], k); err != nil {
				b.Fatal(err)
			}
			times = append(times, time.Since(start))
		}
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2].Microseconds())/1e3, "median-ms")
		b.ReportMetric(float64(times[len(times)-1].Microseconds())/1e3, "worst-ms")
		b.ReportMetric(1e3*(processorTime(b)-began).Seconds()/float64(b.N), "cpu-ms")
	})
	b.Run("queries=1000", func(b *testing.B) {
		began := processorTime(b)
		for b.Loop() {
			if _, err := x.Search(b.Context(), queries, k); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric((processorTime(b)-began).Seconds()/float64(b.N), "cpu-s")
	})
	b.Run("recall", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(recall(b, x, queries, k), "recall")
		}
	})
}

// processorTime is what this process has used, the only figure that means something on a machine that others use too.
func processorTime(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// recall is the share of the k nearest by exact products that a search finds.
func recall(b *testing.B, x *Index, queries []float32, k int) float64 {
	const block = 50_000
	found, err := x.Search(b.Context(), queries, k)
	if err != nil {
		b.Fatal(err)
	}
	n, dim := len(found), x.Dim()
	nearest := newCandidates(n, k)
	scores := make([]float32, n*block)
	for from := int64(0); from < x.Rows(); from += block {
		rows := int(min(block, x.Rows()-from))
		gallery := eval.Embeddings{N: rows, D: dim, Data: x.vectors[int(from)*dim:][:rows*dim]}
		product, err := eval.Cosine(eval.Embeddings{N: n, D: dim, Data: queries}, gallery)
		if err == nil {
			err = product(0, n, scores[:n*rows])
		}
		if err != nil {
			b.Fatal(err)
		}
		for q, c := range nearest {
			for i, score := range scores[q*rows:][:rows] {
				if score > c.least {
					c.add(Found{from + int64(i), score})
				}
			}
		}
	}
	hits := 0
	for q, c := range nearest {
		c.cut()
		for _, w := range c.list[:k] {
			if slices.ContainsFunc(found[q], func(f Found) bool { return f.Row == w.Row }) {
				hits++
			}
		}
	}
	return float64(hits) / float64(n*k)
}

// persons are the centres around which embeddings are drawn.
type persons struct {
	dim     int
	centres []float32
}

func newPersons(dim int) persons {
	r := rand.New(rand.NewPCG(1, 1))
	p := persons{dim, make([]float32, 20_000*dim)}
	for i := range p.centres {
		p.centres[i] = float32(r.NormFloat64())
	}
	return p
}

// draw appends one embedding of a random person.
func (p persons) draw(dst []float32, r *rand.Rand) []float32 {
	c := p.centres[r.IntN(len(p.centres)/p.dim)*p.dim:][:p.dim]
	for _, x := range c {
		dst = append(dst, x+0.8*float32(r.NormFloat64()))
	}
	return dst
}

// millionIndex opens the index, made before by the same function or made now.
func millionIndex(b *testing.B, path string, n, dim int) *Index {
	if _, err := os.Stat(path); err != nil {
		w, err := Create(path, Options{Dim: dim, Rows: int64(n), Key: key})
		if err != nil {
			b.Fatal(err)
		}
		p, r := newPersons(dim), rand.New(rand.NewPCG(2, 2))
		var v []float32
		for range n {
			v = p.draw(v[:0], r)
			if err := w.Write(v); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
	return openIndex(b, path)
}
