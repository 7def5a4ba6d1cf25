package nn_test

import (
	"fmt"
	"math"
	"testing"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
)

// TestMultiHead compares with the formula written out, with no mask, with padding, and causal.
func TestMultiHead(t *testing.T) {
	const n, l, d, heads = 2, 5, 8, 4
	nntest.Do(t, func() {
		tensor.Seed(1)
		random := func() tensor.Tensor { return tensor.Empty(tensor.CPU, tensor.Float32, n, l, d).Normal_(0, 1) }
		q, k, v := random(), random(), random()
		padding := tensor.FromInt64(tensor.CPU, []int64{1, 1, 1, 1, 1, 1, 1, 1, 0, 0}, n, l).EqNumber(1).Unsqueeze(1).Unsqueeze(1)
		for _, c := range []struct {
			name   string
			mask   tensor.Tensor
			causal bool
			sees   func(i, from, to int) bool
		}{
			{"open", tensor.Tensor{}, false, func(int, int, int) bool { return true }},
			{"padded", padding, false, func(i, _, to int) bool { return i == 0 || to < 3 }},
			{"causal", tensor.Tensor{}, true, func(_, from, to int) bool { return to <= from }},
		} {
			got := nn.MultiHead(q, k, v, c.mask, heads, 0, c.causal).Float32s()
			want := attention(q.Float32s(), k.Float32s(), v.Float32s(), n, l, d, heads, c.sees)
			nntest.Near(t, c.name, want, got, nntest.Outputs)
		}
	})
	nntest.Refuses(t, "width 8 is no multiple of 3 heads", func() {
		x := tensor.Zeros(tensor.CPU, tensor.Float32, n, l, d)
		nn.MultiHead(x, x, x, tensor.Tensor{}, 3, 0, false)
	})
}

// attention is softmax(q k / sqrt(E)) v by loops; sees tells whether position from attends to position to.
func attention(q, k, v []float32, n, l, d, heads int, sees func(i, from, to int) bool) []float32 {
	out := make([]float32, len(q))
	e := d / heads
	at := func(x []float32, i, p, h, j int) float64 { return float64(x[(i*l+p)*d+h*e+j]) }
	for i := range n {
		for h := range heads {
			for from := range l {
				weights, total := make([]float64, l), 0.0
				for to := range l {
					if !sees(i, from, to) {
						continue
					}
					dot := 0.0
					for j := range e {
						dot += at(q, i, from, h, j) * at(k, i, to, h, j)
					}
					weights[to] = math.Exp(dot / math.Sqrt(float64(e)))
					total += weights[to]
				}
				for j := range e {
					sum := 0.0
					for to := range l {
						sum += weights[to] / total * at(v, i, to, h, j)
					}
					out[(i*l+from)*d+h*e+j] = float32(sum)
				}
			}
		}
	}
	return out
}

// TestPreNormBlock runs the attribute head's block: image embedding added to every position, logits at the masked ones.
func TestPreNormBlock(t *testing.T) {
	r := nntest.Open(t, "testdata/fixtures/iap-tiny.safetensors")
	var size struct{ Dim, Heads, Vocab int64 }
	r.Config("config", &size)
	store := nn.NewStore(tensor.CPU)
	t.Cleanup(store.Close)
	var block *nn.PreNormBlock
	var vocab *nn.Linear
	nntest.Do(t, func() {
		block = nn.NewPreNormBlock(store.Root(), size.Dim, size.Heads)
		vocab = nn.NewLinear(store.Root().Sub("vocab"), size.Dim, size.Vocab)
	})
	r.Load(store)
	forward := func() (hidden, image, loss tensor.Tensor) {
		hidden, image = r.Tensor("input.hidden").RequireGrad(true), r.Tensor("input.image").RequireGrad(true)
		attend := r.Tensor("input.mask").EqNumber(1).Unsqueeze(1).Unsqueeze(1) // [N, 1, 1, L]
		h := block.Forward(hidden.Add(image.Unsqueeze(1)), attend)             // [N, L, D]
		var rows []int64
		for i, masked := range r.Tensor("input.masked").Int64s() {
			if masked == 1 {
				rows = append(rows, int64(i))
			}
		}
		logits := vocab.Forward(h.Reshape(-1, size.Dim).IndexSelect(0, tensor.FromInt64(tensor.CPU, rows, int64(len(rows)))))
		r.Near("out.sum.logits", logits, nntest.Outputs)
		return hidden, image, logits.CrossEntropy(r.Tensor("input.targets"), -100)
	}
	nntest.Do(t, func() {
		hidden, image, loss := forward()
		r.Near("out.sum.loss", loss, nntest.Outputs)
		loss.Backward()
		r.Near("grad.sum.input.hidden", hidden.Grad(), nntest.Gradients)
		r.Near("grad.sum.input.image", image.Grad(), nntest.Gradients)
		r.Gradients(store, "grad.sum.", true)
	})
	nntest.Balanced(t, "pre-norm block", func() { forward() })
}

// TestPacking brings sequences of 3, 1 and 4 tokens to rows and back.
func TestPacking(t *testing.T) {
	nntest.Do(t, func() {
		const n, l = 3, 4
		mask := tensor.FromInt64(tensor.CPU, []int64{1, 1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1}, n, l)
		ids := tensor.FromInt64(tensor.CPU, []int64{10, 11, 12, 0, 20, 0, 0, 0, 30, 31, 32, 33}, n, l)
		p := nn.NewPacking(mask)
		if got, want := fmt.Sprint(p.Tokens(ids).Int64s()), "[10 11 12 20 30 31 32 33]"; got != want {
			t.Errorf("tokens: want %s, got %s", want, got)
		}
		if got, want := fmt.Sprint(p.Positions().Int64s()), "[0 1 2 0 0 1 2 3]"; got != want {
			t.Errorf("positions: want %s, got %s", want, got)
		}
		x := ids.As(tensor.Float32).Unsqueeze(2).RequireGrad(true) // [N, L, 1]
		back := p.Unpack(p.Pack(x))
		m := mask.As(tensor.Float32).Unsqueeze(2)
		nntest.Near(t, "there and back", x.Float32s(), back.Mul(m).Float32s(), 0)
		// Each token's gradient is its own; padding has none.
		back.Mul(m).Mul(x.Detach()).Sum().Backward()
		nntest.Near(t, "gradient", x.Float32s(), x.Grad().Float32s(), 0)
	})
}

// TestPackingSizes packs 64 sequences of all lengths: few numbers of rows, the copies without a gradient.
func TestPackingSizes(t *testing.T) {
	const n, l = 64, 40
	sizes := map[int64]bool{}
	for longest := 20; longest <= l; longest++ {
		nntest.Do(t, func() {
			attend, tokens := make([]int64, n*l), 0
			for i := range n {
				for j := range 1 + (i*7+longest)%longest {
					attend[i*l+j] = 1
					tokens++
				}
			}
			mask := tensor.FromInt64(tensor.CPU, attend, n, l)
			p := nn.NewPacking(mask)
			x := tensor.Full(tensor.CPU, tensor.Float32, 1, n, l, 1).RequireGrad(true)
			packed := p.Pack(x) // [T, 1]
			rows, _ := packed.Dims2()
			if rows < int64(tokens) || rows > int64(tokens)*17/16 {
				t.Errorf("%d tokens: want rows for them and a sixteenth more at most, got %d", tokens, rows)
			}
			sizes[rows] = true
			p.Unpack(packed).Mul(mask.As(tensor.Float32).Unsqueeze(2)).Sum().Backward()
			nntest.Near(t, "gradient", mask.As(tensor.Float32).Float32s(), x.Grad().Float32s(), 0)
		})
	}
	if len(sizes) > 16 {
		t.Errorf("want at most 16 numbers of rows, got %d", len(sizes))
	}
}

// TestBatchNorm works one channel out by hand: mean 3, variance 5 (biased) or 20/3.
func TestBatchNorm(t *testing.T) {
	store := nn.NewStore(tensor.CPU)
	t.Cleanup(store.Close)
	nntest.Do(t, func() {
		b := nn.NewBatchNorm(store.Root(), 1, 2)
		x := tensor.FromFloat32(tensor.CPU, []float32{0, 2, 4, 6}, 2, 1, 1, 2)
		s := float32(2 / math.Sqrt(5+1e-5))
		nntest.Near(t, "training", []float32{-3 * s, -s, s, 3 * s}, b.Forward(x, true).Float32s(), nntest.Outputs)
		nntest.Near(t, "statistics", []float32{0.3, 0.9 + 2.0/3}, append(b.Mean.Float32s(), b.Variance.Float32s()...), nntest.Outputs)
		if got := b.Batches.Int64s()[0]; got != 1 {
			t.Errorf("want 1 batch counted, got %d", got)
		}
		r := float32(2 / math.Sqrt(0.9+2.0/3+1e-5))
		nntest.Near(t, "evaluation", []float32{-0.3 * r, 1.7 * r, 3.7 * r, 5.7 * r}, b.Forward(x, false).Float32s(), nntest.Outputs)
		if got := b.Batches.Int64s()[0]; got != 1 {
			t.Errorf("want evaluation not counted, got %d", got)
		}
	})
}

// TestConvTranspose2d doubles the resolution as the colourisation decoder does: one pixel spreads its kernel.
func TestConvTranspose2d(t *testing.T) {
	store := nn.NewStore(tensor.CPU)
	t.Cleanup(store.Close)
	nntest.Do(t, func() {
		c := nn.NewConvTranspose2d(store.Root(), 1, 1, 3, 2, 1, 1)
		k := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}
		restore := tensor.NoGrad()
		c.Weight.Copy_(tensor.FromFloat32(tensor.CPU, k, 1, 1, 3, 3))
		c.Bias.Fill_(0.5)
		restore()
		x := tensor.FromFloat32(tensor.CPU, []float32{0, 0, 0, 1}, 1, 1, 2, 2)
		want := []float32{0, 0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9}
		for i := range want {
			want[i] += 0.5
		}
		nntest.Near(t, "output", want, c.Forward(x).Float32s(), nntest.Outputs)
	})
}

func TestStageShapes(t *testing.T) {
	for _, averaging := range []bool{true, false} {
		store := nn.NewStore(tensor.CPU)
		t.Cleanup(store.Close)
		nntest.Do(t, func() {
			c := nn.StageConfig{In: 8, Planes: 4, Blocks: 2, Stride: 2, Averaging: averaging, LastGamma: 0}
			blocks := nn.NewStage(store.Root(), c)
			x := tensor.Empty(tensor.CPU, tensor.Float32, 2, 8, 6, 4).Normal_(0, 1)
			y := nn.ForwardStage(blocks, x, false)
			if got := fmt.Sprint(y.Shape()); got != "[2 16 3 2]" {
				t.Errorf("averaging %v: want [2 16 3 2], got %s", averaging, got)
			}
			// With a last weight of 0 a block is its shortcut, and the second block passes its input unchanged.
			one := nn.ForwardStage(blocks[:1], x, false)
			nntest.Near(t, "second block", one.Float32s(), y.Float32s(), 0)
		})
	}
}
