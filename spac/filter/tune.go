package filter

import (
	"context"
	"errors"
	"fmt"
)

// Grid lists the thresholds that [Tune] tries, all cosines.
type Grid struct {
	SigmaS, SigmaR, SigmaM []float64
}

// DefaultGrid returns 0.02, 0.04 to 0.9 and from there 0.905 to 0.995 for each
// threshold: embeddings of non-negative features crowd near 1.
func DefaultGrid() Grid {
	var v []float64
	for i := 2; i <= 90; i += 2 {
		v = append(v, float64(i)/100)
	}
	for i := 905; i <= 995; i += 5 {
		v = append(v, float64(i)/1000)
	}
	return Grid{SigmaS: v, SigmaR: v, SigmaM: v}
}

// tuneBeta weighs recall against precision: with 0.5 a wrong decision costs more
// than a missed one, as the filter is to leave clean tracks alone (ours).
const tuneBeta = 0.5

// tunePrecision is the share of right decisions below which a threshold is taken
// only if none reaches it. On some 50 foreign samples the F score alone chose 0.89
// for one of three corpora, where 0.9 is the least that is asked for (ours).
const tunePrecision = 0.9

// Tune finds thresholds for an encoder on identities whose truth is known: samples
// in input order, as for [Score]. The radii of base are kept. The thresholds are
// set one after the other in the order of the steps, each to the value of the
// grid with the highest F score, beta 0.5, of that step's decisions, among those
// of which nine in ten are right if there are any:
// SigmaS over excluded samples, SigmaR over reassigned samples, SigmaM over
// joined pairs of tracks. Of equals the first of the grid is taken; a step that
// has nothing to find keeps base's threshold.
func Tune(ctx context.Context, identities []Identity, truth []int64, g Grid, base Config) (Config, Quality, error) {
	if len(g.SigmaS) == 0 || len(g.SigmaR) == 0 || len(g.SigmaM) == 0 {
		return Config{}, Quality{}, errors.New("filter: tune: want a value or more for each threshold, got an empty list")
	}
	seq := func(yield func(Identity, error) bool) {
		for _, id := range identities {
			if !yield(id, nil) {
				return
			}
		}
	}
	c := base
	steps := []struct {
		threshold *float64
		values    []float64
		counts    func(q Quality) (right, found, all int64)
	}{
		{&c.SigmaS, g.SigmaS, func(q Quality) (int64, int64, int64) { return q.ExcludedForeign, q.Excluded, q.Foreign }},
		{&c.SigmaR, g.SigmaR, func(q Quality) (int64, int64, int64) { return q.ReassignedRight, q.Reassigned, q.ExcludedForeign }},
		{&c.SigmaM, g.SigmaM, func(q Quality) (int64, int64, int64) { return q.JoinedSplit, q.JoinedPairs, q.SplitPairs }},
	}
	for _, s := range steps {
		best, value, sure := 0.0, *s.threshold, false
		for _, v := range s.values {
			*s.threshold = v
			d, err := Run(ctx, seq, c)
			if err != nil {
				return Config{}, Quality{}, fmt.Errorf("filter: tune: %w", err)
			}
			q, err := Score(d, truth)
			if err != nil {
				return Config{}, Quality{}, err
			}
			right, found, all := s.counts(q)
			f, precise := fScore(right, found, all), right > 0 && float64(right) >= tunePrecision*float64(found)
			if precise && !sure || precise == sure && f > best {
				best, value, sure = f, v, precise
			}
		}
		*s.threshold = value
	}
	d, err := Run(ctx, seq, c)
	if err != nil {
		return Config{}, Quality{}, err
	}
	q, err := Score(d, truth)
	return c, q, err
}

// fScore is the F measure of right decisions among those found and those that were
// to be found, 0 when none is right.
func fScore(right, found, all int64) float64 {
	if right == 0 {
		return 0
	}
	p, r := float64(right)/float64(found), float64(right)/float64(all)
	return (1 + tuneBeta*tuneBeta) * p * r / (tuneBeta*tuneBeta*p + r)
}
