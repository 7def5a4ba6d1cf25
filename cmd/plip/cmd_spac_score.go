//go:build cgo

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
	"plip/internal/report"
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
			"styles.captions":              "captions compared, of persons with two pictures or more",
			"styles.within":                "BLEU-1 to BLEU-4 against captions of the same style",
			"styles.between":               "the same against captions of the other style",
			"clothing.captions":            "captions",
			"clothing.full":                "share of captions that mention every known one",
			"clothing.mean":                "mean share of known ones that a caption mentions",
			"clothing.unknown":             "share of the three that the truth does not know",
			"reference_clothing.captions":  "captions",
			"reference_clothing.full":      "share of captions that mention every known one",
			"reference_clothing.mean":      "mean share of known ones that a caption mentions",
			"reference_clothing.unknown":   "share of the three that the truth does not know",
			"lengths.captions":             "captions",
			"lengths.mean":                 "mean words",
			"lengths.std":                  "their standard deviation",
			"lengths.p10":                  "words that a tenth of the captions do not exceed",
			"lengths.p50":                  "the median",
			"lengths.p90":                  "words that nine tenths do not exceed",
			"reference_lengths.captions":   "captions",
			"reference_lengths.mean":       "mean words",
			"reference_lengths.std":        "their standard deviation",
			"reference_lengths.p10":        "words that a tenth of the captions do not exceed",
			"reference_lengths.p50":        "the median",
			"reference_lengths.p90":        "words that nine tenths do not exceed",
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
	SelfBLEU   float64          `json:"self_bleu_4" doc:"BLEU-4 of the two styles of a picture against each other"`
	Styles     captions.Styles  `json:"styles" doc:"likeness of captions to those of the person's other pictures"`

	Clothing          captions.Coverage `json:"clothing" doc:"of what captions speak: upper, lower and shoes where the truth knows them"`
	ReferenceClothing captions.Coverage `json:"reference_clothing" doc:"the same of the true captions"`
	Lengths           captions.Lengths  `json:"lengths" doc:"words of the captions"`
	ReferenceLengths  captions.Lengths  `json:"reference_lengths" doc:"words of the true captions"`
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

type spacScoreOptions struct{ reference, html string }

func (o *spacScoreOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.reference, "reference", "", "`dataset` with true attributes and captions of the same rows")
	f.StringVar(&o.html, "html", "", "`file` for a page with the figures, and the best and worst rows with their pictures")
}

func (o *spacScoreOptions) validate([]string) error {
	if o.reference == "" {
		return errors.New("--reference is missing")
	}
	return nil
}

func (o *spacScoreOptions) run(ctx context.Context, c *call) error {
	r, rows, err := scoreCaptions(ctx, c.args[0], o.reference)
	if err != nil {
		return err
	}
	if o.html != "" {
		page, err := scorePage(ctx, c.args[0], r, rows)
		if err != nil {
			return err
		}
		if err := report.Write(ctx, o.html, page); err != nil {
			return err
		}
	}
	return c.print(r, r.write)
}

// write prints the figures for people.
func (r spacScoreResult) write(w io.Writer) {
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
	fmt.Fprintf(w, "styles\tBLEU-4 within %.1f\tbetween %.1f\n", 100*r.Styles.Within[3], 100*r.Styles.Between[3])
	fmt.Fprintf(w, "all clothes mentioned\t%.1f %%\ttrue captions %.1f %%\n", 100*r.Clothing.Full, 100*r.ReferenceClothing.Full)
	l, t := r.Lengths, r.ReferenceLengths
	fmt.Fprintf(w, "words\t%.1f (%d to %d)\ttrue captions %.1f (%d to %d)\n", l.Mean, l.P10, l.P90, t.Mean, t.P10, t.P90)
}

// scoredRow is what score keeps of a row.
type scoredRow struct {
	id             int64
	file           string
	said, right    []string // attributes
	captions, true []string
}

// scoreCaptions compares two datasets of the same rows.
func scoreCaptions(ctx context.Context, generated, reference string) (r spacScoreResult, rows []scoredRow, err error) {
	if rows, err = readScored(ctx, generated, reference); err != nil {
		return r, nil, err
	}
	var said, right, pictures [][]string
	var ids []int64
	var pairs []captions.Pair
	for _, row := range rows {
		ids = append(ids, row.id)
		said, right, pictures = append(said, row.said), append(right, row.right), append(pictures, row.captions)
		for _, s := range row.captions {
			if len(row.true) > 0 {
				pairs = append(pairs, captions.Pair{Hypothesis: s, References: row.true})
			}
		}
	}
	slots, err := eval.AttributeAccuracy(said, right, func(_ int, v string) string { return demo.Canonical(v) })
	if err != nil {
		return r, nil, err
	}
	r.Rows = int64(len(said))
	for k, s := range slots {
		r.Attributes = append(r.Attributes, slotScore{strings.ToLower(attributes.Slot(k).String()), s})
		r.Mean += s.Accuracy / spac.Slots
	}
	e, err := attributes.Default()
	if err != nil {
		return r, nil, err
	}
	if r.Agreement, err = judgeAgreement(e, said, right, ids); err != nil {
		return r, nil, err
	}
	if r.Captions, err = captions.Evaluate(pairs, captions.Options{}); err != nil {
		return r, nil, err
	}
	r.SelfBLEU = captions.SelfBLEU(pictures, captions.Options{})[3]
	r.Styles = captions.CompareStyles(pictures, ids, captions.Options{})
	r.judgeWords(e, rows)
	return r, rows, nil
}

// readScored joins the rows of two datasets. In a noisy part of the corpus the truth is truth_attributes.
func readScored(ctx context.Context, generated, reference string) (rows []scoredRow, err error) {
	g, err := parquet.Open(generated)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	t, err := parquet.Open(reference)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	if g.NumRows() != t.NumRows() {
		return nil, fmt.Errorf("%s: want the %d rows of %s, got %d", generated, t.NumRows(), reference, g.NumRows())
	}
	if err := t.Scan(ctx, parquet.ColText|parquet.ColMeta, 0, func(_ int64, row *parquet.Row) error {
		rows = append(rows, scoredRow{id: row.ID, file: row.FilePath, right: row.Attributes, true: row.Captions})
		return nil
	}); err != nil {
		return nil, err
	}
	err = g.Scan(ctx, parquet.ColText|parquet.ColMeta, 0, func(i int64, row *parquet.Row) error {
		if row.FilePath != rows[i].file {
			return fmt.Errorf("row %d: want %q, got %q", i, rows[i].file, row.FilePath)
		}
		rows[i].said, rows[i].captions = row.Attributes, row.Captions
		return nil
	})
	return rows, err
}

// clothing are the slots that a caption is asked to speak of.
var clothing = []attributes.Slot{attributes.Upper, attributes.Lower, attributes.Shoes}

// judgeWords measures of which clothes captions speak, and their lengths, of the generated and of the true ones.
func (r *spacScoreResult) judgeWords(e *attributes.Extractor, rows []scoredRow) {
	var said, right, known [][]string
	var saidAll, rightAll []string
	for _, row := range rows {
		var k []string
		for _, slot := range clothing {
			k = append(k, row.right[slot])
		}
		said, right, known = append(said, row.captions), append(right, row.true), append(known, k)
		saidAll, rightAll = append(saidAll, row.captions...), append(rightAll, row.true...)
	}
	found := map[string]attributes.Result{}
	mentions := func(caption string, k int, _ string) bool {
		x, ok := found[caption]
		if !ok {
			x = e.Extract(caption)
			found[caption] = x
		}
		return x.Values[clothing[k]] != attributes.Unknown
	}
	r.Clothing, r.ReferenceClothing = captions.Cover(said, known, mentions), captions.Cover(right, known, mentions)
	r.Lengths, r.ReferenceLengths = captions.MeasureLengths(saidAll, captions.Options{}), captions.MeasureLengths(rightAll, captions.Options{})
}

// judgeAgreement judges gender and the colours of garments. A phrase of no gendered noun tells no gender.
func judgeAgreement(e *attributes.Extractor, said, right [][]string, ids []int64) ([]agreement, error) {
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
