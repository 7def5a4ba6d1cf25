//go:build cgo

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"plip/eval/captions"
	"plip/ingest/demo"
	"plip/internal/report"
	"plip/parquet"
	"plip/spac"
)

// scoreExamples is how many of the best and of the worst rows a page shows.
const scoreExamples = 12

// scorePage is the score as a page: figures, confusions, and the best and worst rows with their pictures.
func scorePage(ctx context.Context, generated string, r spacScoreResult, rows []scoredRow) (report.Report, error) {
	page := report.Report{Summary: report.Summary{Title: "Captions against the truth",
		Lead:  fmt.Sprintf("%d pictures: attributes are right up to synonyms, captions are measured against the true ones of their picture.", r.Rows),
		Facts: []report.Setting{{Name: "mean attribute accuracy", Value: percentText(r.Mean)}, {Name: "CIDEr-D", Value: fmt.Sprintf("%.2f", r.Captions.CIDEr)}, {Name: "BLEU-4", Value: percentText(r.Captions.BLEU[3])}}}}
	page.Tables = append(page.Tables, slotTable(r), captionTable(r))
	for _, a := range r.Agreement {
		if t := confusionTable(a); len(t.Rows) > 0 {
			page.Tables = append(page.Tables, t)
		}
	}
	best := rankScored(r, rows)
	n := min(scoreExamples, len(best))
	ds, err := parquet.Open(generated)
	if err != nil {
		return page, err
	}
	defer ds.Close()
	worst := slices.Clone(best[len(best)-n:])
	slices.Reverse(worst)
	for _, s := range []struct {
		title, note string
		rows        []int
	}{{"Best", "Most attributes right, then the greatest CIDEr-D.", best[:n]}, {"Worst", "Fewest attributes right, then the least CIDEr-D.", worst}} {
		sheet := report.Sheet{Title: s.title, Note: s.note}
		for _, i := range s.rows {
			row, err := ds.Row(ctx, int64(i), parquet.ColImage)
			if err != nil {
				return page, err
			}
			sheet.Crops = append(sheet.Crops, scoredCrop(row.Image, rows[i]))
		}
		page.Sheets = append(page.Sheets, sheet)
	}
	return page, nil
}

func percentText(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }

func slotTable(r spacScoreResult) report.Table {
	t := report.Table{Title: "Attributes", Note: "Constant is the slot's commonest true phrase as the answer to all; the rarer kinds are the rows where that is wrong. A colour is right where it shares a basic colour with the truth.",
		Columns: []string{"slot", "right", "constant", "right, rarer kinds", "unknown"}}
	for _, s := range r.Attributes {
		t.Rows = append(t.Rows, []string{s.Slot, percentText(s.Accuracy), percentText(s.Majority), percentText(s.MinorityAccuracy), percentText(s.UnknownShare)})
	}
	for _, a := range r.Agreement[1:] { // the first is gender, which has its row
		t.Rows = append(t.Rows, []string{a.Of, percentText(a.Accuracy), percentText(a.Constant), "–", "–"})
	}
	return t
}

func captionTable(r spacScoreResult) report.Table {
	b := r.Captions
	words := func(l captions.Lengths) string { return fmt.Sprintf("%.1f (%d to %d)", l.Mean, l.P10, l.P90) }
	return report.Table{Title: "Captions", Note: "Within and between styles: BLEU-4 against captions of the person's other pictures, in the same style and in the other. Words: mean, and the middle 80 %.",
		Columns: []string{"measure", "generated", "true captions"}, Rows: [][]string{
			{"BLEU-1", percentText(b.BLEU[0]), "–"}, {"BLEU-4", percentText(b.BLEU[3]), "–"}, {"ROUGE-L", percentText(b.ROUGEL), "–"}, {"CIDEr-D", fmt.Sprintf("%.2f", b.CIDEr), "–"},
			{"distinct words", percentText(b.Distinct1), "–"}, {"distinct pairs", percentText(b.Distinct2), "–"},
			{"within a style", percentText(r.Styles.Within[3]), "–"}, {"between styles", percentText(r.Styles.Between[3]), "–"},
			{"all known clothes mentioned", percentText(r.Clothing.Full), percentText(r.ReferenceClothing.Full)},
			{"words", words(r.Lengths), words(r.ReferenceLengths)}}}
}

// confusionTable has a row for each true value and a column for each answer.
func confusionTable(a agreement) report.Table {
	t := report.Table{Title: "Answers by truth: " + a.Of, Note: "Rows are the first value of the truth, columns the answer's; “none” is an answer that tells none.", Columns: []string{"truth"}}
	var truths, answers []string
	n := map[[2]string]int{}
	for _, c := range a.Confusion {
		n[[2]string{c.Truth, c.Answer}] = c.N
		truths, answers = append(truths, c.Truth), append(answers, c.Answer)
	}
	slices.Sort(truths)
	slices.Sort(answers)
	truths, answers = slices.Compact(truths), slices.Compact(answers)
	for _, v := range answers {
		t.Columns = append(t.Columns, cmp.Or(v, "none"))
	}
	for _, truth := range truths {
		row := []string{truth}
		for _, answer := range answers {
			cell := "–"
			if k := n[[2]string{truth, answer}]; k > 0 {
				cell = fmt.Sprint(k)
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// rankScored orders rows from best to worst: by attributes right, then by the mean CIDEr-D of their captions.
func rankScored(r spacScoreResult, rows []scoredRow) []int {
	order, right, cider := make([]int, len(rows)), make([]int, len(rows)), make([]float64, len(rows))
	at := 0
	for i, row := range rows {
		order[i] = i
		for k := range spac.Slots {
			if demo.Canonical(row.said[k]) == demo.Canonical(row.right[k]) {
				right[i]++
			}
		}
		if len(row.true) == 0 {
			continue
		}
		for range row.captions {
			cider[i] += r.Captions.Pairs[at].CIDEr / float64(len(row.captions))
			at++
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(right[b]-right[a], cmp.Compare(cider[b], cider[a])) })
	return order
}

func scoredCrop(image []byte, row scoredRow) report.Crop {
	crop := report.Crop{Image: image, Label: fmt.Sprintf("person %d", row.id)}
	for k, name := range report.SlotNames() {
		a := report.Attribute{Slot: name, Value: row.said[k], Truth: row.right[k], Verdict: report.Right}
		if demo.Canonical(a.Value) != demo.Canonical(a.Truth) {
			a.Verdict = report.Wrong
		}
		crop.Attributes = append(crop.Attributes, a)
	}
	for k, s := range row.captions {
		crop.Captions = append(crop.Captions, report.Caption{Label: fmt.Sprintf("caption %d", k+1), Text: s})
	}
	for _, s := range row.true {
		crop.Captions = append(crop.Captions, report.Caption{Label: "true", Text: s})
	}
	return crop
}
