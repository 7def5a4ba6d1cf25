package spac

import (
	"fmt"
	"testing"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
)

func TestBranchesParity(t *testing.T) {
	r := nntest.Open(t, "testdata/fixtures/spac-branches.safetensors")
	var size struct{ C, Dim int64 }
	r.Config("config", &size)
	store := nn.NewStore(tensor.CPU)
	t.Cleanup(store.Close)
	nntest.Do(t, func() {
		b := NewBranches(store.Root(), size.C, size.Dim, AttributeTokens, 0.25)
		r.Load(store)
		level := r.Tensor("input.level").RequireGrad(true)
		out := b.Forward(level, false)
		for k, a := range out.Attributes {
			r.Near(fmt.Sprintf("out.attribute.%d", k), a, nntest.Outputs)
		}
		r.Near("out.sentence", out.Sentence, nntest.Outputs)
		loss := tensor.Zeros(tensor.CPU, tensor.Float32)
		for s, style := range out.Styles {
			r.Near(fmt.Sprintf("out.style.%d", s), style, nntest.Outputs)
			loss = loss.Add(style.Mul(r.Tensor("input.weight")).SumDim(false, 2).Tanh().Mean().Scale(float64(s + 1)))
		}
		r.Near("out.loss", loss, nntest.Outputs)
		loss.Backward()
		r.Near("grad.input.level", level.Grad(), nntest.Gradients)
		r.Gradients(store, "grad.", true)
	})
	nntest.Golden(t, "testdata/names/branches.txt", store)
}

func TestFPNParity(t *testing.T) {
	r := nntest.Open(t, "testdata/fixtures/spac-fpn.safetensors")
	var size struct {
		Width, Out int64
		Layers     []int
	}
	r.Config("config", &size)
	store := nn.NewStore(tensor.CPU)
	t.Cleanup(store.Close)
	nntest.Do(t, func() {
		body := NewResNet(store.Root().Sub("body"), size.Layers, size.Width)
		channels := []int64{4 * size.Width, 8 * size.Width, 16 * size.Width, 32 * size.Width}
		fpn := nn.NewFPN(store.Root().Sub("fpn"), channels, size.Out)
		r.Load(store)
		image := r.Tensor("input.image").RequireGrad(true)
		stages := body.Forward(image, false)
		for i, c := range stages {
			r.Near(fmt.Sprintf("out.c%d", i+2), c, nntest.Outputs)
		}
		loss := tensor.Zeros(tensor.CPU, tensor.Float32)
		for i, p := range fpn.Forward(stages) {
			level := fmt.Sprintf("p%d", i+2)
			r.Near("out."+level, p, nntest.Outputs)
			r.Near("out."+level, fpn.Level(stages, i), nntest.Outputs)
			loss = loss.Add(p.Mul(r.Tensor("input.weight." + level)).Mean())
		}
		r.Near("out.loss", loss, nntest.Outputs)
		loss.Backward()
		r.Near("grad.input.image", image.Grad(), nntest.Gradients)
		r.Gradients(store, "grad.", true)
	})
	nntest.Golden(t, "testdata/names/fpn.txt", store)
	nntest.Refuses(t, "want [N 3 H W], got [1 1 96 32]", func() {
		other := nn.NewStore(tensor.CPU)
		defer other.Close()
		NewResNet(other.Root(), size.Layers, size.Width).Forward(tensor.Zeros(tensor.CPU, tensor.Float32, 1, 1, 96, 32), true)
	})
}
