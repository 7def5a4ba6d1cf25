package trainer

import (
	"fmt"
	"math"
	"testing"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
)

func TestColorizerParity(t *testing.T) {
	r := nntest.Open(t, "testdata/fixtures/tic-tiny.safetensors")
	var size struct{ N, Width, K, Text, H, W int64 }
	r.Config("config", &size)
	for name, distance := range map[string]string{"mse": DistanceL2, "l1": DistanceL1} {
		store := nn.NewStore(tensor.CPU)
		t.Cleanup(store.Close)
		nntest.Do(t, func() {
			z := NewColorizer(store.Root(), ColorizeConfig{Distance: distance, Channels: size.K}, VisualConfig{Width: size.Width}.Channels(), size.Text)
			r.Load(store)
			var maps [4]tensor.Tensor
			for i := range maps {
				maps[i] = r.Tensor(fmt.Sprintf("input.x%d", i+1)).RequireGrad(true)
			}
			text := r.Tensor("input.text").RequireGrad(true)
			r.Near("out.fused", z.Fuse(maps), nntest.Outputs)
			image := z.Forward(maps, text)
			r.Near("out.image", image, nntest.Outputs)
			loss := z.Loss(image, r.Tensor("input.target"))
			r.Near("out."+name, loss, nntest.Outputs)
			loss.Backward()
			for i := range maps {
				r.Near(fmt.Sprintf("grad.%s.input.x%d", name, i+1), maps[i].Grad(), nntest.Gradients)
			}
			r.Near("grad."+name+".input.text", text.Grad(), nntest.Gradients)
			r.Gradients(store, "grad."+name+".", true)
		})
	}
}

// TestColorizerSizes colours images whose last map is rounded down: every other map still reaches the first one's size.
func TestColorizerSizes(t *testing.T) {
	for _, size := range [][2]int64{{32, 32}, {96, 48}, {64, 80}} {
		m := newTestModel(t, func(c *Config) {
			threeTasks(c)
			c.Visual.Height, c.Visual.Px = size[0], size[1]
		})
		nntest.Balanced(t, fmt.Sprint(size), func() {
			defer tensor.NoGrad()()
			x := tensor.Zeros(tensor.CPU, tensor.Float32, 2, 3, size[0], size[1])
			y := m.Colorizer.Forward(m.Visual.Maps(x, false), tensor.Zeros(tensor.CPU, tensor.Float32, 2, 32))
			if got := fmt.Sprint(y.Shape()); got != fmt.Sprint(x.Shape()) {
				t.Errorf("want images %v, got %v", x.Shape(), got)
			}
		})
	}
}

// TestColorizerReadsTheText colours one image by two captions.
func TestColorizerReadsTheText(t *testing.T) {
	m := newTestModel(t, threeTasks)
	nntest.Do(t, func() {
		defer tensor.NoGrad()()
		c := m.Config.Visual
		maps := m.Visual.Maps(tensor.FromFloat32(tensor.CPU, randomImages(m, 1), 1, 3, c.Height, c.Px), false)
		a := m.Colorizer.Forward(maps, tensor.Zeros(tensor.CPU, tensor.Float32, 1, 32))
		b := m.Colorizer.Forward(maps, tensor.Full(tensor.CPU, tensor.Float32, 3, 1, 32))
		if d := a.Sub(b).Abs().Mean().Item(); !(d > 1e-5) || math.IsInf(d, 0) {
			t.Errorf("want other colours for another text, got a mean difference of %v", d)
		}
	})
}
