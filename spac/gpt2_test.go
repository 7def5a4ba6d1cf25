package spac

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/optim"
	"plip/internal/tensor"
	"plip/internal/weights"
)

// gpt2Reference is the generator at small size, without dropout, with the reference's weights.
func gpt2Reference(t *testing.T) (*nntest.Reference, *GPT2, *nn.Store) {
	t.Helper()
	r := nntest.Open(t, "testdata/fixtures/gpt2-tiny.safetensors")
	var size struct {
		Width     int64 `json:"n_embd"`
		Layers    int64 `json:"n_layer"`
		Heads     int64 `json:"n_head"`
		Positions int64 `json:"n_positions"`
		Vocab     int64 `json:"vocab_size"`
	}
	r.Config("config", &size)
	c := DefaultGPT2Config()
	c.Width, c.Layers, c.Heads, c.Positions, c.Vocab, c.Dropout = size.Width, size.Layers, size.Heads, size.Positions, size.Vocab, 0
	g, store := newGPT2(t, c)
	r.Load(store)
	return r, g, store
}

// newGPT2 makes a generator whose store lives as long as the test.
func newGPT2(t *testing.T, c GPT2Config) (*GPT2, *nn.Store) {
	t.Helper()
	return newGPT2Seeded(t, c, 1)
}

func newGPT2Seeded(t *testing.T, c GPT2Config, seed int64) (*GPT2, *nn.Store) {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	store := nn.NewStore(tensor.CPU)
	t.Cleanup(store.Close)
	var g *GPT2
	nntest.Do(t, func() {
		tensor.Seed(seed)
		g = NewGPT2(store.Root().Sub("transformer"), c)
	})
	return g, store
}

func TestGPT2Parity(t *testing.T) {
	r, g, store := gpt2Reference(t)
	for _, at := range []string{"p3.", "p23."} {
		nntest.Do(t, func() {
			prefix, ids, mask := r.Tensor(at+"input.prefix").RequireGrad(true), r.Tensor(at+"input.ids"), r.Tensor(at+"input.mask")
			n, p, _ := prefix.Dims3()
			rows := tensor.Cat(1, tensor.Full(tensor.CPU, tensor.Float32, 1, n, p), mask.As(tensor.Float32)).Unsqueeze(2)
			r.Near(at+"out.logits", g.Logits(g.Hidden(prefix, ids, false)).Mul(rows), nntest.Outputs)
			loss := g.Loss(prefix, ids, mask, true)
			r.Near(at+"out.loss", loss, nntest.Outputs)
			loss.Backward()
			r.Near(at+"grad.prefix", prefix.Grad(), nntest.Gradients)
			var params []tensor.Tensor
			for _, param := range store.Params() {
				r.Near(at+"grad."+param.Name, param.Tensor.Grad(), nntest.Gradients)
				params = append(params, param.Tensor)
			}
			tensor.ZeroGrads(params)
		})
	}
}

// TestGPT2TenSteps trains on one batch as PyTorch did: losses, then the parameters.
func TestGPT2TenSteps(t *testing.T) {
	r, g, store := gpt2Reference(t)
	want := nntest.Open(t, "testdata/fixtures/gpt2-steps.safetensors")
	c := optim.DefaultConfig(optim.AdamW)
	var lr float64
	want.Config("lr", &lr)
	want.Config("weight_decay", &c.WeightDecay)
	o, err := optim.New(c, []optim.Group{{Params: store.Trainable(), Scale: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	nntest.Do(t, func() {
		var losses []float32
		for range want.Tensor("losses").NumElements() {
			loss := g.Loss(r.Tensor("p3.input.prefix"), r.Tensor("p3.input.ids"), r.Tensor("p3.input.mask"), true)
			losses = append(losses, loss.Float32s()...)
			o.ZeroGrad()
			loss.Backward()
			o.Step(lr)
		}
		nntest.Near(t, "losses", want.Tensor("losses").Float32s(), losses, nntest.Outputs)
		// AdamW divides by the gradient's magnitude, so that where it is nearly zero noise becomes whole steps: the
		// key part of the attention's biases, whose gradient is zero. Elsewhere steps agree to a thousandth of lr.
		for _, p := range store.Params() {
			got, after := p.Tensor.Float32s(), want.Tensor("after."+strings.TrimPrefix(p.Name, "transformer.")).Float32s()
			if strings.HasSuffix(p.Name, "c_attn.bias") {
				third := len(got) / 3
				got, after = slices.Delete(got, third, 2*third), slices.Delete(after, third, 2*third)
			}
			nntest.Near(t, p.Name, after, got, 1e-4)
		}
	})
}

func TestGPT2Names(t *testing.T) {
	_, _, store := gpt2Reference(t)
	nntest.Golden(t, "testdata/names/gpt2.txt", store)
}

// TestGPT2LoadHub reads both layouts of the hub, which hold the reference's weights.
func TestGPT2LoadHub(t *testing.T) {
	r, _, _ := gpt2Reference(t)
	for _, dir := range []string{"gpt2-hub", "gpt2-hub-old"} {
		folder := filepath.Join("testdata/fixtures", dir)
		c := DefaultGPT2Config()
		if err := c.ReadHubConfig(filepath.Join(folder, "config.json")); err != nil {
			t.Fatal(err)
		}
		g, store := newGPT2(t, c)
		if err := g.LoadHub(store.Root().Sub("transformer"), folder); err != nil {
			t.Fatal(err)
		}
		nntest.Do(t, func() {
			for _, p := range store.Params() {
				r.Near("param."+p.Name, p.Tensor, 0)
			}
		})
	}
}

// TestGPT2LoadHubRefusesAnotherHead gives the output layer values of its own, then the tied ones.
func TestGPT2LoadHubRefusesAnotherHead(t *testing.T) {
	src, err := weights.Load("testdata/fixtures/gpt2-hub")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	_, g, store := gpt2Reference(t)
	for _, tied := range []bool{true, false} {
		var all []weights.Tensor
		for _, name := range src.Names() {
			w, err := src.Tensor(name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, w)
			if name == "transformer.wte.weight" {
				head := w
				head.Name, head.Data = "lm_head.weight", slices.Clone(w.Data)
				if !tied {
					head.Data[0] ^= 1
				}
				all = append(all, head)
			}
		}
		dir := t.TempDir()
		if err := weights.WriteSafetensors(filepath.Join(dir, "model.safetensors"), all, nil); err != nil {
			t.Fatal(err)
		}
		err := g.LoadHub(store.Root().Sub("transformer"), dir)
		if tied && err != nil || !tied && (err == nil || !strings.Contains(err.Error(), "lm_head.weight: want the token embeddings transformer.wte.weight, got other values")) {
			t.Errorf("tied %v: got %v", tied, err)
		}
	}
}

func TestGPT2ReadHubConfigRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"activation_function": "relu"}`:                                              `activation_function: want "gelu_new", got "relu"`,
		`{"n_embd": 8, "n_inner": 16}`:                                                 "n_inner: want 32, got 16",
		`{"n_embd": 30, "n_head": 4, "vocab_size": 9, "n_layer": 1, "n_positions": 4}`: "generator.heads: want a divisor of the width 30, got 4",
	} {
		file := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		c := DefaultGPT2Config()
		if err := c.ReadHubConfig(file); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: want %q with the file, got %v", text, want, err)
		}
	}
}

func TestGPT2FreesItsTensors(t *testing.T) {
	r, g, store := gpt2Reference(t)
	o, err := optim.New(optim.DefaultConfig(optim.Adan), []optim.Group{{Params: store.Trainable(), Scale: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	nntest.Balanced(t, "training step", func() {
		g.Loss(r.Tensor("p3.input.prefix"), r.Tensor("p3.input.ids"), r.Tensor("p3.input.mask"), true).Backward()
		o.Step(1e-4)
		o.ZeroGrad()
	})
	nntest.Refuses(t, "cat of [1 60 16] and [1 2 32]", func() { // the scope's tensors of a pass that began
		g.Hidden(tensor.Zeros(tensor.CPU, tensor.Float32, 1, 60, 16), tensor.Zeros(tensor.CPU, tensor.Int64, 1, 2), true)
	})
}
