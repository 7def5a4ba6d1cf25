package check

import (
	"encoding/json"
	"fmt"

	"plip/eval/captions"
)

// checkCaptionMetrics measures the pairs, each alone and all together. The reference cuts at white space alone.
func checkCaptionMetrics(f *jsonFixture) error {
	var x struct {
		Kind  string
		Rules json.RawMessage
		Pairs []struct {
			Hypothesis string
			References []string
			BLEU       []float64 `json:"bleu_each"`
			ROUGEL     float64   `json:"rouge_l"`
			CIDEr      float64
		}
		BLEU      []float64
		ROUGEL    float64 `json:"rouge_l"`
		CIDEr     float64
		Distinct1 float64 `json:"distinct_1"`
		Distinct2 float64 `json:"distinct_2"`
	}
	if err := f.decode(&x); err != nil {
		return err
	}
	var pairs []captions.Pair
	for _, p := range x.Pairs {
		pairs = append(pairs, captions.Pair{Hypothesis: p.Hypothesis, References: p.References})
	}
	got, err := captions.Evaluate(pairs, captions.Options{KeepPunctuation: true})
	if err != nil {
		return err
	}
	for i, p := range x.Pairs {
		name := fmt.Sprintf("pairs %d", i)
		f.values("pairs bleu_each", name, p.BLEU, got.Pairs[i].BLEU[:], computed)
		f.values("pairs rouge_l", name, []float64{p.ROUGEL}, []float64{got.Pairs[i].ROUGEL}, computed)
		f.values("pairs cider", name, []float64{p.CIDEr}, []float64{got.Pairs[i].CIDEr}, computed)
	}
	f.values("bleu", "bleu", x.BLEU, got.BLEU[:], computed)
	f.values("rouge_l", "rouge_l", []float64{x.ROUGEL}, []float64{got.ROUGEL}, computed)
	f.values("cider", "cider", []float64{x.CIDEr}, []float64{got.CIDEr}, computed)
	f.values("distinct", "distinct_1, distinct_2", []float64{x.Distinct1, x.Distinct2}, []float64{got.Distinct1, got.Distinct2}, computed)
	return nil
}
