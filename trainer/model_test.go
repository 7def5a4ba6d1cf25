package trainer

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"plip/internal/checkpoint"
	"plip/internal/feed"
	"plip/internal/nn/nntest"
	"plip/internal/pixels"
	"plip/internal/tensor"
	"plip/parquet"
)

// newTestModel is the tiny model with the vocabulary of the colours.
func newTestModel(t *testing.T, change func(c *Config)) *Model {
	t.Helper()
	words, err := newVocabulary([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "person", "in", "red", "blue", "dressed", "all", "over", "shirt", "jeans", "and", "##s"})
	if err != nil {
		t.Fatal(err)
	}
	c := tinyConfig(t)
	c.Text.Dropout, c.Text.AttentionDropout = 0, 0
	if change != nil {
		change(&c)
	}
	m, err := NewModel(tensor.CPU, c, words)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// newTestLoader calls a function with the identity and the normalised image of every row.
func newTestLoader(m *Model, ds *parquet.Dataset) (func(f func(id int64, image []float32) error) error, error) {
	o := feed.DefaultOptions()
	o.Order = feed.Order{Sampler: feed.Sequential, Batch: 1, Window: 1}
	o.Height, o.Px, o.Norm = int(m.Config.Visual.Height), int(m.Config.Visual.Px), pixels.PLIP()
	l, err := feed.New(context.Background(), ds, o)
	return func(f func(id int64, image []float32) error) error {
		return l.Epoch(context.Background(), 0, 0, func(b *feed.Batch) error {
			defer b.Release()
			return f(b.Rows[0].ID, b.Images)
		})
	}, err
}

func randomImages(m *Model, n int) []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	images := make([]float32, int64(n)*3*m.Config.Visual.Height*m.Config.Visual.Px)
	for i := range images {
		images[i] = float32(r.NormFloat64())
	}
	return images
}

func TestModelNames(t *testing.T) {
	nntest.Golden(t, "testdata/names/plip-tiny.txt", newTestModel(t, nil).Store)
	nntest.Golden(t, "testdata/names/plip-three-tasks.txt", newTestModel(t, threeTasks).Store)
}

// compareGradients allows for sums in another order: the same products, rounded to float32.
func compareGradients(t *testing.T, name string, want, got []float32) {
	t.Helper()
	var largest float64
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	for i := range want {
		if d := math.Abs(float64(want[i] - got[i])); d > 1e-5*largest+1e-9 {
			t.Errorf("%s: gradient %d: want %v, got %v (largest %v)", name, i, want[i], got[i], largest)
			return
		}
	}
}

func TestEmbeddingsIgnoreBatchMates(t *testing.T) {
	m := newTestModel(t, nil)
	images := randomImages(m, 3)
	size := len(images) / 3
	together, err := m.EmbedImages(images)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := m.EmbedImages(images[size : 2*size])
	if err != nil {
		t.Fatal(err)
	}
	compareGradients(t, "image", together[m.Dim():2*m.Dim()], alone)
	texts := []string{"a person in red", "dressed all over in blue", "a"}
	together, err = m.EmbedTexts(texts)
	if err != nil {
		t.Fatal(err)
	}
	if alone, err = m.EmbedTexts(texts[2:]); err != nil {
		t.Fatal(err)
	}
	compareGradients(t, "text", together[2*m.Dim():], alone)
}

func TestUntrainedModelIsTheOneTrainingBeganWith(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 4, nil)
	c := tinyConfig(t)
	run := tinyRun(t, t.TempDir(), ds)
	training, err := newTraining(context.Background(), c, run)
	if err != nil {
		t.Fatal(err)
	}
	want, err := training.model.EmbedTexts([]string{"a person in red"})
	training.close()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Train(context.Background(), c, run); err != nil {
		t.Fatal(err)
	}
	for _, untrained := range []bool{true, false} {
		m, err := LoadModel(tensor.CPU, run.Dir, untrained)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.EmbedTexts([]string{"a person in red"})
		m.Close()
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(got, want) != untrained {
			t.Errorf("untrained %v: embedding equals the first one: %v", untrained, !untrained)
		}
	}
}

func TestTrainingStartsFromHubWeights(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 4, nil)
	c := tinyConfig(t)
	c.Text.FrozenLayers, c.Visual.Dim = 1, 32
	run := tinyRun(t, t.TempDir(), ds)
	run.Hub = "testdata/fixtures/bert-hub"
	if _, err := Train(context.Background(), c, run); err != nil {
		t.Fatal(err)
	}
	m, err := LoadModel(tensor.CPU, run.Dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Config.Text.Layers != 3 {
		t.Errorf("%d layers, want the hub's 3", m.Config.Text.Layers)
	}
	reference, _ := textReference(t)
	for name, same := range map[string]bool{"embeddings.word_embeddings.weight": true, "encoder.layer.0.output.dense.weight": true, "encoder.layer.1.output.dense.weight": false} {
		p, ok := m.Store.Lookup("text." + name)
		if !ok {
			t.Fatalf("no parameter text.%s", name)
		}
		nntest.Do(t, func() {
			if slices.Equal(p.Tensor.Float32s(), reference.Tensor("param."+name).Float32s()) != same {
				t.Errorf("%s: want it to equal the hub's: %v", name, same)
			}
		})
	}
}

func TestPresets(t *testing.T) {
	for _, name := range []string{"paper", "demo", "tiny"} {
		c, err := Preset(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := LossWeights{IVLC: 1} // but for the paper's
		if name == "paper" {
			want = LossWeights{IVLC: 1, TIC: 0.02, IAP: 0.1}
		}
		if c.Loss != want {
			t.Errorf("%s: want the tasks %+v, got %+v", name, want, c.Loss)
		}
		text, err := yaml.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "config.yaml"), text, 0o666); err != nil {
			t.Fatal(err)
		}
		var back Config
		if err := yaml.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if err := sameConfig(c, back); err != nil {
			t.Errorf("%s: after YAML and back: %v", name, err)
		}
	}
	if _, err := Preset("none"); err == nil {
		t.Error("want an error for a preset that does not exist")
	}
}

// TestCheckpointWithoutTaskSettings loads and goes on from a checkpoint of before there were other tasks than the contrast.
func TestCheckpointWithoutTaskSettings(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 4, nil)
	c := tinyConfig(t)
	c.MaxSteps = 3
	run := tinyRun(t, t.TempDir(), ds)
	want, err := Train(context.Background(), c, run)
	if err != nil {
		t.Fatal(err)
	}
	last, err := checkpoint.Latest(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(last, checkpoint.ConfigFile)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var settings map[string]any
	if err := yaml.Unmarshal(text, &settings); err != nil {
		t.Fatal(err)
	}
	delete(settings, "colorize")
	delete(settings, "attributes")
	settings["loss"] = map[string]any{"ivlc": 1}
	if text, err = yaml.Marshal(settings); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
	m, err := LoadModel(tensor.CPU, run.Dir, false)
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
	if m.Config.Loss != (LossWeights{IVLC: 1}) {
		t.Errorf("want the contrast alone, got %+v", m.Config.Loss)
	}
	if got, err := Train(context.Background(), c, run); err != nil || got.State != want.State {
		t.Errorf("want the finished training's state %+v, got %+v and %v", want.State, got.State, err)
	}
}

func TestConfigProblemsAreAllNamed(t *testing.T) {
	c := DefaultConfig()
	c.Visual.Dim, c.Batch, c.Sampler, c.Captions, c.Precision, c.Keep, c.Loss.IVLC = 64, 1, "pk(3)", "all", "fp8", 0, -1
	c.Colorize.Distance, c.Colorize.Channels, c.Attributes.Heads, c.Attributes.Fusion = "l3", 0, 7, "max"
	err := c.Validate()
	if err == nil {
		t.Fatal("want an error")
	}
	for _, want := range []string{"visual.dim: want the text encoder's width 768, got 64", "batch: want 2", `sampler: want shuffle or pk(P,K), such as pk(32,2), got "pk(3)"`,
		`captions: want one of [human prompt generated prompt+one prompt+two], got "all"`, `precision: want fp32, bf16 or fp16, got "fp8"`, "keep: want 1", "loss.ivlc: want 0 or more, got -1",
		`colorize.distance: want l2 or l1, got "l3"`, "colorize.channels: want 1 or more, got 0", "attributes.heads: want a divisor of text.width (768), got 7", `attributes.fusion: want sum or concat, got "max"`} {
		if !containsLine(err.Error(), want) {
			t.Errorf("want a line with %q in\n%v", want, err)
		}
	}
	c = DefaultConfig()
	c.Loss = LossWeights{}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "want more than 0 for one of them") {
		t.Errorf("want an error for no task at all, got %v", err)
	}
	c.Loss.IVLC, c.Colorize, c.Attributes = 1, ColorizeConfig{}, AttributesConfig{}
	if err := c.Validate(); err != nil {
		t.Errorf("want no error for settings of tasks that are off, got %v", err)
	}
}
