package trainer

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
	"plip/internal/weights"
)

// textReference is BERT at small size, without dropout.
func textReference(t *testing.T) (*nntest.Reference, TextConfig) {
	r := nntest.Open(t, "testdata/fixtures/bert-tiny.safetensors")
	var size struct{ Hidden, Layers, Heads, Inter, Vocab, MaxPos int64 }
	r.Config("config", &size)
	c := DefaultTextConfig()
	c.Width, c.Layers, c.Heads, c.Inner, c.Vocab, c.Positions = size.Hidden, size.Layers, size.Heads, size.Inter, size.Vocab, size.MaxPos
	c.Pool, c.Dropout, c.AttentionDropout = PoolPooler, 0, 0
	r.Config("frozen_layers", &c.FrozenLayers)
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return r, c
}

// newText makes an encoder whose store lives as long as the test.
func newText(t *testing.T, c TextConfig) (*Text, *nn.Store) {
	t.Helper()
	store := nn.NewStore(tensor.CPU)
	t.Cleanup(store.Close)
	var x *Text
	nntest.Do(t, func() {
		tensor.Seed(1)
		x = NewText(store.Root(), c)
	})
	return x, store
}

func TestTextParity(t *testing.T) {
	r, c := textReference(t)
	text, store := newText(t, c)
	r.Load(store)
	nntest.Do(t, func() {
		ids, mask := r.Tensor("input.ids"), r.Tensor("input.mask")
		rows := mask.As(tensor.Float32).Unsqueeze(2) // [N, L, 1]: the file holds zeros at padding
		hidden := text.Hidden(ids, mask, false)
		for i, h := range hidden {
			r.Near(fmt.Sprintf("out.hidden.%d", i), h.Mul(rows), nntest.Outputs)
		}
		last := hidden[len(hidden)-1]
		r.Near("out.pooler", text.Pooled(last), nntest.Outputs)
		r.Near("out.mean", MeanPool(last, mask), nntest.Outputs)

		loss := func() tensor.Tensor {
			out := text.Forward(ids, mask, true)
			return out.Embedding.Square().Mean().Add(MeanPool(out.Hidden, mask).Square().Mean())
		}
		r.Near("out.loss", loss(), nntest.Outputs)
		if err := store.Freeze(c.Frozen); err != nil {
			t.Fatal(err)
		}
		loss().Backward()
		r.Gradients(store, "grad.", true) // frozen parameters keep none
		if err := store.Freeze(func(string) bool { return false }); err != nil {
			t.Fatal(err)
		}
		loss().Backward()
		r.Gradients(store, "full.", true)
	})
}

func TestTextNames(t *testing.T) {
	_, c := textReference(t)
	_, store := newText(t, c)
	nntest.Golden(t, "testdata/names/text.txt", store)
}

// TestTextIgnoresPaddingAndBatchMates embeds each caption alone, at its own length.
func TestTextIgnoresPaddingAndBatchMates(t *testing.T) {
	r, c := textReference(t)
	for _, c.Pool = range []string{PoolPooler, PoolMean} {
		text, store := newText(t, c)
		r.Load(store)
		nntest.Do(t, func() {
			defer tensor.NoGrad()()
			ids, mask := r.Tensor("input.ids"), r.Tensor("input.mask")
			together := text.Forward(ids, mask, false).Embedding
			for i := range ids.Dim(0) {
				l := mask.Select(0, i).Sum().Int64s()[0]
				alone := text.Forward(ids.Narrow(0, i, 1).Narrow(1, 0, l), mask.Narrow(0, i, 1).Narrow(1, 0, l), false).Embedding
				nntest.Near(t, fmt.Sprintf("%s: caption %d", c.Pool, i), together.Narrow(0, i, 1).Float32s(), alone.Float32s(), nntest.Outputs)
			}
		})
	}
}

// TestTextFrozenLayersKeepNoActivations measures what autograd keeps between forward and backward.
func TestTextFrozenLayersKeepNoActivations(t *testing.T) {
	r, c := textReference(t)
	kept := func(frozen int64) int64 {
		c := c
		c.FrozenLayers = frozen
		text, store := newText(t, c)
		if err := store.Freeze(c.Frozen); err != nil {
			t.Fatal(err)
		}
		var live int64
		nntest.Do(t, func() {
			tensor.TrackMemory(true)
			defer tensor.TrackMemory(false)
			out := tensor.Block(func() tensor.Tensor {
				return text.Forward(r.Tensor("input.ids"), r.Tensor("input.mask"), true).Embedding
			})
			live, _ = tensor.Memory()
			_ = out
		})
		return live
	}
	none, most := kept(0), kept(c.Layers-1)
	// One of three layers trains: about a third of the layers' activations, and nothing of the embeddings.
	if most*5 > none*2 {
		t.Errorf("bytes kept with %d of %d layers frozen: want at most 40 %% of %d, got %d", c.Layers-1, c.Layers, none, most)
	}
}

// TestTextFrozenOptions compares the frozen layers' outputs in a training pass with those of evaluation.
func TestTextFrozenOptions(t *testing.T) {
	r, c := textReference(t)
	c.FrozenLayers, c.Dropout, c.AttentionDropout = c.Layers-1, 0.5, 0.5
	hidden := func(c TextConfig, train bool) (out [][]float32) {
		text, _ := newText(t, c)
		nntest.Do(t, func() {
			mask := r.Tensor("input.mask")
			m := mask.As(tensor.Float32).Unsqueeze(2)
			for _, h := range text.Hidden(r.Tensor("input.ids"), mask, train) {
				out = append(out, h.As(tensor.Float32).Mul(m).Float32s())
			}
		})
		return out
	}
	differ := func(a, b []float32) (most float64) {
		for i := range a {
			most = max(most, math.Abs(float64(a[i]-b[i])))
		}
		return most
	}
	want := hidden(c, false)
	frozen, last := int(c.FrozenLayers), int(c.Layers)
	dropped := hidden(c, true)
	c.FrozenEval = true
	still := hidden(c, true)
	for i := range last {
		if d := differ(want[i], still[i]); d != 0 {
			t.Errorf("frozen_eval: layer %d of %d frozen: want evaluation's output, differs by %v", i, frozen, d)
		}
	}
	if differ(want[frozen], dropped[frozen]) == 0 || differ(want[last], still[last]) == 0 {
		t.Error("want dropout in frozen layers without frozen_eval, and in the trained one in any case")
	}
	c.FrozenBF16 = true
	rough := hidden(c, true)
	if d := differ(want[frozen], rough[frozen]); d == 0 || d > 0.1 {
		t.Errorf("frozen_bf16: want outputs that differ by rounding, got %v", d)
	}
	if d := differ(want[frozen], hidden(c, false)[frozen]); d != 0 {
		t.Errorf("frozen_bf16 in evaluation: want float32, differs by %v", d)
	}
}

// TestLoadHub reads both layouts of the hub, which hold the reference's weights.
func TestLoadHub(t *testing.T) {
	r, _ := textReference(t)
	for _, dir := range []string{"bert-hub", "bert-hub-old"} {
		folder := filepath.Join("testdata/fixtures", dir)
		c := DefaultTextConfig()
		if err := c.ReadHubConfig(filepath.Join(folder, "config.json")); err != nil {
			t.Fatal(err)
		}
		text, store := newText(t, c)
		if err := text.LoadHub(store.Root(), folder); err != nil {
			t.Fatal(err)
		}
		nntest.Do(t, func() {
			for _, p := range store.Params() {
				r.Near("param."+p.Name, p.Tensor, 0)
			}
		})
	}
}

func TestLoadHubTellsWhatDiffers(t *testing.T) {
	_, c := textReference(t)
	c.Inner, c.Layers, c.FrozenLayers = 48, 4, 0
	text, store := newText(t, c)
	var mismatch *nn.MismatchError
	if err := text.LoadHub(store.Root(), "testdata/fixtures/bert-hub"); !errors.As(err, &mismatch) {
		t.Fatalf("want a mismatch, got %v", err)
	}
	// The fourth layer's 16 parameters, and three of the MLP in each of the other layers.
	if len(mismatch.Missing) != 16 || len(mismatch.Shapes) != 9 || len(mismatch.Unused) != 0 {
		t.Errorf("want 16 missing and 9 shapes, got %d, %d and %d unused: %v", len(mismatch.Missing), len(mismatch.Shapes), len(mismatch.Unused), mismatch)
	}
	if want := "encoder.layer.0.intermediate.dense.weight: want [48 32], got [64 32]"; !slices.Contains(mismatch.Shapes, want) {
		t.Errorf("want %q in %v", want, mismatch.Shapes)
	}
	if err := text.LoadHub(store.Root(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "want model.safetensors or pytorch_model.bin in this folder") {
		t.Errorf("want the missing files named, got %v", err)
	}
}

// TestLoadHubWithoutPooler leaves the pooler out: an error where it is used, none with the mean.
func TestLoadHubWithoutPooler(t *testing.T) {
	src, err := weights.Load("testdata/fixtures/bert-hub")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var some []weights.Tensor
	for _, name := range src.Names() {
		w, err := src.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(name, "pooler.") {
			some = append(some, w)
		}
	}
	dir := t.TempDir()
	if err := weights.WriteSafetensors(filepath.Join(dir, "model.safetensors"), some, nil); err != nil {
		t.Fatal(err)
	}
	_, c := textReference(t)
	for pool, fits := range map[string]bool{PoolMean: true, PoolPooler: false} {
		c.Pool = pool
		text, store := newText(t, c)
		if err := text.LoadHub(store.Root(), dir); (err == nil) != fits {
			t.Errorf("%s: want it to fit: %v, got %v", pool, fits, err)
		}
	}
}

func TestReadHubConfigRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"hidden_act": "relu"}`: `hidden_act: want "gelu", got "relu"`,
		`{"hidden_size": 30, "num_attention_heads": 4, "vocab_size": 9, "num_hidden_layers": 1, "intermediate_size": 8}`: "text.heads: want a divisor of the width 30, got 4",
		`{}`:                 "text.vocab: want 1 or more, got 0",
		`{"hidden_size": "x`: "unexpected end of JSON input",
	} {
		file := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		c := DefaultTextConfig()
		if err := c.ReadHubConfig(file); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: want %q with the file, got %v", text, want, err)
		}
	}
}

func TestFrozen(t *testing.T) {
	c := DefaultTextConfig()
	c.Layers, c.FrozenLayers, c.Pool = 12, 8, PoolPooler
	for name, want := range map[string]bool{
		"embeddings.LayerNorm.weight":                     true,
		"encoder.layer.7.output.dense.bias":               true,
		"encoder.layer.8.output.dense.bias":               false,
		"encoder.layer.11.attention.self.query.weight":    false,
		"encoder.layer.1.attention.output.LayerNorm.bias": true,
		"pooler.dense.weight":                             false,
	} {
		if got := c.Frozen(name); got != want {
			t.Errorf("%s: want frozen %v, got %v", name, want, got)
		}
	}
	c.FrozenLayers, c.Pool = 0, PoolMean
	if c.Frozen("embeddings.LayerNorm.weight") || !c.Frozen("pooler.dense.weight") {
		t.Error("want the embeddings to train from scratch, and an unused pooler not to")
	}
}

func TestTextFreesItsTensors(t *testing.T) {
	r, c := textReference(t)
	c.Dropout, c.AttentionDropout = 0.1, 0.1
	text, store := newText(t, c)
	var params []tensor.Tensor
	for _, p := range store.Trainable() {
		params = append(params, p.Tensor)
	}
	nntest.Balanced(t, "forward", func() { text.Forward(r.Tensor("input.ids"), r.Tensor("input.mask"), false) })
	nntest.Balanced(t, "forward and backward", func() {
		text.Forward(r.Tensor("input.ids"), r.Tensor("input.mask"), true).Embedding.Sum().Backward()
		tensor.ZeroGrads(params)
	})
	nntest.Refuses(t, "want at most 64 tokens, got 65", func() {
		ids := tensor.Zeros(tensor.CPU, tensor.Int64, 1, 65)
		text.Forward(ids, tensor.Full(tensor.CPU, tensor.Int64, 1, 1, 65), true)
	})
	nntest.Refuses(t, "index out of range", func() {
		text.Forward(tensor.Full(tensor.CPU, tensor.Int64, 120, 1, 4), tensor.Full(tensor.CPU, tensor.Int64, 1, 1, 4), true)
	})
}
