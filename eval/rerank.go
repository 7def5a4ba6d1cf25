package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
)

// RerankConfig holds the parameters of k-reciprocal re-ranking.
type RerankConfig struct {
	K1     int     // neighbours looked at. Default 20 (Zhong et al. 2017)
	K2     int     // neighbours averaged over, itself included. Default 6
	Lambda float64 // weight of the original distance, 0..1. Default 0.3
}

// DefaultRerankConfig returns the values of the method's authors.
func DefaultRerankConfig() RerankConfig { return RerankConfig{K1: 20, K2: 6, Lambda: 0.3} }

// Validate names every field out of range.
func (c RerankConfig) Validate() error {
	var errs []error
	if c.K1 < 1 {
		errs = append(errs, fmt.Errorf("eval: K1: want 1 neighbour or more, got %d", c.K1))
	}
	if c.K2 < 1 || c.K2 > c.K1+1 {
		errs = append(errs, fmt.Errorf("eval: K2: want 1..%d neighbours, got %d", c.K1+1, c.K2))
	}
	if math.IsNaN(c.Lambda) || c.Lambda < 0 || c.Lambda > 1 {
		errs = append(errs, fmt.Errorf("eval: Lambda: want a weight in 0..1, got %v", c.Lambda))
	}
	return errors.Join(errs...)
}

// Rerank returns scores for [Rank] by which samples are near when they share
// neighbours (k-reciprocal encoding). With D the squared Euclidean distances
// of all queries and gallery entries, each row divided by its maximum:
//
//	R(i)  = the K1-reciprocal neighbours of i, expanded by those of its members
//	V[i]  = exp(-D[i, j]) for j in R(i), divided by its sum
//	V[i]  = mean of V over the K2 nearest of i
//	S     = sum_j min(V[q, j], V[g, j])
//	score = -((1-Lambda) * (1 - S/(2-S)) + Lambda * D[q, g])
//
// Embeddings are taken as they are: normalise them first for the angle to count.
// dots gives the dot products of the Q+G samples, queries first, with all of
// them, and nil computes them here; it is called for all samples by Rerank and
// again for the queries by the scores. Neither D nor V is ever held as a whole:
// memory grows with the number of samples alone.
func Rerank(ctx context.Context, queries, gallery Embeddings, dots Scores, c RerankConfig) (Scores, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s, err := newSamples(queries, gallery, dots)
	if err != nil {
		return nil, fmt.Errorf("eval: re-rank: %w", err)
	}
	near, err := s.nearest(ctx, c.K1+1)
	if err != nil {
		return nil, fmt.Errorf("eval: re-rank: %w", err)
	}
	first := make([]sparse, s.N)
	parallel(0, s.N, func(i int) { first[i] = near.encode(s, i, c.K1) })
	vectors := first
	if c.K2 > 1 {
		vectors = make([]sparse, s.N)
		parallel(0, s.N, func(i int) { vectors[i] = mean(first, near.of(i)[:min(c.K2, near.k)]) })
	}
	r := &reranker{samples: s, furthest: near.furthest, queries: queries.N, vectors: vectors[:queries.N], lambda: c.Lambda}
	r.holders = invert(vectors[queries.N:], s.N)
	return func(from, to int, dst []float32) error {
		if from < 0 || from > to || to > r.queries || len(dst) != (to-from)*gallery.N {
			return errors.New("want a range of queries and a place for each score")
		}
		return s.rows(ctx, from, to, func(q int, dots []float32) {
			r.scores(q, dots, dst[(q-from)*gallery.N:][:gallery.N])
		})
	}, nil
}

type reranker struct {
	samples  *samples
	furthest []float32
	queries  int
	vectors  []sparse // of the queries
	holders  holders
	lambda   float64
	overlaps sync.Pool // of *overlap
}

// holder is a gallery entry with its weight for some sample.
type holder struct {
	entry  int32
	weight float32
}

// holders are, for each sample, the gallery entries whose vector has it, ascending:
// those of sample j are all[start[j]:start[j+1]].
type holders struct {
	start []int
	all   []holder
}

func (h *holders) of(j int32) []holder { return h.all[h.start[j]:h.start[j+1]] }

// invert returns the holders of each of n samples.
func invert(vectors []sparse, n int) holders {
	h := holders{start: make([]int, n+1)}
	for _, v := range vectors {
		for _, j := range v.index {
			h.start[j+1]++
		}
	}
	for j := range n {
		h.start[j+1] += h.start[j]
	}
	h.all = make([]holder, h.start[n])
	next := slices.Clone(h.start)
	for g, v := range vectors {
		for a, j := range v.index {
			h.all[next[j]] = holder{int32(g), v.weight[a]}
			next[j]++
		}
	}
	return h
}

// overlap is a worker's memory: of each gallery entry the sum S with one query, 0
// except for those that touched lists.
type overlap struct {
	shared  []float64
	touched []int32 // as long as shared and one more
}

// scores writes the scores of query q, whose dot products with all samples are
// given. The entries that share nothing with it, which are most, are all written
// at once, and then the others.
func (r *reranker) scores(q int, dots, dst []float32) {
	o, _ := r.overlaps.Get().(*overlap)
	if o == nil {
		o = &overlap{shared: make([]float64, len(dst)), touched: make([]int32, len(dst)+1)}
	}
	defer r.overlaps.Put(o)
	touched := o.touched[:o.add(r.vectors[q], &r.holders)]
	b := blend{length: r.samples.length2[q], furthest: r.furthest[q], apart: 1 - r.lambda, lambda: r.lambda}
	dots, lengths := dots[r.queries:], r.samples.length2[r.queries:]
	b.row(dots, lengths, dst)
	for _, g := range touched {
		s := o.shared[g]
		o.shared[g] = 0
		dst[g] = b.score(dots[g], lengths[g], 1-s/(2-s))
	}
}

// add adds to the sums what the holders of the vector's samples share with it, and
// returns how many entries are touched now. Whether one is new is hard to foresee,
// so that it is counted rather than branched on.
func (o *overlap) add(v sparse, h *holders) int {
	n := 0
	for a, j := range v.index {
		w := v.weight[a]
		for _, x := range h.of(j) {
			s := o.shared[x.entry]
			isNew := 0
			if s == 0 {
				isNew = 1
			}
			o.touched[n] = x.entry
			n += isNew
			o.shared[x.entry] = s + float64(min(w, x.weight))
		}
	}
	return n
}
