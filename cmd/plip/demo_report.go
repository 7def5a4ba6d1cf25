//go:build cgo

package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"plip/eval"
	"plip/ingest/demo"
	"plip/internal/report"
	"plip/internal/runlog"
	"plip/parquet"
	"plip/spac"
)

// sheetCrops is how many crops a contact sheet of the report shows.
const sheetCrops = 18

// report writes report.json and report.html from what the line's commands printed and left.
func (d *demoRun) report(ctx context.Context) (report.Figures, error) {
	figures, err := d.figures(ctx)
	if err != nil {
		return figures, err
	}
	if err := report.WriteJSON(ctx, d.path("report.json"), figures); err != nil {
		return figures, err
	}
	page := report.Report{Figures: figures, Summary: d.summary()}
	if page.Sheets, err = d.sheets(ctx); err != nil {
		return figures, err
	}
	if page.Curves, err = d.curves(); err != nil {
		return figures, err
	}
	if page.Retrieval, err = d.retrieval(ctx, "corpus/test", &d.zeroshot); err != nil {
		return figures, err
	}
	if d.o.annotations != "" {
		crops, err := d.retrieval(ctx, "annotated", &d.annotatedSearch)
		if err != nil {
			return figures, err
		}
		page.Retrieval = append(crops, page.Retrieval...)
	}
	page.Tables = annotatedTables(figures.Annotated)
	page.Config = d.config()
	return figures, report.Write(ctx, d.path("report.html"), page)
}

func (d *demoRun) preset() string {
	if d.o.quick {
		return "quick"
	}
	return "demo"
}

func (d *demoRun) input() string {
	if d.o.images != "" {
		return filepath.Base(d.o.images)
	}
	return "drawn corpus"
}

func (d *demoRun) summary() report.Summary {
	s := report.Summary{
		Title: "PLIP demo: " + d.input(),
		Lead: "Person crops became captioned shards, a PLIP model was pre-trained on them, and unseen persons were searched by " +
			"their captions. Every figure below was measured by this run.",
		Facts: []report.Setting{
			{Name: "captioner", Value: fmt.Sprintf("%d parameters", d.captioner.Parameters)},
			{Name: "PLIP", Value: fmt.Sprintf("%d parameters", d.trained.Parameters)},
		},
	}
	if d.o.quick {
		s.Notes = append(s.Notes, "A quick run: the models are tiny and hardly trained. It shows that the line runs, not what it can do.")
	}
	if d.o.truth {
		s.Notes = append(s.Notes, "The yardstick: PLIP was pre-trained on the true captions of the captioned part.")
	}
	if d.o.images != "" {
		s.Notes = append(s.Notes, "The captioner learned from drawings alone: expect a large domain gap on real crops.")
	}
	return s
}

// figures are what report.json holds.
func (d *demoRun) figures(ctx context.Context) (report.Figures, error) {
	f := report.Figures{Run: report.Run{Seed: d.line.c.seed(), Preset: d.preset(), Input: d.input()}, Stages: d.times(), Flow: d.flow()}
	f.SPAC = d.accuracy()
	if q := d.filtered.Quality; q != nil {
		f.Filter = &report.Filter{Precision: q.Precision, Recall: q.Recall, Images: q.Samples, Foreign: q.Foreign, Dropped: q.Excluded, Hits: q.ExcludedForeign}
	}
	trained := ranking(&d.zeroshot.Result)
	if d.o.truth {
		f.ZeroShotTrueCaptions = trained
	} else {
		f.ZeroShot, f.ZeroShotWithoutOwn = trained, ranking(&d.withoutOwn.Result)
	}
	f.Chance = ranking(&d.chance.Result)
	f.Annotated = d.againstAnnotations()
	for own, to := range map[bool]**report.Ranking{false: &f.Ceiling, true: &f.CeilingWithoutOwn} {
		r, err := oracle(ctx, d.path("corpus/test"), own)
		if err != nil {
			return f, err
		}
		*to = ranking(r)
	}
	return f, nil
}

// times are the stages' time and memory.
func (d *demoRun) times() report.Stages {
	var out report.Stages
	for _, s := range d.stages() {
		done := d.line.state.Done[s.name]
		out = append(out, report.Stage{Name: s.name, Seconds: done.Seconds, Items: d.items(s.name), Unit: s.unit, PeakBytes: done.PeakBytes})
	}
	return out
}

// items is how much a stage worked on, training images by visit.
func (d *demoRun) items(name string) int64 {
	rows := map[string]int64{}
	for _, p := range d.corpus.Parts {
		rows[p.Name] = p.Rows
		rows["all"] += p.Rows
	}
	raw := rows["raw"]
	if d.o.images != "" {
		raw = d.folders.Rows
	}
	switch name {
	case "ingest":
		return rows["all"]
	case "ingest-folders":
		return d.folders.Rows
	case "spac-train":
		return d.captioner.Images
	case "spac-test", "spac-score":
		return rows["test"]
	case "embed", "filter":
		return raw
	case "embed-valid":
		return rows["valid-noisy"]
	case "caption":
		return d.filtered.Rows
	case "distribute":
		return d.balanced.Rules.ImagesIn
	case "split":
		return d.balanced.Rows
	case "pretrain":
		return d.trained.Images
	case "annotated", "annotated-caption", "annotated-score":
		return d.annotated.Rows
	case "annotated-search", "annotated-chance":
		return int64(d.annotatedSearch.Queries)
	}
	return int64(d.zeroshot.Queries)
}

// flow counts what went in and out of the stages that make the pre-training set.
func (d *demoRun) flow() []report.Step {
	f, r := d.filtered.Decisions, d.balanced.Rules
	steps := []report.Step{
		{Stage: "filter", Note: "foreign persons leave their tracks, neighbouring tracks of one person join", In: int64(f.Samples), InUnit: "images", Out: d.filtered.Rows, OutUnit: "images",
			Dropped: []report.Drop{{Reason: "unlike the rest of the track", Count: int64(f.Dropped)}}},
		{Stage: "caption", Note: fmt.Sprintf("%d sentences in two styles, and prompt captions", d.captionedRows().Captions), In: d.filtered.Rows, InUnit: "images", Out: d.captionedRows().Rows, OutUnit: "images"},
		{Stage: "distribute", Note: fmt.Sprintf("%d identities stay of %d", r.IdentitiesOut, r.IdentitiesIn), In: r.ImagesIn, InUnit: "images", Out: r.ImagesOut, OutUnit: "images", Dropped: []report.Drop{
			{Reason: "too many unknown attributes", Count: r.Unknown}, {Reason: "upper and lower unknown", Count: r.UpperAndLower},
			{Reason: "gender not clear", Count: r.GenderImages}, {Reason: "no sentence left", Count: r.NoText},
			{Reason: "identity of too few images", Count: r.FewImages}, {Reason: "more images than an identity may have", Count: r.Surplus}}},
	}
	for i := range steps {
		steps[i].Dropped = slices.DeleteFunc(steps[i].Dropped, func(x report.Drop) bool { return x.Count == 0 })
	}
	return steps
}

func (d *demoRun) captionedRows() datasetResult {
	if d.captioned.Dataset == nil {
		return datasetResult{}
	}
	return *d.captioned.Dataset
}

func (d *demoRun) accuracy() *report.SPAC {
	var right, majority [spac.Slots]float64
	for k, s := range d.score.Attributes {
		right[k], majority[k] = s.Accuracy, s.Majority
	}
	commonest := report.SlotsOf(majority)
	head := d.score.Attributes[1]
	return &report.SPAC{Accuracy: report.SlotsOf(right), Majority: &commonest, Images: d.score.Rows,
		HeadWithoutMajority: &report.SlotFigure{Accuracy: head.MinorityAccuracy, Majority: head.MinorityMajority, Images: int64(head.MinorityN)}}
}

// againstAnnotations is nil where there are none.
func (d *demoRun) againstAnnotations() *report.Annotated {
	if d.o.annotations == "" {
		return nil
	}
	of := map[string]report.Agreement{}
	for _, a := range d.annotatedScore.Agreement {
		of[a.Of] = report.Agreement{Accuracy: a.Accuracy, Constant: a.Constant, Images: int64(a.N)}
	}
	return &report.Annotated{Gender: of["gender"], UpperColour: of["upper colour"], LowerColour: of["lower colour"],
		ZeroShot: ranking(&d.annotatedSearch.Result), Chance: ranking(&d.annotatedChance.Result)}
}

func ranking(r *eval.Result) *report.Ranking {
	return &report.Ranking{R1: r.R1, R5: r.R5, R10: r.R10, MAP: r.MAP, MAPTrapezoid: r.MAPTrapezoid,
		Queries: int64(r.Queries), Gallery: int64(r.Gallery), Identities: int64(r.Identities)}
}

// oracle ranks a dataset's images for its captions by how many true attributes agree: the ceiling.
func oracle(ctx context.Context, dir string, withoutOwn bool) (*eval.Result, error) {
	ds, err := parquet.Open(dir)
	if err != nil {
		return nil, err
	}
	defer ds.Close()
	var queries, gallery eval.Set
	var asked, there [][]string
	if err := ds.Scan(ctx, parquet.ColText|parquet.ColMeta, 0, func(_ int64, r *parquet.Row) error {
		gallery.IDs, gallery.Keys, there = append(gallery.IDs, r.ID), append(gallery.Keys, r.FilePath), append(there, r.Attributes)
		for range r.Captions {
			queries.IDs, queries.Keys, asked = append(queries.IDs, r.ID), append(queries.Keys, r.FilePath), append(asked, r.Attributes)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	p := eval.DefaultProtocol()
	p.WithoutOwnPicture = withoutOwn
	return eval.Ceiling(ctx, queries, gallery, asked, there, func(_ int, v string) string { return demo.Canonical(v) }, p)
}

// annotatedTables shows the captioner beside what people wrote.
func annotatedTables(a *report.Annotated) []report.Table {
	if a == nil {
		return nil
	}
	t := report.Table{Title: "Real crops against their annotations", Note: "Right where the generated phrase shares a value with the written one; the constant answer is the commonest of the other persons.",
		Columns: []string{"what", "right", "constant answer", "crops"}}
	for _, row := range []struct {
		name string
		report.Agreement
	}{{"gender", a.Gender}, {"upper colour", a.UpperColour}, {"lower colour", a.LowerColour}} {
		t.Rows = append(t.Rows, []string{row.name, fmt.Sprintf("%.1f %%", 100*row.Accuracy), fmt.Sprintf("%.1f %%", 100*row.Constant), fmt.Sprint(row.Images)})
	}
	return []report.Table{t}
}

// sheets show what went in and what the captioner said of it.
func (d *demoRun) sheets(ctx context.Context) ([]report.Sheet, error) {
	var out []report.Sheet
	for _, s := range []struct{ title, note, dir string }{
		{"What the captioner learned from", "Drawn persons with their true attributes and captions.", "corpus/captioned"},
		{"Unseen persons, captioned", "Test persons that the captioner never saw: what it said, checked against the truth.", "test-captioned"},
		{"The pre-training set", "Crops of the raw tracks after filter and distribution, with generated texts.", "balanced"},
		{"Real crops, captioned", "What the captioner said, beside what people wrote where the two differ.", "annotated-captioned"},
	} {
		if s.dir == "annotated-captioned" && d.o.annotations == "" {
			continue
		}
		crops, err := d.crops(ctx, s.dir)
		if err != nil {
			return nil, err
		}
		out = append(out, report.Sheet{Title: s.title, Note: s.note, Crops: crops})
	}
	return out, nil
}

// crops takes rows spread over a dataset. Attributes are judged where the truth is known.
func (d *demoRun) crops(ctx context.Context, name string) ([]report.Crop, error) {
	ds, err := parquet.Open(d.path(name))
	if err != nil {
		return nil, err
	}
	defer ds.Close()
	truth, err := d.truth(ctx, name, ds)
	if err != nil {
		return nil, err
	}
	var out []report.Crop
	n := ds.NumRows()
	for i := range min(sheetCrops, n) {
		row := i * n / min(sheetCrops, n)
		r, err := ds.Row(ctx, row, parquet.ColAll)
		if err != nil {
			return nil, err
		}
		c := report.Crop{Image: r.Image, Label: fmt.Sprintf("person %d", r.ID)}
		for k, v := range r.Attributes {
			a := report.Attribute{Slot: report.SlotNames()[k], Value: v}
			if want := truth(row, r); len(want) == spac.Slots {
				a.Truth, a.Verdict = want[k], report.Wrong
				if demo.Canonical(want[k]) == demo.Canonical(v) {
					a.Verdict = report.Right
				}
			}
			c.Attributes = append(c.Attributes, a)
		}
		for k, s := range r.Captions {
			c.Captions = append(c.Captions, report.Caption{Label: fmt.Sprintf("style %d", k+1), Text: s})
		}
		for _, s := range r.PromptCaption {
			c.Captions = append(c.Captions, report.Caption{Label: "prompt", Text: s})
		}
		out = append(out, c)
	}
	return out, nil
}

// truth tells the true attributes of a row: of the test part its own dataset's, of drawn tracks the column beside.
func (d *demoRun) truth(ctx context.Context, name string, ds *parquet.Dataset) (func(i int64, r *parquet.Row) []string, error) {
	reference := map[string]string{"test-captioned": "corpus/test", "annotated-captioned": "annotated"}
	switch name {
	case "test-captioned", "annotated-captioned":
		test, err := parquet.Open(d.path(reference[name]))
		if err != nil {
			return nil, err
		}
		defer test.Close()
		var rows [][]string
		if err := test.Scan(ctx, parquet.ColText, 0, func(_ int64, r *parquet.Row) error { rows = append(rows, r.Attributes); return nil }); err != nil {
			return nil, err
		}
		return func(i int64, _ *parquet.Row) []string { return rows[i] }, nil
	case "balanced":
		return func(_ int64, r *parquet.Row) []string { return r.TruthAttributes }, nil
	}
	return func(int64, *parquet.Row) []string { return nil }, nil
}

// curves are the losses of both trainings.
func (d *demoRun) curves() ([]report.Curve, error) {
	var out []report.Curve
	for _, t := range []struct{ title, note, dir string }{
		{"Training the captioner", "Cross entropy per token, by step.", "captioner"},
		{"Pre-training PLIP", "Identity-based contrast between images and captions, by step.", "plip"},
	} {
		records, err := runlog.ReadMetrics(filepath.Join(d.path(t.dir), "metrics.jsonl"))
		if err != nil {
			return nil, err
		}
		series := map[string]*report.Series{}
		for _, r := range records {
			for _, field := range r.Fields {
				if !slices.Contains([]string{"loss", "caption", "attribute", "words"}, field.Name) {
					continue
				}
				s := series[field.Name]
				if s == nil {
					s = &report.Series{Name: field.Name}
					series[field.Name] = s
				}
				s.X, s.Y = append(s.X, float64(r.Step)), append(s.Y, field.Value)
			}
		}
		c := report.Curve{Title: t.title, Note: t.note, XLabel: "step", YLabel: "loss"}
		for _, name := range slices.Sorted(maps.Keys(series)) {
			c.Series = append(c.Series, *series[name])
		}
		out = append(out, c)
	}
	return out, nil
}

// retrieval are the example queries of a search with their best images in the dataset that was searched.
func (d *demoRun) retrieval(ctx context.Context, name string, search *zeroshotResult) ([]report.Query, error) {
	ds, err := parquet.Open(d.path(name))
	if err != nil {
		return nil, err
	}
	defer ds.Close()
	return exampleQueries(ctx, &evalData{Dataset: ds, split: cmp.Or(search.Protocol.Split, splitAll)}, search)
}

// config lists the commands of the line.
func (d *demoRun) config() []report.Setting {
	var out []report.Setting
	for _, s := range d.stages() {
		out = append(out, report.Setting{Name: "command." + s.name, Value: "plip " + strings.Join(s.args, " ")})
	}
	return out
}
