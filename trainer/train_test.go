package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plip/internal/checkpoint"
	"plip/internal/feed"
	"plip/internal/runlog"
	"plip/internal/tensor"
	"plip/parquet"
)

func metricsOf(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, runlog.MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// byStep is a validation whose score depends on the model alone.
func byStep(_ context.Context, m *Model) (Validation, error) {
	v, err := m.EmbedTexts([]string{"a person in red"})
	if err != nil {
		return Validation{}, err
	}
	return Validation{Score: float64(v[0]), Fields: []runlog.Field{{Name: "first", Value: float64(v[0])}}}, nil
}

func TestStoppedRunEqualsTheUndisturbedOne(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 5, nil)
	for _, c := range []struct {
		name   string
		change func(c *Config)
	}{
		{"fp32", func(*Config) {}},
		{"bf16 side by side", func(c *Config) { c.Precision, c.SideBySide = PrecisionBF16, true }},
		{"adan shuffle", func(c *Config) {
			c.Optimizer.Kind, c.Sampler, c.SaveEvery, c.Schedule.Kind = "adan", "shuffle", 3, "step"
		}},
		{"three tasks", threeTasks},
		{"three tasks, bf16 side by side, concat, difficulty by epoch", func(c *Config) {
			threeTasks(c)
			c.Precision, c.SideBySide, c.Attributes.Fusion, c.Attributes.Difficulty = PrecisionBF16, true, FusionConcat, DefaultDifficulty()
		}},
		{"frozen layers", func(c *Config) { c.Text.Layers, c.Text.FrozenLayers, c.MaxSteps = 2, 1, 7 }},
		{"three tasks, frozen layers in a cache for some captions", func(c *Config) {
			threeTasks(c)
			c.Text.Layers, c.Text.FrozenLayers, c.Text.FrozenCache, c.MaxSteps = 2, 1, 12<<10, 9
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := tinyConfig(t)
			c.change(&config)
			stoppedEquals(t, config, func(dir string) Run {
				run := tinyRun(t, dir, ds)
				run.Validate = byStep
				return run
			})
		})
	}
}

// stoppedEquals compares a training that is stopped after every second step with an undisturbed one.
func stoppedEquals(t *testing.T, config Config, run func(dir string) Run) {
	t.Helper()
	whole := run(t.TempDir())
	want, err := Train(context.Background(), config, whole)
	if err != nil {
		t.Fatal(err)
	}
	stopped := run(t.TempDir())
	var got Summary
	for runs := 0; ; runs++ { // two steps a run: most stops are in mid-epoch
		ctx, cancel := context.WithCancel(context.Background())
		stopped.Progress = func(p Progress) {
			if p.Step%2 == 0 {
				cancel()
			}
		}
		got, err = Train(ctx, config, stopped)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) || runs > int(want.Step) {
			t.Fatalf("run %d: %v", runs, err)
		}
	}
	if got.State != want.State {
		t.Errorf("state: want %+v, got %+v", want.State, got.State)
	}
	if w, g := metricsOf(t, whole.Dir), metricsOf(t, stopped.Dir); w != g {
		t.Errorf("metrics.jsonl: want\n%sgot\n%s", w, g)
	}
	sameModel(t, whole.Dir, stopped.Dir)
}

// sameModel compares the last checkpoints of two runs byte for byte.
func sameModel(t *testing.T, a, b string) {
	t.Helper()
	for _, file := range []string{checkpoint.ModelFile, checkpoint.OptimizerFile, checkpoint.RNGFile, checkpoint.ConfigFile, checkpoint.StateFile, VocabularyFile} {
		var content [2]string
		for i, dir := range []string{a, b} {
			last, err := checkpoint.Latest(dir)
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(last, file))
			if err != nil {
				t.Fatal(err)
			}
			content[i] = string(data)
		}
		if content[0] != content[1] {
			t.Errorf("%s differs", file)
		}
	}
}

func TestTrainingLearns(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 4, nil)
	for _, kind := range []string{ContrastCMPM, ContrastSDM, ContrastInfoNCE} {
		t.Run(kind, func(t *testing.T) {
			c := tinyConfig(t)
			c.Contrast.Kind, c.Contrast.Temperature, c.Visual.Width = kind, 0.07, 16
			c.Text.Dropout, c.Text.AttentionDropout, c.Schedule.Epochs, c.ValidateEvery, c.Window = 0, 0, 40, 0, 100
			run := tinyRun(t, t.TempDir(), ds)
			var first, last float64 // mean losses of an epoch's four steps
			run.Progress = func(p Progress) {
				switch p.Epoch {
				case 0:
					first += p.Loss / 4
				case 39:
					last += p.Loss / 4
				}
			}
			if _, err := Train(context.Background(), c, run); err != nil {
				t.Fatal(err)
			}
			if !(last < 0.6*first) {
				t.Errorf("loss: want it below 60 %% of the first epoch's %.3f, got %.3f", first, last)
			}
			m, err := LoadModel(tensor.CPU, run.Dir, false)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if got := retrieved(t, m, ds, "a person in %s"); got < 7 {
				t.Errorf("%d of 8 colours have their own picture nearest, want 7 or more", got)
			}
		})
	}
}

// TestThreeTasksLearn trains all tasks together: each task's loss comes down, and what is saved is loaded and used.
func TestThreeTasksLearn(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 4, func(i int, r *parquet.Row) {
		name := colours[r.ID].name
		r.Captions = []string{"a person in a " + name + " shirt", "the man wears " + name + " jeans"}
	})
	c := tinyConfig(t)
	threeTasks(&c)
	c.Contrast.Kind, c.Contrast.Temperature, c.Visual.Width = ContrastInfoNCE, 0.07, 16
	c.Loss, c.Schedule.Base, c.Colorize.Statistics = LossWeights{IVLC: 1, TIC: 0.5, IAP: 0.5}, 0.002, StatisticsOwn
	c.Text.Dropout, c.Text.AttentionDropout, c.Schedule.Epochs, c.ValidateEvery, c.Window = 0, 0, 40, 0, 100
	run := tinyRun(t, t.TempDir(), ds)
	if _, err := Train(context.Background(), c, run); err != nil {
		t.Fatal(err)
	}
	first, last := map[string]float64{}, map[string]float64{} // sums over an epoch's four steps
	for line := range strings.Lines(metricsOf(t, run.Dir)) {
		var at map[string]float64
		if err := json.Unmarshal([]byte(line), &at); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"ivlc", "tic", "iap"} {
			v, ok := at[part]
			if !ok {
				t.Fatalf("want %s in the line %s", part, line)
			}
			switch at["epoch"] {
			case 0:
				first[part] += v
			case 39:
				last[part] += v
			}
		}
	}
	for part, v := range first {
		if !(last[part] < 0.6*v) {
			t.Errorf("%s: want it below 60 %% of the first epoch's %.3f, got %.3f", part, v/4, last[part]/4)
		}
	}
	m, err := LoadModel(tensor.CPU, run.Dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Colorizer == nil || m.Attributes == nil {
		t.Error("want the heads of the checkpoint's tasks")
	}
	if got := retrieved(t, m, ds, "a person in a %s shirt"); got < 7 {
		t.Errorf("%d of 8 colours have their own picture nearest, want 7 or more", got)
	}
	f, err := MeasurePretext(context.Background(), m, ds, 2, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want, gray := colorErrors(t, m, ds); f.Images != 32 || math.Abs(f.Color.Error/want-1) > 1e-5 || math.Abs(f.Color.Gray/gray-1) > 1e-9 || f.Color.Swaps != 20 {
		t.Errorf("want errors of %v and gray %v over 32 images with 20 swapped words, got %+v", want, gray, *f.Color)
	}
	if a := f.Attributes; a.Top1 < a.OtherImage+0.1 || a.Lift < 1.2 {
		t.Errorf("want the picture to help with the masked words, got %+v", *a)
	}
}

// colorErrors are the mean squared errors of colourised and of gray pictures, one picture at a time.
func colorErrors(t *testing.T, m *Model, ds *parquet.Dataset) (colored, gray float64) {
	t.Helper()
	o := loaderOptions(m.Config, Run{Workers: 1})
	o.Order, o.Flip = feed.Order{Sampler: feed.Sequential, Batch: 1, Window: 1}, false
	loader, err := feed.New(context.Background(), ds, o)
	if err != nil {
		t.Fatal(err)
	}
	n := 0.0
	if err := loader.Epoch(context.Background(), 0, 0, func(b *feed.Batch) error {
		defer b.Release()
		truth, g := b.Images[:len(b.Images)/2], b.Images[len(b.Images)/2:]
		x, err := m.Colorize(g, b.Rows[0].Captions[:1])
		for i, v := range truth {
			colored += float64(x[i]-v) * float64(x[i]-v)
			gray += float64(g[i]-v) * float64(g[i]-v)
		}
		n += float64(len(truth))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return colored / n, gray / n
}

// retrieved counts the colours whose caption is nearest to a picture of that colour, by cosine.
func retrieved(t *testing.T, m *Model, ds *parquet.Dataset, caption string) (right int) {
	t.Helper()
	var ids []int64
	var images [][]float32
	loader, err := newTestLoader(m, ds)
	if err != nil {
		t.Fatal(err)
	}
	if err := loader(func(id int64, image []float32) error {
		v, err := m.EmbedImages(image)
		ids, images = append(ids, id), append(images, v)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for id, c := range colours {
		text, err := m.EmbedTexts([]string{fmt.Sprintf(caption, c.name)})
		if err != nil {
			t.Fatal(err)
		}
		best, at := math.Inf(-1), int64(-1)
		for i, image := range images {
			var dot, norm float64
			for k := range image {
				dot += float64(image[k]) * float64(text[k])
				norm += float64(image[k]) * float64(image[k])
			}
			if s := dot / math.Sqrt(norm); s > best {
				best, at = s, ids[i]
			}
		}
		if at == int64(id) {
			right++
		}
	}
	return right
}

func TestNonFiniteLossNamesItsRows(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 4, nil)
	c := tinyConfig(t)
	run := tinyRun(t, t.TempDir(), ds)
	training, err := newTraining(context.Background(), c, run)
	if err != nil {
		t.Fatal(err)
	}
	defer training.close()
	training.batches = training.loader.Batches(0)
	p, ok := training.model.Store.Lookup("visual.proj.bias")
	if !ok {
		t.Fatal("no visual.proj.bias")
	}
	if err := tensor.Do(func(*tensor.Scope) error { defer tensor.NoGrad()(); p.Tensor.Fill_(math.NaN()); return nil }); err != nil {
		t.Fatal(err)
	}
	before := tensor.Live()
	err = training.loader.Epoch(context.Background(), 0, 0, func(b *feed.Batch) error { return training.step(context.Background(), b) })
	var bad *feed.NonFiniteError
	if !errors.As(err, &bad) {
		t.Fatalf("want a *feed.NonFiniteError, got %v", err)
	}
	if bad.Step != 1 || len(bad.Rows) != 8 || !strings.Contains(err.Error(), bad.Files[7]) || training.at.Step != 0 {
		t.Errorf("got %v after step %d", err, training.at.Step)
	}
	if got := tensor.Live() - before; got != 0 {
		t.Errorf("%d tensor handles left alive", got)
	}
}

func TestStepLeavesNoTensors(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 4, nil)
	for _, sideBySide := range []bool{false, true} {
		c := tinyConfig(t)
		threeTasks(&c)
		c.SideBySide = sideBySide
		run := tinyRun(t, t.TempDir(), ds)
		before := tensor.Live()
		var steps []int64
		run.Progress = func(Progress) { steps = append(steps, tensor.Live()) }
		if _, err := Train(context.Background(), c, run); err != nil {
			t.Fatal(err)
		}
		if steps[0] != steps[len(steps)-1] {
			t.Errorf("side by side %v: %d handles after the first step, %d after the last", sideBySide, steps[0], steps[len(steps)-1])
		}
		if got := tensor.Live() - before; got != 0 {
			t.Errorf("side by side %v: %d handles left after the training", sideBySide, got)
		}
	}
}

func TestRowsWithoutTextAreLeftOut(t *testing.T) {
	drop := func(i int, r *parquet.Row) {
		if i%5 == 0 {
			r.Captions, r.PromptCaption = nil, nil
		}
	}
	ds := colourDataset(t, t.TempDir(), 5, drop)
	got, err := Train(context.Background(), tinyConfig(t), tinyRun(t, t.TempDir(), ds))
	if err != nil {
		t.Fatal(err)
	}
	if got.Skipped != 8 {
		t.Errorf("%d rows left out, want 8", got.Skipped)
	}
	none := colourDataset(t, t.TempDir(), 2, func(_ int, r *parquet.Row) { r.Captions, r.PromptCaption = nil, nil })
	if _, err := Train(context.Background(), tinyConfig(t), tinyRun(t, t.TempDir(), none)); err == nil {
		t.Error("want an error for a dataset without texts")
	}
}

func TestOtherConfigurationIsRefused(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 4, nil)
	c := tinyConfig(t)
	run := tinyRun(t, t.TempDir(), ds)
	if _, err := Train(context.Background(), c, run); err != nil {
		t.Fatal(err)
	}
	c.Visual.Width, c.Contrast.Epsilon = 8, 0.5
	_, err := Train(context.Background(), c, run)
	for _, want := range []string{`want "width: 4", got "width: 8"`, `want "epsilon: 0.01", got "epsilon: 0.5"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

func TestBestAndLastCheckpointsStay(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 4, nil)
	c := tinyConfig(t)
	c.Schedule.Epochs, c.Keep, c.SaveEvery = 5, 1, 3
	run := tinyRun(t, t.TempDir(), ds)
	scores := []float64{0.2, 0.7, 0.4, 0.5, 0.6}
	calls := 0
	run.Validate = func(context.Context, *Model) (Validation, error) {
		calls++
		return Validation{Score: scores[calls-1]}, nil
	}
	got, err := Train(context.Background(), c, run)
	if err != nil {
		t.Fatal(err)
	}
	best, err := checkpoint.Best(run.Dir)
	if err != nil || filepath.Base(best) != checkpoint.StepName(got.BestStep) || got.BestScore != 0.7 || got.BestStep != got.Step/5*2 {
		t.Errorf("best: got %s, %+v, %v", best, got, err)
	}
	found, err := filepath.Glob(filepath.Join(run.Dir, "step-*"))
	if want := []string{best, filepath.Join(run.Dir, checkpoint.StepName(got.Step))}; err != nil || !slices.Equal(found, want) {
		t.Errorf("checkpoints: want %v, got %v, %v", want, found, err)
	}
}

func TestRatesFollowTheSchedule(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 4, nil) // 4 steps an epoch
	c := tinyConfig(t)
	c.Schedule.Epochs, c.Schedule.Warmup, c.Schedule.Base, c.MaxSteps = 100, 25, 1, 8
	run := tinyRun(t, t.TempDir(), ds)
	var rates []string
	run.Progress = func(p Progress) { rates = append(rates, fmt.Sprintf("%.3f", p.LR)) }
	if _, err := Train(context.Background(), c, run); err != nil {
		t.Fatal(err)
	}
	// A quarter of the training warms up, then half a cosine over the other six steps.
	want := []string{"0.000", "0.500", "1.000", "0.933", "0.750", "0.500", "0.250", "0.067"}
	if !slices.Equal(rates, want) {
		t.Errorf("want %v, got %v", want, rates)
	}
}
