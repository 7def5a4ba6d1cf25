package check

import (
	"fmt"

	"plip/internal/nn"
	"plip/internal/tensor"
	"plip/spac"
)

// checkBranches runs the captioner's branches and style encoders on one level of the pyramid. The loss is the sum over
// styles s of (s+1) times the mean over batch and tokens of tanh(sum_d out.style.s * input.weight).
func checkBranches(f *tensorFixture) error {
	var size struct{ N, C, H, W, Dim int64 }
	if err := f.config("config", &size); err != nil {
		return err
	}
	store := nn.NewStore(tensor.CPU)
	defer store.Close()
	return tensor.Do(func(*tensor.Scope) error {
		b := spac.NewBranches(store.Root(), spac.BranchesConfig{Channels: size.C, Dim: size.Dim, AttributeTokens: spac.AttributeTokens})
		if err := f.load(store, "param."); err != nil {
			return err
		}
		level, weight := f.input("input.level").RequireGrad(true), f.input("input.weight")
		out := b.Forward(level, false)
		for k, a := range out.Attributes {
			f.compare("out.attribute", fmt.Sprintf("out.attribute.%d", k), a, outputs)
		}
		f.compare("out.sentence", "out.sentence", out.Sentence, outputs)
		loss := tensor.Zeros(tensor.CPU, tensor.Float32)
		for s, style := range out.Styles {
			f.compare("out.style", fmt.Sprintf("out.style.%d", s), style, outputs)
			loss = loss.Add(style.Mul(weight).SumDim(false, 2).Tanh().Mean().Scale(float64(s + 1)))
		}
		f.compare("out.loss", "out.loss", loss, outputs)
		loss.Backward()
		f.gradients(store, "grad.")
		f.compare("grad.input", "grad.input.level", level.Grad(), gradients)
		return nil
	})
}

// checkFPN runs the prefix encoder's ResNet and feature pyramid without training. The loss is the sum over levels of
// mean(pL * input.weight.pL).
func checkFPN(f *tensorFixture) error {
	var size struct {
		N, Width, Out, H, W int64
		Layers              []int
	}
	if err := f.config("config", &size); err != nil {
		return err
	}
	if len(size.Layers) != 4 {
		return fmt.Errorf("layers: want four, got %v", size.Layers)
	}
	store := nn.NewStore(tensor.CPU)
	defer store.Close()
	return tensor.Do(func(*tensor.Scope) error {
		body := spac.NewResNet(store.Root().Sub("body"), size.Layers, size.Width)
		channels := make([]int64, 4)
		for i := range channels {
			channels[i] = 4 * size.Width << i
		}
		fpn := nn.NewFPN(store.Root().Sub("fpn"), channels, size.Out)
		if err := f.load(store, "param."); err != nil {
			return err
		}
		image := f.input("input.image").RequireGrad(true) // [N, 3, H, W]
		stages := body.Forward(image, false)
		for i, c := range stages {
			name := fmt.Sprintf("out.c%d", i+2)
			f.compare(name, name, c, outputs)
		}
		loss := tensor.Zeros(tensor.CPU, tensor.Float32)
		for i, p := range fpn.Forward(stages) {
			level := fmt.Sprintf("p%d", i+2)
			f.compare("out."+level, "out."+level, p, outputs)
			// The captioner reads one level alone.
			f.compare("out."+level+" alone", "out."+level, fpn.Level(stages, i), outputs)
			loss = loss.Add(p.Mul(f.input("input.weight." + level)).Mean())
		}
		f.compare("out.loss", "out.loss", loss, outputs)
		loss.Backward()
		f.gradients(store, "grad.")
		f.compare("grad.input", "grad.input.image", image.Grad(), gradients)
		return nil
	})
}
