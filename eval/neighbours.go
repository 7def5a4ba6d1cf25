package eval

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// neighbours are the nearest samples of each of N samples, itself included, by
// squared Euclidean distance, equal ones by index.
type neighbours struct {
	k         int       // per sample
	index     []int32   // [N, k]
	distances []float32 // [N, k], divided by furthest
	furthest  []float32 // [N]: greatest distance of each sample to any
}

func (n *neighbours) of(i int) []int32 { return n.index[i*n.k : (i+1)*n.k] }

// samples are queries and gallery one after the other, with what their distances
// are made of.
type samples struct {
	Embeddings
	length2 []float64 // squared length of each
	rounded []float32 // the same
	longest float64   // the greatest of them
	dots    Scores    // dot products of samples with all samples
	given   bool      // they come from outside
}

func newSamples(queries, gallery Embeddings, dots Scores) (*samples, error) {
	if queries.N > 0 && gallery.N > 0 && queries.D != gallery.D {
		return nil, fmt.Errorf("gallery: want embeddings of %d values like the queries, got %d", queries.D, gallery.D)
	}
	s := &samples{Embeddings: Embeddings{N: queries.N + gallery.N, D: max(queries.D, gallery.D)}, dots: dots, given: dots != nil}
	s.Data = append(append(make([]float32, 0, s.N*s.D), queries.Data...), gallery.Data...)
	if len(s.Data) != s.N*s.D {
		return nil, fmt.Errorf("want [%d %d] values, got %d", s.N, s.D, len(s.Data))
	}
	for i := range s.N {
		var n float64
		for _, x := range s.Row(i) {
			n += float64(x) * float64(x)
		}
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, fmt.Errorf("sample %d: want finite values, got a sum of squares of %v", i, n)
		}
		s.length2, s.rounded, s.longest = append(s.length2, n), append(s.rounded, float32(n)), max(s.longest, n)
	}
	if s.dots == nil {
		s.dots = s.products
	}
	return s, nil
}

// products is the default for dots.
func (s *samples) products(from, to int, dst []float32) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for start := 0; start < s.N; start += chunkRows {
		group.Go(func() error {
			products(s.Embeddings, s.Embeddings, from, to, start, min(start+chunkRows, s.N), dst)
			return nil
		})
	}
	return group.Wait()
}

// distance is the squared distance of samples i and j, given their dot product.
func (s *samples) distance(i, j int, dot float32) float32 {
	if i == j {
		return 0
	}
	return float32(max(0, s.length2[i]+s.length2[j]-2*float64(dot)))
}

// exact is the squared distance of samples i and j from their values.
func (s *samples) exact(i, j int) float32 {
	var d float64
	b := s.Row(j)
	for k, x := range s.Row(i) {
		y := float64(x) - float64(b[k])
		d += y * y
	}
	return float32(d)
}

// rows calls fn in parallel for samples from to to with their dot products.
func (s *samples) rows(ctx context.Context, from, to int, fn func(i int, dots []float32)) error {
	step := min(max(1, blockBytes/4/max(1, s.N)), 256)
	block := make([]float32, min(step, to-from)*s.N)
	for ; from < to; from += step {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("stopped at sample %d: %w", from, err)
		}
		end := min(to, from+step)
		if err := s.dots(from, end, block[:(end-from)*s.N]); err != nil {
			return fmt.Errorf("dot products of samples %d to %d: %w", from, end, err)
		}
		parallel(from, end, func(i int) { fn(i, block[(i-from)*s.N:][:s.N]) })
	}
	return nil
}

// parallel calls fn for from..to on as many goroutines as there are processors.
func parallel(from, to int, fn func(i int)) {
	workers := runtime.GOMAXPROCS(0)
	var group errgroup.Group
	for k := range workers {
		group.Go(func() error {
			for i := from + k; i < to; i += workers {
				fn(i)
			}
			return nil
		})
	}
	_ = group.Wait() // none of them fails
}

// share is d/furthest, 0 when all samples are in one place.
func share(d, furthest float32) float32 {
	if furthest == 0 {
		return 0
	}
	return d / furthest
}
