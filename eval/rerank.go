package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
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
	holders  []sparse // for each sample, the gallery entries whose vector has it
	lambda   float64
}

// invert returns, for each of n samples, the positions of the vectors that have a
// weight for it, with the weight.
func invert(vectors []sparse, n int) []sparse {
	holders := make([]sparse, n)
	for g, v := range vectors {
		for a, j := range v.index {
			h := &holders[j]
			h.index = append(h.index, int32(g))
			h.weight = append(h.weight, v.weight[a])
		}
	}
	return holders
}

// scores writes the scores of query q, whose dot products with all samples are
// given.
func (r *reranker) scores(q int, dots, dst []float32) {
	shared := make([]float64, len(dst)) // S
	v := r.vectors[q]
	for a, j := range v.index {
		w := v.weight[a]
		h := &r.holders[j]
		for b, g := range h.index {
			shared[g] += float64(min(w, h.weight[b]))
		}
	}
	for g, s := range shared {
		i := r.queries + g
		d := share(r.samples.distance(q, i, dots[i]), r.furthest[q])
		apart := 1.0
		if s != 0 { // which few are
			apart -= s / (2 - s)
		}
		dst[g] = -float32((1-r.lambda)*apart + r.lambda*float64(d))
	}
}
