package eval

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

// pairRows is how many samples meet as many others at once: their products and,
// with 64 values, their embeddings fit a second-level cache.
const pairRows = 128

// bounds tell, for each of some samples, from which other samples it has nothing
// to learn: those whose squared length less twice the product, in float32, is
// neither less than below nor greater than above.
type bounds struct {
	below, above []float32
}

// search finds the nearest samples of all, showing pairs to it in any order.
type search struct {
	*samples
	*neighbours
	bounds
	found []int32 // [N]: how many neighbours each has yet
}

// nearest finds the k nearest samples of every sample.
func (s *samples) nearest(ctx context.Context, k int) (*neighbours, error) {
	k = min(k, s.N)
	f := &search{
		samples:    s,
		neighbours: &neighbours{k: k, index: make([]int32, s.N*k), distances: make([]float32, s.N*k), furthest: make([]float32, s.N)},
		bounds:     filled(s.N, float32(math.Inf(1))),
		found:      make([]int32, s.N),
	}
	for i := range s.N {
		f.show(i, i, 0)
	}
	find := f.byPairs
	if s.given {
		find = f.byRows
	}
	if err := find(ctx); err != nil {
		return nil, err
	}
	parallel(0, s.N, func(i int) {
		for j, d := range f.distances[i*k:][:k] {
			f.distances[i*k+j] = share(d, f.furthest[i])
		}
	})
	return f.neighbours, nil
}

// filled returns bounds of n samples, below at b and above at -b.
func filled(n int, b float32) bounds {
	f := bounds{below: make([]float32, n), above: make([]float32, n)}
	for i := range n {
		f.below[i], f.above[i] = b, -b
	}
	return f
}

// byRows goes through the products of each sample with all, for that sample alone.
func (f *search) byRows(ctx context.Context) error {
	nothing := filled(f.N, float32(math.Inf(-1)))
	return f.rows(ctx, 0, f.N, func(i int, dots []float32) {
		f.meet(i, 0, dots[:i], nothing)
		f.meet(i, i+1, dots[i+1:], nothing)
	})
}

// byPairs computes each product once, for both samples.
func (f *search) byPairs(ctx context.Context) error {
	type pair struct{ a, b int }
	tasks := make(chan pair)
	group, stop := errgroup.WithContext(ctx)
	locks := make([]sync.Mutex, (f.N+pairRows-1)/pairRows)
	group.Go(func() error {
		defer close(tasks)
		for apart := range locks { // tasks next to each other have no block in common
			for a := range len(locks) - apart {
				select {
				case tasks <- pair{a, a + apart}:
				case <-stop.Done():
					return fmt.Errorf("stopped at samples %d and %d: %w", a*pairRows, (a+apart)*pairRows, context.Cause(stop))
				}
			}
		}
		return nil
	})
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			dots := make([]float32, pairRows*pairRows)
			for t := range tasks {
				f.blocks(t.a, t.b, locks, dots)
			}
			return nil
		})
	}
	return group.Wait()
}

// blocks has the samples of block a meet those of block b, which is not before it.
func (f *search) blocks(a, b int, locks []sync.Mutex, dots []float32) {
	from, to := a*pairRows, min((a+1)*pairRows, f.N)
	first := b * pairRows
	others := Embeddings{N: min(pairRows, f.N-first), D: f.D}
	others.Data = f.Data[first*f.D:][:others.N*f.D]
	for start := 0; start < others.N; start += chunkRows {
		products(f.Embeddings, others, from, to, start, min(start+chunkRows, others.N), dots)
	}
	locks[a].Lock()
	defer locks[a].Unlock()
	if a != b {
		locks[b].Lock()
		defer locks[b].Unlock()
	}
	for i := from; i < to; i++ {
		row := dots[(i-from)*others.N:][:others.N]
		j := max(first, i+1)
		f.meet(i, j, row[min(j-first, others.N):], bounds{f.below[min(j, f.N):], f.above[min(j, f.N):]})
	}
}

// meet shows samples first, first+1 and so on to sample i, given the products, and
// i to those of them whose bounds let it.
func (f *search) meet(i, first int, dots []float32, theirs bounds) {
	lengths := f.rounded[min(first, f.N):]
	for at := 0; ; at++ {
		own := edge{f.rounded[i], f.below[i], f.above[i]}
		at += own.scan(dots[at:], lengths[at:], theirs.below[at:], theirs.above[at:])
		if at == len(dots) {
			return
		}
		j := first + at
		d := f.distance(i, j, dots[at])
		f.show(i, j, d)
		if rest := own.length - 2*dots[at]; rest < theirs.below[at] || rest > theirs.above[at] {
			f.show(j, i, d)
		}
	}
}

// show shows sample j, at distance d, to sample i.
//
// Most samples are neither neighbours nor furthest: the bounds tell. What they may
// be wrong by, three roundings of them and of what is held against them, is less
// than the slack, so that the others decide as all would.
func (f *search) show(i, j int, d float32) {
	length := f.length2[i]
	slack := 0x1p-22*(f.longest+length+float64(d)) + 0x1p-126
	if d > f.furthest[i] {
		f.furthest[i] = d
		f.above[i] = float32(float64(d) - length - slack)
	}
	index, distances := f.index[i*f.k:][:f.k], f.distances[i*f.k:][:f.k]
	at := int(f.found[i])
	if at < f.k {
		f.found[i]++
	} else if at--; !(d < distances[at] || d == distances[at] && int32(j) < index[at]) {
		return
	}
	for at > 0 && (distances[at-1] > d || distances[at-1] == d && index[at-1] > int32(j)) {
		index[at], distances[at] = index[at-1], distances[at-1]
		at--
	}
	index[at], distances[at] = int32(j), d
	if int(f.found[i]) == f.k {
		worst := float64(distances[f.k-1])
		f.below[i] = float32(worst - length + 0x1p-22*(f.longest+length+worst) + 0x1p-126)
	}
}

// edge is the rounded squared length of a sample and its bounds.
type edge struct{ length, below, above float32 }

// scan returns the place of the first product by which one of the two may learn
// from the other, len(dots) when there is none.
func (e *edge) scan(dots, lengths, below, above []float32) int {
	n := len(dots)
	lengths, below, above = lengths[:n], below[:n], above[:n]
	for at := e.scanBlocks(dots, lengths, below, above); at < n; at++ {
		twice := 2 * dots[at]
		mine, theirs := lengths[at]-twice, e.length-twice
		if mine < e.below || mine > e.above || theirs < below[at] || theirs > above[at] {
			return at
		}
	}
	return n
}
