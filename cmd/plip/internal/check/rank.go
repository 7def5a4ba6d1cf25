package check

import (
	"plip/eval"
	"plip/internal/tensor"
)

// checkRank ranks by cosine as the release does, which divides by all queries: rank-1, -5, -10 and the trapezoidal mAP.
func checkRank(f *tensorFixture) error {
	return tensor.Do(func(*tensor.Scope) error {
		scores, err := eval.Cosine(f.embeddings("query"), f.embeddings("gallery"))
		if err != nil {
			return err
		}
		p := eval.DefaultProtocol()
		p.AllQueries = true
		r, err := eval.Rank(f.ctx, eval.Set{IDs: f.integers("query_id")}, eval.Set{IDs: f.integers("gallery_id")}, scores, p)
		if err != nil {
			return err
		}
		want, _ := f.expected("result")
		f.values("result", "result", want, []float64{r.R1, r.R5, r.R10, r.MAPTrapezoid}, stored)
		return nil
	})
}

// embeddings reads a matrix of float32.
func (f *tensorFixture) embeddings(name string) eval.Embeddings {
	w := f.read(name)
	tensor.Check(len(w.Shape) == 2, "fixture", "%s: want a matrix, got shape %v", name, w.Shape)
	v, err := w.Float32s()
	tensor.Check(err == nil, "fixture", "%v", err)
	return eval.Embeddings{N: int(w.Shape[0]), D: int(w.Shape[1]), Data: v}
}

// integers reads whole numbers.
func (f *tensorFixture) integers(name string) []int64 {
	v, err := f.read(name).Int64s()
	tensor.Check(err == nil, "fixture", "%v", err)
	return v
}
