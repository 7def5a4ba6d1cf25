package spac

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plip/internal/checkpoint"
	"plip/internal/feed"
	"plip/internal/nn/nntest"
	"plip/internal/runlog"
	"plip/internal/tensor"
	"plip/parquet"
)

// colours are what the test's pictures are painted in.
var colours = []struct {
	name string
	rgb  color.RGBA
}{{"red", color.RGBA{200, 20, 20, 255}}, {"green", color.RGBA{20, 160, 20, 255}}, {"blue", color.RGBA{20, 40, 200, 255}}, {"white", color.RGBA{240, 240, 240, 255}}}

// colourDataset is n pictures of each colour, with attributes and captions that name it.
func colourDataset(t *testing.T, n int) *parquet.Dataset {
	t.Helper()
	ctx := context.Background()
	o := parquet.DefaultWriterOptions()
	o.Source = "test"
	dir := t.TempDir()
	w, err := parquet.Create(ctx, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n * len(colours) {
		c := colours[i%len(colours)]
		m := image.NewRGBA(image.Rect(0, 0, 32, 64))
		for p := range 32 * 64 {
			shade := uint8((p*7 + i*31) % 16)
			m.Set(p%32, p/32, color.RGBA{c.rgb.R - shade, c.rgb.G - shade, c.rgb.B - shade, 255})
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		path := fmt.Sprintf("%d/%d.png", i%len(colours), i)
		if err := w.Write(ctx, &parquet.Row{Image: b.Bytes(), ImagePath: path, ID: int64(i), FilePath: path, Source: "test", Width: 32, Height: 64,
			Attributes: []string{"man", "short hair", c.name + " shirt", "unknown", c.name + " shoes", "unknown"},
			Captions:   []string{"a man in a " + c.name + " shirt", "the " + c.name + " man walks past in " + c.name + " shoes"}}); err != nil {
			t.Fatal(err)
		}
		w.Mark(int64(i + 1))
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ds, err := parquet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ds.Close() })
	return ds
}

// tinyTraining trains in a second: words, attributes, all, and captions over a fixed encoder.
func tinyTraining(dir string, train, valid *parquet.Dataset) (TrainConfig, TrainRun) {
	c := DefaultTrainConfig()
	c.Batch, c.Epochs, c.WordEpochs, c.AttributeEpochs, c.FixedEpochs, c.Weights = 4, 4, 1, 1, 1, allParts()
	c.Schedule.Epochs, c.Schedule.Base, c.Optimizer.MaxGradNorm = 4, 1e-3, 1
	c.LogEvery, c.Samples, c.Workers, c.Seed = 1, 2, 2, 5
	return c, TrainRun{Dir: dir, Train: train, Valid: valid, Keep: 2}
}

// newTrained makes the captioner of tinyTraining and its vocabulary.
func newTrained(t *testing.T, run *TrainRun, dropout float64) *Captioner {
	t.Helper()
	words, err := TrainVocabulary(context.Background(), run.Train, 280)
	if err != nil {
		t.Fatal(err)
	}
	run.Words = words
	c := tinyConfig()
	c.Generator.Vocab, c.Generator.Positions, c.Dropout, c.Generator.Dropout = int64(words.Size()), 96, dropout, dropout
	return newCaptioner(t, c)
}

// TestStoppedRunEqualsTheUndisturbedOne stops after every second step, mostly in mid-epoch, and compares every file.
func TestStoppedRunEqualsTheUndisturbedOne(t *testing.T) {
	train, valid := colourDataset(t, 3), colourDataset(t, 1)
	for name, change := range map[string]func(c *TrainConfig){
		"fp32":              func(*TrainConfig) {},
		"bf16, many saves":  func(c *TrainConfig) { c.BFloat16, c.SaveEvery = true, 1 },
		"parts and jitter":  func(c *TrainConfig) { c.Accumulate, c.Jitter = 2, 0.1 },
		"generator at rest": func(c *TrainConfig) { c.FreezeGenerator = true },
	} {
		t.Run(name, func(t *testing.T) {
			c, whole := tinyTraining(t.TempDir(), train, valid)
			change(&c)
			if _, err := Train(context.Background(), newTrained(t, &whole, 0.2), c, whole); err != nil {
				t.Fatal(err)
			}
			_, stopped := tinyTraining(t.TempDir(), train, valid)
			for runs := 0; ; runs++ {
				ctx, cancel := context.WithCancel(context.Background())
				stopped.Progress = func(step, _ int64, _ float64) {
					if step%2 == 0 {
						cancel()
					}
				}
				_, err := Train(ctx, newTrained(t, &stopped, 0.2), c, stopped)
				cancel()
				if err == nil {
					break
				}
				if !errors.Is(err, context.Canceled) || runs > 12 {
					t.Fatalf("run %d: %v", runs, err)
				}
			}
			sameRun(t, whole.Dir, stopped.Dir)
		})
	}
}

// sameRun compares the logs and last checkpoints of two runs byte for byte.
func sameRun(t *testing.T, a, b string) {
	t.Helper()
	files := []string{runlog.MetricsFile, runlog.EventsFile, SamplesFile, "best.json"}
	for _, f := range []string{checkpoint.ModelFile, checkpoint.OptimizerFile, checkpoint.RNGFile, checkpoint.ConfigFile, checkpoint.StateFile} {
		files = append(files, filepath.Join(checkpoint.StepName(12), f))
	}
	for _, f := range files {
		want, err := os.ReadFile(filepath.Join(a, f))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(b, f)); err != nil || !bytes.Equal(want, got) {
			t.Errorf("%s differs: %v", f, err)
			if strings.HasSuffix(f, "l") {
				t.Logf("want\n%s\ngot\n%s", want, got)
			}
		}
	}
}

// TestValidationIsLogged counts the losses of the validation part and the texts shown, and finds the best checkpoint.
func TestValidationIsLogged(t *testing.T) {
	c, run := tinyTraining(t.TempDir(), colourDataset(t, 3), colourDataset(t, 2))
	var notes []string
	run.Note = func(s string) { notes = append(notes, s) }
	m := newTrained(t, &run, 0)
	summary, err := Train(context.Background(), m, c, run)
	if err != nil {
		t.Fatal(err)
	}
	if summary.Steps != 12 || summary.ImagesPerSecond <= 0 || summary.DataWait <= 0 || summary.DataWait >= 1 {
		t.Errorf("want the speed of 12 steps, got %+v", summary)
	}
	records, err := runlog.ReadMetrics(filepath.Join(run.Dir, runlog.MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	best, lowest, validated := int64(0), 1e9, 0
	for _, r := range records {
		loss, ok := r.Get("valid_loss")
		if !ok {
			continue
		}
		validated++
		if loss < lowest {
			best, lowest = r.Step, loss
		}
		caption, _ := r.Get("valid_caption")
		attribute, _ := r.Get("valid_attribute")
		near(t, "valid_loss", caption+0.15*attribute, loss)
	}
	if validated != 3 { // not after the epoch of words
		t.Errorf("want 3 validations, got %d", validated)
	}
	samples, err := os.ReadFile(filepath.Join(run.Dir, SamplesFile))
	if n := bytes.Count(samples, []byte{'\n'}); err != nil || n != 6 || len(notes) != 9 {
		t.Errorf("want 6 samples and 9 notes, got %d and %d: %v", n, len(notes), err)
	}
	if dir, err := checkpoint.Best(run.Dir); err != nil || filepath.Base(dir) != checkpoint.StepName(best) {
		t.Errorf("best: want %s, got %s: %v", checkpoint.StepName(best), dir, err)
	}
	// The last validation's loss again, image by image.
	l, err := newTraining(context.Background(), m, c, run)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	c.Batch, l.config.Batch = 1, 1
	if err := l.validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	again, err := runlog.ReadMetrics(filepath.Join(run.Dir, runlog.MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := records[len(records)-1].Get("valid_loss")
	got, _ := again[len(again)-1].Get("valid_loss")
	near(t, "image by image", want, got)
}

// TestPartsAddUp compares gradients and losses of a batch in one go and in parts. The encoder passes images only, since
// batch norms see a part alone.
func TestPartsAddUp(t *testing.T) {
	c, run := tinyTraining(t.TempDir(), colourDataset(t, 3), nil)
	c.Batch, c.Calibrate = 5, false
	m := newTrained(t, &run, 0)
	weights := Weights{Caption: 1, Attribute: 0.15, Words: 0.5, FixedEncoder: true}
	gradients := func(parts int) (map[string][]float32, numbers) {
		c.Accumulate, run.Dir = parts, t.TempDir()
		l, err := newTraining(context.Background(), m, c, run)
		if err != nil {
			t.Fatal(err)
		}
		defer l.close()
		var sum numbers
		if err := l.loader.Epoch(context.Background(), 0, 1, func(b *feed.Batch) (err error) {
			b.Rows[1].Captions = b.Rows[1].Captions[:1] // parts of unequal numbers of tokens
			sum, err = l.gradients(b, weights)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		out := map[string][]float32{}
		nntest.Do(t, func() {
			for _, p := range m.Store.Trainable() {
				if g := p.Tensor.Grad(); g.Defined() {
					out[p.Name] = g.Float32s()
				}
			}
		})
		l.optimizer.ZeroGrad()
		return out, sum
	}
	want, whole := gradients(1)
	if len(want) < 30 {
		t.Fatalf("want gradients of generator, styles and sentence, got %d", len(want))
	}
	for _, parts := range []int{2, 3, 5} {
		got, sum := gradients(parts)
		near(t, "loss", whole.total, sum.total)
		for i := range whole.sums {
			near(t, fmt.Sprintf("loss %d", i), whole.sums[i], sum.sums[i])
		}
		for name, w := range want {
			nntest.Near(t, fmt.Sprintf("%d parts: %s", parts, name), w, got[name], nntest.Gradients)
		}
	}
}

// TestFreezeGenerator trains with the generator at rest.
func TestFreezeGenerator(t *testing.T) {
	c, run := tinyTraining(t.TempDir(), colourDataset(t, 3), nil)
	c.FreezeGenerator = true
	m := newTrained(t, &run, 0)
	prints := func() (out [2]string) {
		for i, prefix := range []string{"generator.", "attributes."} {
			var err error
			if out[i], err = m.Store.FingerprintOf(prefix); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	before := prints()
	if _, err := Train(context.Background(), m, c, run); err != nil {
		t.Fatal(err)
	}
	if after := prints(); after[0] != before[0] || after[1] == before[1] {
		t.Errorf("want another encoder and the same generator, got %v for %v", after, before)
	}
}

func TestNonFiniteLossNamesItsRows(t *testing.T) {
	c, run := tinyTraining(t.TempDir(), colourDataset(t, 3), nil)
	c.Calibrate = false
	m := newTrained(t, &run, 0)
	p, ok := m.Store.Lookup("attributes.2.fc2.bias")
	if !ok {
		t.Fatal("no such parameter")
	}
	nntest.Do(t, func() {
		defer tensor.NoGrad()()
		p.Tensor.Fill_(1e38)
		p.Tensor.Copy_(p.Tensor.Mul(p.Tensor))
	})
	before, err := m.Store.FingerprintOf("generator.")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Train(context.Background(), m, c, run)
	var bad *feed.NonFiniteError
	if !errors.As(err, &bad) || bad.Step != 1 || len(bad.Rows) != 4 || len(bad.Files) != 4 || !strings.Contains(err.Error(), bad.Files[3]) {
		t.Fatalf("want an error that names the batch's four rows, got %v", err)
	}
	if after, err := m.Store.FingerprintOf("generator."); err != nil || after != before {
		t.Error("want the parameters as they were")
	}
	if last, err := checkpoint.Latest(run.Dir); err != nil || last != "" {
		t.Errorf("want no checkpoint, got %q, %v", last, err)
	}
}
