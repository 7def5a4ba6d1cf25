package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"plip/eval"
	"plip/eval/captions"
	"plip/ingest/demo"
	"plip/parquet"
	"plip/spac"
	"plip/spac/attributes"
)

func spacScoreCommand() command {
	return command{
		use:   "score DIR --reference DIR",
		short: "Measure generated attributes and captions against true ones",
		long: "score compares the attributes and captions of captioned shards, row by row, with\n" +
			"those of the same images in a reference dataset: accuracy of each attribute slot up\n" +
			"to the synonyms of the drawn corpus, and BLEU, ROUGE-L and CIDEr-D of the captions.\n\n" +
			"Phrases that people wrote never agree word by word. So gender and the colours of the\n" +
			"garments are judged apart: right where the answer shares one of the eleven basic\n" +
			"colours with the truth, beside the best constant answer, which for each identity\n" +
			"is taken from the others.",
		example: "plip spac score captioned-test --reference corpus/test",
		args:    exactly(1),
		result:  spacScoreResult{},
		docs: map[string]string{
			"attributes.n":                 "rows",
			"attributes.accuracy":          "share of rows whose answer is the truth",
			"attributes.majority":          "the same for always giving the commonest truth",
			"attributes.majority_value":    "the commonest truth",
			"attributes.unknown_share":     "share of answers that are unknown",
			"attributes.minority_n":        "rows whose truth is not the commonest",
			"attributes.minority_accuracy": "accuracy over those",
			"attributes.minority_majority": "share of the commonest truth among those",
			"agreement.n":                  "rows whose truth tells it",
			"agreement.accuracy":           "share of those whose answer shares a value with the truth",
			"agreement.constant":           "the same for the commonest value of the other identities",
			"agreement.confusion":          "rows by the first value of the truth and of the answer",
			"agreement.confusion.truth":    "value of the truth",
			"agreement.confusion.answer":   "value of the answer, empty where it has none",
			"agreement.confusion.n":        "rows",
			"captions.bleu":                "corpus BLEU-1 to BLEU-4",
			"captions.rouge_l":             "ROUGE-L",
			"captions.cider":               "CIDEr-D, 0 to 10",
			"captions.distinct_1":          "different words over all words",
			"captions.distinct_2":          "different word pairs over all",
		},
		options: &spacScoreOptions{},
	}
}

// spacScoreResult is what `plip spac score --json` prints.
type spacScoreResult struct {
	Rows       int64            `json:"rows" doc:"rows compared"`
	Attributes []slotScore      `json:"attributes" doc:"the six slots in order"`
	Mean       float64          `json:"mean_accuracy" doc:"mean accuracy of the slots"`
	Agreement  []agreement      `json:"agreement" doc:"gender and basic colours"`
	Captions   *captions.Scores `json:"captions" doc:"caption measures over both styles"`
	SelfBLEU   float64          `json:"self_bleu_4" doc:"BLEU-4 of the two styles against each other"`
}

type slotScore struct {
	Slot string `json:"slot" doc:"gender, head, upper, lower, shoes or belongings"`
	eval.SlotAccuracy
}

// agreement judges one thing that a phrase tells.
type agreement struct {
	Of string `json:"of" doc:"gender, upper colour, lower colour or shoes colour"`
	eval.ValueAccuracy
}

type spacScoreOptions struct{ reference string }

func (o *spacScoreOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.reference, "reference", "", "`dataset` with true attributes and captions of the same rows")
}

func (o *spacScoreOptions) validate([]string) error {
	if o.reference == "" {
		return errors.New("--reference is missing")
	}
	return nil
}

func (o *spacScoreOptions) run(ctx context.Context, c *call) error {
	r, err := scoreCaptions(ctx, c.args[0], o.reference)
	if err != nil {
		return err
	}
	return c.print(r, func(w io.Writer) {
		fmt.Fprintln(w, "slot\taccuracy\tmajority\twithout majority")
		for _, s := range r.Attributes {
			fmt.Fprintf(w, "%s\t%.1f %%\t%.1f %%\t%.1f %%\n", s.Slot, 100*s.Accuracy, 100*s.Majority, 100*s.MinorityAccuracy)
		}
		fmt.Fprintf(w, "mean\t%.1f %%\n", 100*r.Mean)
		fmt.Fprintln(w, "\naccuracy\tconstant\trows")
		for _, a := range r.Agreement {
			fmt.Fprintf(w, "%s\t%.1f %%\t%.1f %%\t%d\n", a.Of, 100*a.Accuracy, 100*a.Constant, a.N)
		}
		b := r.Captions
		fmt.Fprintf(w, "captions\tBLEU-1 %.1f\tBLEU-4 %.1f\tROUGE-L %.1f\tCIDEr %.2f\tself-BLEU %.1f\n", 100*b.BLEU[0], 100*b.BLEU[3], 100*b.ROUGEL, b.CIDEr, 100*r.SelfBLEU)
	})
}

// scoreCaptions compares two datasets of the same rows. In a noisy part of the corpus the truth is truth_attributes.
func scoreCaptions(ctx context.Context, generated, reference string) (r spacScoreResult, err error) {
	g, err := parquet.Open(generated)
	if err != nil {
		return r, err
	}
	defer g.Close()
	t, err := parquet.Open(reference)
	if err != nil {
		return r, err
	}
	defer t.Close()
	if g.NumRows() != t.NumRows() {
		return r, fmt.Errorf("%s: want the %d rows of %s, got %d", generated, t.NumRows(), reference, g.NumRows())
	}
	var truth []parquet.Row
	if err := t.Scan(ctx, parquet.ColText|parquet.ColMeta, 0, func(_ int64, row *parquet.Row) error {
		truth = append(truth, *row)
		return nil
	}); err != nil {
		return r, err
	}
	var said, right [][]string
	var ids []int64
	var pairs []captions.Pair
	var pictures [][]string
	if err := g.Scan(ctx, parquet.ColText|parquet.ColMeta, 0, func(i int64, row *parquet.Row) error {
		if row.FilePath != truth[i].FilePath {
			return fmt.Errorf("row %d: want %q, got %q", i, truth[i].FilePath, row.FilePath)
		}
		ids = append(ids, truth[i].ID)
		said, right = append(said, row.Attributes), append(right, truth[i].Attributes)
		pictures = append(pictures, row.Captions)
		for _, s := range row.Captions {
			if len(truth[i].Captions) > 0 {
				pairs = append(pairs, captions.Pair{Hypothesis: s, References: truth[i].Captions})
			}
		}
		return nil
	}); err != nil {
		return r, err
	}
	slots, err := eval.AttributeAccuracy(said, right, func(_ int, v string) string { return demo.Canonical(v) })
	if err != nil {
		return r, err
	}
	r.Rows = int64(len(said))
	for k, s := range slots {
		r.Attributes = append(r.Attributes, slotScore{strings.ToLower(attributes.Slot(k).String()), s})
		r.Mean += s.Accuracy / spac.Slots
	}
	if r.Agreement, err = judgeAgreement(said, right, ids); err != nil {
		return r, err
	}
	if r.Captions, err = captions.Evaluate(pairs, captions.Options{}); err != nil {
		return r, err
	}
	r.SelfBLEU = captions.SelfBLEU(pictures, captions.Options{})[3]
	return r, nil
}

// judgeAgreement judges gender and the colours of garments. A phrase of no gendered noun tells no gender.
func judgeAgreement(said, right [][]string, ids []int64) ([]agreement, error) {
	e, err := attributes.Default()
	if err != nil {
		return nil, err
	}
	gender := func(phrase string) []string {
		if c := e.Class(phrase); c != attributes.Neutral {
			return []string{c.String()}
		}
		return nil
	}
	var out []agreement
	for _, judge := range []struct {
		of     string
		slot   attributes.Slot
		values func(phrase string) []string
	}{{"gender", attributes.Gender, gender}, {"upper colour", attributes.Upper, e.BasicColors},
		{"lower colour", attributes.Lower, e.BasicColors}, {"shoes colour", attributes.Shoes, e.BasicColors}} {
		values := func(rows [][]string) (out [][]string) {
			for _, slots := range rows {
				out = append(out, judge.values(slots[judge.slot]))
			}
			return out
		}
		a, err := eval.ValueAgreement(values(said), values(right), ids)
		if err != nil {
			return nil, err
		}
		out = append(out, agreement{judge.of, *a})
	}
	return out, nil
}
