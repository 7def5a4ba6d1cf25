package trainer

import (
	"fmt"
	"strings"
	"testing"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
)

// visualReference is the release's encoder at small size.
func visualReference(t *testing.T) (*nntest.Reference, VisualConfig) {
	r := nntest.Open(t, "testdata/fixtures/visual-tiny.safetensors")
	c := DefaultVisualConfig()
	c.Pool = PoolAttention
	r.Config("layers", &c.Layers)
	r.Config("width", &c.Width)
	r.Config("output_dim", &c.Dim)
	r.Config("heads", &c.Heads)
	r.Config("height", &c.Height)
	r.Config("width_px", &c.Px)
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return r, c
}

// newVisual makes an encoder whose store lives as long as the test.
func newVisual(t *testing.T, c VisualConfig) (*Visual, *nn.Store) {
	t.Helper()
	store := nn.NewStore(tensor.CPU)
	t.Cleanup(store.Close)
	var v *Visual
	nntest.Do(t, func() {
		tensor.Seed(1)
		v = NewVisual(store.Root(), c)
	})
	return v, store
}

func TestVisualParity(t *testing.T) {
	r, c := visualReference(t)
	v, store := newVisual(t, c)
	r.Load(store)
	nntest.Do(t, func() {
		x := r.Tensor("input")
		out := v.Forward(x, false)
		for i, m := range out.Maps {
			r.Near(fmt.Sprintf("eval.x%d", i+1), m, nntest.Outputs)
		}
		r.Near("eval.feat", out.Embedding, nntest.Outputs)
		out = v.Forward(x, true)
		r.Near("train.feat", out.Embedding, nntest.Outputs)
		out.Embedding.Square().Mean().Add(out.Maps[3].Mean()).Backward()
		r.Gradients(store, "grad.", false)
		for _, name := range r.Names("after.") {
			p, ok := store.Lookup(name)
			if !ok {
				t.Errorf("%s: the model has no such buffer", name)
				continue
			}
			r.Near("after."+name, p.Tensor, nntest.Outputs)
		}
	})
}

// TestVisualNames holds the names that released checkpoints load by.
func TestVisualNames(t *testing.T) {
	for _, pool := range []string{PoolAttention, PoolMax} {
		c := VisualConfig{Layers: []int{1, 2, 1, 1}, Width: 8, Height: 64, Px: 32, Pool: pool, Heads: 4, Dim: 48}
		_, store := newVisual(t, c)
		nntest.Golden(t, "testdata/names/visual-"+pool+".txt", store)
	}
}

// TestVisualIgnoresBatchMates embeds images alone and together.
func TestVisualIgnoresBatchMates(t *testing.T) {
	r, c := visualReference(t)
	for _, c.Pool = range []string{PoolAttention, PoolMax, PoolAverage} {
		v, _ := newVisual(t, c)
		nntest.Do(t, func() {
			defer tensor.NoGrad()()
			x := r.Tensor("input")
			together := v.Forward(x, false).Embedding
			for i := range x.Dim(0) {
				alone := v.Forward(x.Narrow(0, i, 1), false).Embedding
				nntest.Near(t, fmt.Sprintf("%s: image %d", c.Pool, i), together.Narrow(0, i, 1).Float32s(), alone.Float32s(), nntest.Outputs)
			}
		})
	}
}

// TestVisualPools compares the poolings with their formulas.
func TestVisualPools(t *testing.T) {
	r, c := visualReference(t)
	for _, c.Pool = range []string{PoolMax, PoolAverage} {
		v, store := newVisual(t, c)
		nntest.Do(t, func() {
			defer tensor.NoGrad()()
			out := v.Forward(r.Tensor("input"), false)
			maps := out.Maps[3].Float32s() // [N, C, H, W]
			n, ch, h, w := out.Maps[3].Dims4()
			pooled := make([]float32, n*ch)
			for i := range pooled {
				at := maps[int64(i)*h*w : (int64(i)+1)*h*w]
				sum, most := float32(0), at[0]
				for _, x := range at {
					sum += x
					most = max(most, x)
				}
				pooled[i] = most
				if c.Pool == PoolAverage {
					pooled[i] = sum / float32(h*w)
				}
			}
			proj, _ := store.Lookup("proj.weight")
			bias, _ := store.Lookup("proj.bias")
			want := tensor.FromFloat32(tensor.CPU, pooled, n, ch).Linear(proj.Tensor, bias.Tensor)
			nntest.Near(t, c.Pool, want.Float32s(), out.Embedding.Float32s(), nntest.Outputs)
		})
	}
}

func TestVisualFreesItsTensors(t *testing.T) {
	r, c := visualReference(t)
	v, store := newVisual(t, c)
	var params []tensor.Tensor
	for _, p := range store.Trainable() {
		params = append(params, p.Tensor)
	}
	nntest.Balanced(t, "forward", func() { v.Forward(r.Tensor("input"), false) })
	nntest.Balanced(t, "forward and backward", func() {
		v.Forward(r.Tensor("input"), true).Embedding.Sum().Backward()
		tensor.ZeroGrads(params)
	})
	nntest.Refuses(t, "want [N 3 H W], got [2 1 64 32]", func() { v.Forward(tensor.Zeros(tensor.CPU, tensor.Float32, 2, 1, 64, 32), true) })
	nntest.Refuses(t, "want 2 positions, got 4", func() { v.Forward(tensor.Zeros(tensor.CPU, tensor.Float32, 2, 3, 64, 64), true) })
}

func TestVisualConfigProblems(t *testing.T) {
	c := VisualConfig{Layers: []int{1, 1}, Width: 3, Height: 60, Px: 32, Pool: "sum", Heads: 0, Dim: 0}
	err := c.Validate()
	for _, want := range []string{"visual.layers", "visual.width", "visual.height", "visual.pool", "visual.dim"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want the problem of %s told, got %v", want, err)
		}
	}
}
