package spac

import (
	"fmt"
	"math"
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

const gpt2EOS, gpt2Limit = 319, 12 // of the reference

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
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	store := nn.NewStore(tensor.CPU)
	t.Cleanup(store.Close)
	var g *GPT2
	nntest.Do(t, func() {
		tensor.Seed(1)
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

func TestGPT2Decodes(t *testing.T) {
	r, g, _ := gpt2Reference(t)
	for _, at := range []string{"p3.", "p23."} {
		nntest.Do(t, func() {
			prefix := r.Tensor(at + "input.prefix")
			want, lengths := r.Tensor(at+"greedy").Int64s(), r.Tensor(at+"greedy_length").Int64s()
			ids, ended := g.Greedy(prefix, gpt2EOS, gpt2Limit)
			for i := range ids {
				if got := filled(ids[i]); !slices.Equal(got, want[i*gpt2Limit:(i+1)*gpt2Limit]) {
					t.Errorf("%sgreedy %d: want %v, got %v", at, i, want[i*gpt2Limit:(i+1)*gpt2Limit], got)
				}
				length := int64(len(ids[i]))
				if ended[i] {
					length++
				}
				if length != lengths[i] {
					t.Errorf("%sgreedy %d: want length %d, got %d", at, i, lengths[i], length)
				}
			}
			beams, scores := r.Tensor(at+"beam").Int64s(), r.Tensor(at+"beam_score").Float32s()
			for i, hypotheses := range g.Beam(prefix, gpt2EOS, gpt2Limit, 3, 1) {
				if len(hypotheses) != 3 {
					t.Fatalf("%sbeam %d: want 3 hypotheses, got %d", at, i, len(hypotheses))
				}
				for k, h := range hypotheses {
					from := (3*i + k) * gpt2Limit
					if got := filled(h.IDs); !slices.Equal(got, beams[from:from+gpt2Limit]) {
						t.Errorf("%sbeam %d, %d: want %v, got %v", at, i, k, beams[from:from+gpt2Limit], got)
					}
					if math.Abs(float64(scores[3*i+k])-h.Score) > 1e-5 {
						t.Errorf("%sbeam %d, %d: want score %v, got %v", at, i, k, scores[3*i+k], h.Score)
					}
				}
			}
		})
	}
}

// filled is a sequence of the reference's length, filled with the end of text.
func filled(ids []int32) []int64 {
	out := make([]int64, gpt2Limit)
	for i := range out {
		out[i] = gpt2EOS
		if i < len(ids) {
			out[i] = int64(ids[i])
		}
	}
	return out
}

// TestGreedyIsTheArgMaxOfTheWholePass runs the whole sequence anew for every token, without cache.
func TestGreedyIsTheArgMaxOfTheWholePass(t *testing.T) {
	r, g, _ := gpt2Reference(t)
	nntest.Do(t, func() {
		defer tensor.NoGrad()()
		prefix := r.Tensor("p3.input.prefix")
		got, _ := g.Greedy(prefix, -1, 8) // no id is the end: all run to the limit
		n, p, _ := prefix.Dims3()
		for i := range n {
			one := prefix.Narrow(0, i, 1)
			var ids []int64
			for step := range int64(8) {
				var so tensor.Tensor
				if step > 0 {
					so = tensor.FromInt64(tensor.CPU, ids, 1, step)
				}
				ids = append(ids, g.Logits(g.Hidden(one, so, false)).Select(1, p+step-1).ArgMax(1).Int64s()...)
			}
			for k, id := range ids {
				if int64(got[i][k]) != id {
					t.Fatalf("sequence %d: want %v, got %v", i, ids, got[i])
				}
			}
		}
		// One beam is greedy decoding with the end of text counted in.
		greedy, ended := g.Greedy(prefix, gpt2EOS, gpt2Limit)
		for i, h := range g.Beam(prefix, gpt2EOS, gpt2Limit, 1, 1) {
			want := greedy[i]
			if ended[i] {
				want = append(want, gpt2EOS)
			}
			if !slices.Equal(h[0].IDs, want) {
				t.Errorf("one beam, sequence %d: want %v, got %v", i, want, h[0].IDs)
			}
		}
	})
}

// TestGreedyIgnoresBatchMates decodes each prefix alone and among others.
func TestGreedyIgnoresBatchMates(t *testing.T) {
	r, g, _ := gpt2Reference(t)
	nntest.Do(t, func() {
		prefix := r.Tensor("p23.input.prefix")
		together, _ := g.Greedy(prefix, gpt2EOS, gpt2Limit)
		beams := g.Beam(prefix, gpt2EOS, gpt2Limit, 3, 1)
		for i := range prefix.Dim(0) {
			alone, _ := g.Greedy(prefix.Narrow(0, i, 1), gpt2EOS, gpt2Limit)
			if !slices.Equal(alone[0], together[i]) {
				t.Errorf("greedy %d: alone %v, together %v", i, alone[0], together[i])
			}
			if one := g.Beam(prefix.Narrow(0, i, 1), gpt2EOS, gpt2Limit, 3, 1)[0]; !slices.Equal(one[0].IDs, beams[i][0].IDs) {
				t.Errorf("beam %d: alone %v, together %v", i, one[0].IDs, beams[i][0].IDs)
			}
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
	nntest.Balanced(t, "greedy", func() { g.Greedy(r.Tensor("p3.input.prefix"), gpt2EOS, gpt2Limit) })
	nntest.Balanced(t, "beam", func() { g.Beam(r.Tensor("p3.input.prefix"), gpt2EOS, gpt2Limit, 3, 1) })
	// 64 positions: a prefix of 60 leaves room for four tokens, the fifth fails in the middle of decoding.
	long := func() tensor.Tensor { return tensor.Zeros(tensor.CPU, tensor.Float32, 1, 60, 32) }
	want := fmt.Sprintf("want at most 64 positions, got %d", 65)
	nntest.Refuses(t, want, func() { g.Greedy(long(), -1, gpt2Limit) })
	nntest.Refuses(t, want, func() { g.Beam(long(), -1, gpt2Limit, 3, 1) })
	nntest.Refuses(t, "cat of [1 60 16] and [1 2 32]", func() { // the scope's tensors of a pass that began
		g.Hidden(tensor.Zeros(tensor.CPU, tensor.Float32, 1, 60, 16), tensor.Zeros(tensor.CPU, tensor.Int64, 1, 2), true)
	})
}
