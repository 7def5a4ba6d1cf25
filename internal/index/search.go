package index

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Found is an entry that was found for a query.
type Found struct {
	Row   int64
	Score float32 // cosine
}

const (
	blockRows    = 128 // entries that stay in a core's cache while all queries pass over them: 96 kB of 768 components
	queryBlock   = 256 // queries of a pass over the file: their codes stay in the cache as well
	wideFactor   = 4   // candidates of the first pass for each entry that is wanted, and some more
	wideConstant = 64
)

// Search finds the k nearest entries of each query by cosine, best first, equal ones by row. queries are [Q, D] of any
// length but infinite. Memory is that of the candidates; the file is streamed once for every 256 queries.
func (x *Index) Search(ctx context.Context, queries []float32, k int) ([][]Found, error) {
	d := x.head.dim
	if len(queries)%d != 0 || k < 1 {
		return nil, fmt.Errorf("search: want queries of %d components and 1 result or more, got %d components and %d", d, len(queries), k)
	}
	found := make([][]Found, 0, len(queries)/d)
	for len(queries) > 0 {
		n := min(len(queries)/d, queryBlock)
		some, err := x.searchBlock(ctx, queries[:n*d], k)
		if err != nil {
			return nil, fmt.Errorf("search %s: %w", x.name, err)
		}
		found, queries = append(found, some...), queries[n*d:]
	}
	return found, nil
}

// asked is a block of queries made ready.
type asked struct {
	vectors []float32 // [Q, D], of length 1
	codes   []int8    // [Q, S]
	offsets []int32   // [Q]: what 128 in every code of an entry adds to a product of codes
}

func newAsked(queries []float32, d, stride int) (*asked, error) {
	n := len(queries) / d
	a := &asked{vectors: make([]float32, n*d), codes: make([]int8, n*stride), offsets: make([]int32, n)}
	for q := range n {
		v := a.vectors[q*d:][:d]
		if err := normalize(v, queries[q*d:][:d]); err != nil {
			return nil, fmt.Errorf("query %d: %w", q, err)
		}
		a.offsets[q] = 128 * encodeQuery(a.codes[q*stride:][:stride], v)
	}
	return a, nil
}

// searchBlock is Search of so many queries as are held at once.
func (x *Index) searchBlock(ctx context.Context, queries []float32, k int) ([][]Found, error) {
	a, err := newAsked(queries, x.head.dim, x.head.stride())
	if err != nil {
		return nil, err
	}
	workers := runtime.GOMAXPROCS(0)
	kept := make([][]*candidates, workers)
	group, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		group.Go(func() error {
			kept[w] = newCandidates(len(a.offsets), wideFactor*k+wideConstant)
			from, to := x.head.rows*int64(w)/int64(workers), x.head.rows*int64(w+1)/int64(workers)
			return x.scan(ctx, a, from, to, kept[w])
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	found := make([][]Found, len(a.offsets))
	for q := range found {
		all := kept[0][q]
		for _, other := range kept[1:] {
			all.merge(other[q])
		}
		if found[q], err = x.exact(a.vectors[q*x.head.dim:][:x.head.dim], all.list, k); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// scan offers the entries from..to to the candidates of every query, by their codes.
func (x *Index) scan(ctx context.Context, a *asked, from, to int64, kept []*candidates) error {
	stride := x.head.stride()
	n := len(a.offsets)
	var t tile
	var queries [4][]int8
	var offsets [4]int32
	var entries [4][]uint8
	for start := from; start < to; start += blockRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		stop := min(start+blockRows, to)
		for q := 0; q < n; q += 4 {
			for i := range queries {
				queries[i], offsets[i] = a.codes[min(q+i, n-1)*stride:][:stride], a.offsets[min(q+i, n-1)]
			}
			for row := start; row < stop; row += 4 {
				for j := range entries {
					entries[j] = x.codes[int(min(row+int64(j), stop-1))*stride:][:stride]
				}
				computeTile(&queries, &offsets, &entries, &t)
				for i := range min(4, n-q) {
					c := kept[q+i]
					for j := range min(4, stop-row) {
						score := float32(t[4*i+int(j)]) * x.scales[row+j]
						if score > c.least {
							c.add(Found{row + j, score})
						}
					}
				}
			}
		}
	}
	return nil
}

// exact scores the candidates by their vectors and returns the best k.
func (x *Index) exact(query []float32, list []Found, k int) ([]Found, error) {
	for i := range list {
		var dot float64
		for j, v := range x.Vector(list[i].Row) {
			dot += float64(v) * float64(query[j])
		}
		if math.IsNaN(dot) || math.IsInf(dot, 0) {
			return nil, fmt.Errorf("entry %d: want a vector of finite components, got a score of %v", list[i].Row, dot)
		}
		list[i].Score = float32(dot)
	}
	slices.SortFunc(list, before)
	return append([]Found{}, list[:min(k, len(list))]...), nil
}

// before orders by falling score, equal ones by row.
func before(a, b Found) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Row, b.Row))
}
