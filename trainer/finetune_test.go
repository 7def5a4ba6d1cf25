package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"plip/internal/runlog"
	"plip/internal/tensor"
	"plip/parquet"
)

// finetuned turns a configuration into one of CMPM/C.
func finetuned(c *Config) {
	d := DefaultFinetune()
	c.Captions, c.Finetune, c.Sampler = d.Captions, d.Finetune, "shuffle"
	c.Finetune.Select = SelectValid
}

// pretrained trains a model for a few steps, to start from.
func pretrained(t *testing.T, ds *parquet.Dataset) (dir string) {
	t.Helper()
	run := tinyRun(t, t.TempDir(), ds)
	if _, err := Train(context.Background(), tinyConfig(t), run); err != nil {
		t.Fatal(err)
	}
	return run.Dir
}

func TestStoppedFinetuningEqualsTheUndisturbedOne(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 3, nil)
	start := pretrained(t, ds)
	for _, c := range []struct {
		name   string
		start  string
		change func(c *Config)
	}{
		{"from a model", start, func(c *Config) {}},
		{"from nothing, identities less one, drawn captions, adan", "", func(c *Config) {
			c.Finetune.Pairs, c.Finetune.Short, c.Optimizer.Kind = PairsImage, false, "adan"
		}},
		{"probe", start, func(c *Config) { c.Finetune.CMPC, c.Finetune.Probe = 0, ProbeIdentity }},
		{"last checkpoint", start, func(c *Config) { c.Finetune.Select, c.SaveEvery = SelectLast, 2 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := tinyConfig(t)
			finetuned(&config)
			c.change(&config)
			stoppedEquals(t, config, func(dir string) Run {
				run := tinyRun(t, dir, ds)
				run.Start, run.Validate = c.start, byStep
				return run
			})
		})
	}
}

// TestFinetuningStarts compares the first validation: from a model it is that model's, whose sizes win.
func TestFinetuningStarts(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 3, nil)
	start := pretrained(t, ds)
	from, err := LoadModel(tensor.CPU, start, false)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	want, err := from.EmbedTexts([]string{"a person in red"})
	if err != nil {
		t.Fatal(err)
	}
	c := tinyConfig(t)
	finetuned(&c)
	c.Visual.Width, c.Text.Layers, c.Text.Dropout = 8, 2, 0
	run := tinyRun(t, t.TempDir(), ds)
	run.Start = start
	training, err := newTraining(context.Background(), c, run)
	if err != nil {
		t.Fatal(err)
	}
	defer training.close()
	got, err := training.model.EmbedTexts([]string{"a person in red"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Error("the text encoder does not begin as the model's")
	}
	m := training.model.Config
	if m.Visual.Width != 4 || m.Text.Layers != 1 || m.Text.Dropout != 0 || m.Finetune.Classes != int64(len(colours)) {
		t.Errorf("want the model's sizes, the training's dropout and %d classes, got %+v", len(colours), m)
	}
}

// TestFinetuningLearns lets the classifier tell the colours apart, and loads what was saved.
func TestFinetuningLearns(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 4, nil)
	c := tinyConfig(t)
	finetuned(&c)
	c.Visual.Width, c.Text.Dropout, c.Text.AttentionDropout = 16, 0, 0
	c.Schedule.Epochs, c.Finetune.Select, c.Window = 20, SelectLast, 100
	run := tinyRun(t, t.TempDir(), ds)
	got, err := Train(context.Background(), c, run)
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(20 * 8 * 4 * 2 / c.Batch); got.Step != want || got.BestStep != 0 {
		t.Errorf("want %d steps, one a caption and %d, and no best one, got %+v", want, c.Batch, got)
	}
	last := lastMetrics(t, run.Dir)
	for _, side := range []string{"image_precision", "text_precision"} {
		if p, ok := last.Get(side); !ok || p < 0.7 {
			t.Errorf("%s: want 0.7 or more in the end, got %v", side, p)
		}
	}
	m, err := LoadModel(tensor.CPU, run.Dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Classifier == nil || m.Classifier.Weight.Dim(1) != int64(len(colours)) {
		t.Error("want the classifier in the checkpoint")
	}
	if got := retrieved(t, m, ds, "a person in %s"); got < 7 {
		t.Errorf("%d of 8 colours have their own picture nearest, want 7 or more", got)
	}
}

func lastMetrics(t *testing.T, dir string) runlog.Record {
	t.Helper()
	records, err := runlog.ReadMetrics(dir + "/" + runlog.MetricsFile)
	if err != nil || len(records) == 0 {
		t.Fatalf("metrics: %v", err)
	}
	return records[len(records)-1]
}

// TestProbeTrainsItsLayersAlone trains a probe: it begins at zero-shot, and the encoders stay as they were.
func TestProbeTrainsItsLayersAlone(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 4, nil)
	start := pretrained(t, ds)
	c := tinyConfig(t)
	finetuned(&c)
	c.Finetune.CMPC, c.Finetune.Probe, c.Finetune.Select, c.Schedule.Epochs = 0, ProbeIdentity, SelectLast, 10
	run := tinyRun(t, t.TempDir(), ds)
	run.Start = start
	var prepared int64
	run.Prepare = func(done, total int64) { prepared = done }
	s, err := Train(context.Background(), c, run)
	if err != nil {
		t.Fatal(err)
	}
	if d := int64(c.Visual.Dim); s.Parameters != 2*(d*d+d) || prepared != ds.NumRows() {
		t.Errorf("want %d parameters and %d rows prepared, got %d and %d", 2*(d*d+d), ds.NumRows(), s.Parameters, prepared)
	}
	before, err := LoadModel(tensor.CPU, start, false)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	after, err := LoadModel(tensor.CPU, run.Dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer after.Close()
	embed := func(m *Model) []float32 {
		v, err := m.EmbedTexts([]string{"a person in blue"})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	want, bare, probed := embed(before), embed(after.WithoutProbe()), embed(after)
	if !slices.Equal(want, bare) {
		t.Error("want the encoders as they were")
	}
	if slices.Equal(want, probed) {
		t.Error("want embeddings through the trained layer")
	}
	_, again, err := after.ProbeEmbeddings(make([]float32, len(bare)), bare)
	if err != nil || !slices.Equal(again, probed) {
		t.Errorf("want ProbeEmbeddings to give the model's, got %v", err)
	}
	if _, err := Train(context.Background(), c, Run{Dir: t.TempDir(), Data: ds, Workers: 1, Start: run.Dir}); err == nil || !strings.Contains(err.Error(), "want a model without a probe") {
		t.Errorf("want a probe to be no start, got %v", err)
	}
	again2, err := newTraining(context.Background(), c, run) // its features are there
	if err != nil {
		t.Fatal(err)
	}
	again2.close()
}

// TestValidationsOfTheRelease follows its test script: after epochs 1, 3, 5 and the last; a later equal score is no better.
func TestValidationsOfTheRelease(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 2, nil)
	c := tinyConfig(t)
	finetuned(&c)
	c.Finetune.Select, c.Schedule.Epochs, c.ValidateEvery = SelectTestEvery2nd, 6, 1
	run := tinyRun(t, t.TempDir(), ds)
	var epochs []int64
	perEpoch := int64(8*2*2) / int64(c.Batch)
	run.Validate = func(_ context.Context, m *Model) (Validation, error) {
		epochs = append(epochs, 0)
		return Validation{Score: 0.5}, nil
	}
	var step int64
	run.Progress = func(p Progress) {
		if len(epochs) > 0 && epochs[len(epochs)-1] == 0 {
			epochs[len(epochs)-1] = step / perEpoch
		}
		step = p.Step
	}
	s, err := Train(context.Background(), c, run)
	if err != nil {
		t.Fatal(err)
	}
	epochs[len(epochs)-1] = step / perEpoch
	if !slices.Equal(epochs, []int64{1, 3, 5, 6}) || s.BestStep != perEpoch {
		t.Errorf("want validations after epochs 1, 3, 5 and 6 and the first as the best, got %v and step %d", epochs, s.BestStep)
	}
}

func TestClasses(t *testing.T) {
	ids := []int64{5, 1, 9, 3, 4, 6, 7, 8}
	ds := colourDataset(t, t.TempDir(), 2, func(_ int, r *parquet.Row) { r.ID = ids[r.ID] })
	for _, c := range []struct {
		labels  string
		classes int64
		want    map[int64]int64
	}{
		{LabelsSorted, 8, map[int64]int64{1: 0, 3: 1, 4: 2, 9: 7}},
		{LabelsMinusOne, 9, map[int64]int64{1: 0, 3: 2, 9: 8}},
	} {
		config := DefaultFinetune()
		given := config.Finetune
		given.Labels = c.labels
		k, err := startClasses(context.Background(), &config, Run{Data: ds})
		if err != nil {
			t.Fatal(err)
		}
		if config.Finetune.Classes != c.classes || given.Classes != 0 {
			t.Errorf("%s: want %d classes in the run's own configuration, got %d and %d", c.labels, c.classes, config.Finetune.Classes, given.Classes)
		}
		for id, want := range c.want {
			if got := k.class(id); got != want {
				t.Errorf("%s: class of %d: want %d, got %d", c.labels, id, want, got)
			}
		}
	}
	zero := colourDataset(t, t.TempDir(), 1, nil)
	config := DefaultFinetune()
	config.Finetune.Labels = LabelsMinusOne
	if _, err := startClasses(context.Background(), &config, Run{Data: zero}); err == nil || !strings.Contains(err.Error(), "row 0 (red/0.png): want an identity of 1 or more by labels minus-one, got 0") {
		t.Errorf("want identity 0 refused by name, got %v", err)
	}
}

// TestFinetuneRates holds the schedule against the release's.
func TestFinetuneRates(t *testing.T) {
	data, err := os.ReadFile("../internal/optim/testdata/fixtures/schedule.json")
	if err != nil {
		t.Fatal(err)
	}
	var fixture struct {
		Finetune struct {
			LR [][2]float64 `json:"lr"`
		} `json:"finetune"`
	}
	if err := json.Unmarshal(data, &fixture); err != nil {
		t.Fatal(err)
	}
	want := fixture.Finetune
	c := DefaultFinetune()
	if len(want.LR) != c.Schedule.Epochs {
		t.Errorf("want %d epochs, got %d", len(want.LR), c.Schedule.Epochs)
	}
	for e, lr := range want.LR {
		for i, scale := range []float64{1, c.Finetune.ClassifierScale} {
			if got := c.Schedule.Rate(e, 0) * scale; math.Abs(got-lr[i]) > 1e-9*lr[i] {
				t.Errorf("epoch %d: want %v, got %v", e, lr[i], got)
			}
		}
	}
}

func TestFinetuneConfigProblems(t *testing.T) {
	for want, change := range map[string]func(*FinetuneConfig){
		"cmpc: want 0 or more":     func(c *FinetuneConfig) { c.CMPC = -1 },
		"cmpc: want 0 with probe":  func(c *FinetuneConfig) { c.Probe = ProbeFresh },
		"classifier-scale: want 0": func(c *FinetuneConfig) { c.ClassifierScale = math.NaN() },
		"labels: want one of":      func(c *FinetuneConfig) { c.Labels = "id" },
		"pairs: want one of":       func(c *FinetuneConfig) { c.Pairs = "row" },
		"select: want one of":      func(c *FinetuneConfig) { c.Select = "best" },
		"probe: want one of":       func(c *FinetuneConfig) { c.Probe = "zero" },
	} {
		c := DefaultFinetune()
		change(c.Finetune)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if err := errors.Join(DefaultFinetune().Validate(), DefaultProbe().Validate()); err != nil {
		t.Error(err)
	}
}
