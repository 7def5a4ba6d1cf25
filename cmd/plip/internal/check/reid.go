package check

import (
	"fmt"

	"plip/eval"
	"plip/internal/tensor"
)

// checkReid ranks by the given distances as Market-1501 does: CMC at 1..20, AP, trapezoid AP and INP of each query (-1
// where it has no match) and their means.
func checkReid(f *tensorFixture) error {
	return tensor.Do(func(*tensor.Scope) error {
		gallery := f.set("gallery")
		r, err := eval.Rank(f.ctx, f.set("query"), gallery, f.distances("input.distance"), eval.Protocol{CameraJunk: true, JunkID: true, MaxRank: 20})
		if err != nil {
			return err
		}
		var valid int
		if err := f.config("valid_queries", &valid); err != nil {
			return err
		}
		f.values("queries", "metadata valid_queries", []float64{float64(valid)}, []float64{float64(r.Queries - r.WithoutMatch)}, exact)
		f.figures("out.", r, computed, computed)
		var per []float64 // [Q, 3]
		for _, q := range r.PerQuery {
			if q.Matches == 0 {
				q.AP, q.APTrapezoid, q.INP = -1, -1, -1
			}
			per = append(per, q.AP, q.APTrapezoid, q.INP)
		}
		want, _ := f.expected("out.per_query")
		f.values("per_query", "out.per_query", want, per, computed)
		return nil
	})
}

// checkRerank ranks after k-reciprocal re-ranking with each run's parameters; the run plain is without it.
func checkRerank(f *tensorFixture) error {
	var runs map[string]any
	if err := f.config("runs", &runs); err != nil {
		return err
	}
	return tensor.Do(func(*tensor.Scope) error {
		query, gallery := f.set("query"), f.set("gallery")
		for _, name := range sortedKeys(runs) {
			scores, err := f.rerankScores(runs[name])
			if err != nil {
				return fmt.Errorf("run %s: %w", name, err)
			}
			negative := make([]float32, query.Len()*gallery.Len())
			if err := scores(0, query.Len(), negative); err != nil {
				return err
			}
			distance := make([]float64, len(negative))
			for i, s := range negative {
				distance[i] = -float64(s)
			}
			want, _ := f.expected("out." + name + ".distance")
			f.values(name+" distance", "out."+name+".distance", want, distance, outputs)
			r, err := eval.Rank(f.ctx, query, gallery, scores, eval.Protocol{CameraJunk: true, MaxRank: 20})
			if err != nil {
				return err
			}
			f.figures("out."+name+".", r, computed, stored)
		}
		return nil
	})
}

// rerankScores gives the scores of one run: of re-ranking with {"k1", "k2", "lambda"}, or, where a text stands in place
// of these, minus the squared Euclidean distances.
func (f *tensorFixture) rerankScores(run any) (eval.Scores, error) {
	q, g := f.embeddings("input.query"), f.embeddings("input.gallery")
	p, ok := run.(map[string]any)
	if !ok {
		return squaredDistances(q, g), nil
	}
	number := func(key string) float64 { v, _ := p[key].(float64); return v }
	return eval.Rerank(f.ctx, q, g, nil, eval.RerankConfig{K1: int(number("k1")), K2: int(number("k2")), Lambda: number("lambda")})
}

func squaredDistances(q, g eval.Embeddings) eval.Scores {
	return func(from, to int, dst []float32) error {
		for i := from; i < to; i++ {
			for j := range g.N {
				sum := 0.0
				for d, x := range q.Row(i) {
					sum += float64(x-g.Row(j)[d]) * float64(x-g.Row(j)[d])
				}
				dst[(i-from)*g.N+j] = -float32(sum)
			}
		}
		return nil
	}
}

// set reads ids and cameras of "query" or "gallery".
func (f *tensorFixture) set(who string) eval.Set {
	s := eval.Set{IDs: f.integers("input." + who + "_id")}
	for _, c := range f.integers("input." + who + "_camera") {
		s.Cameras = append(s.Cameras, int32(c))
	}
	return s
}

// distances reads a matrix [Q, G] and gives the scores of it.
func (f *tensorFixture) distances(name string) eval.Scores {
	m := f.embeddings(name)
	return func(from, to int, dst []float32) error {
		for i, d := range m.Data[from*m.D : to*m.D] {
			dst[i] = -d
		}
		return nil
	}
}

// figures compares the CMC and the three means of a ranking.
func (f *tensorFixture) figures(prefix string, r *eval.Result, cmc, means tolerance) {
	want, _ := f.expected(prefix + "cmc")
	f.values(prefix+"cmc", prefix+"cmc", want, r.CMC, cmc)
	want, _ = f.expected(prefix + "mean")
	f.values(prefix+"mean", prefix+"mean", want, []float64{r.MAP, r.MAPTrapezoid, r.MINP}, means)
}
