package check

import (
	"plip/internal/nn"
	"plip/internal/tensor"
	"plip/trainer"
)

// checkColorizer runs the colourisation decoder on given maps of the four stages: out.fused, out.image, both distances
// (out.mse, out.l1) and their gradients, those by the inputs too.
func checkColorizer(f *tensorFixture) error {
	var size struct{ N, Width, K, Text, H, W int64 }
	if err := f.config("config", &size); err != nil {
		return err
	}
	for name, distance := range map[string]string{"mse": trainer.DistanceL2, "l1": trainer.DistanceL1} {
		c := trainer.DefaultColorizeConfig()
		c.Distance, c.Channels = distance, size.K
		if err := c.Validate(); err != nil {
			return err
		}
		if err := f.colorizer(name, c, trainer.VisualConfig{Width: size.Width}.Channels(), size.Text); err != nil {
			return err
		}
	}
	return nil
}

// colorizer checks one distance, under the name that the file has for it.
func (f *tensorFixture) colorizer(name string, c trainer.ColorizeConfig, channels [4]int64, width int64) error {
	store := nn.NewStore(tensor.CPU)
	defer store.Close()
	return tensor.Do(func(*tensor.Scope) error {
		z := trainer.NewColorizer(store.Root(), c, channels, width)
		if err := f.load(store, "param."); err != nil {
			return err
		}
		var maps [4]tensor.Tensor
		inputs := []string{"x1", "x2", "x3", "x4"}
		for i, x := range inputs {
			maps[i] = f.input("input." + x).RequireGrad(true) // [N, 4w 2^i, H/2^(i+2), W/2^(i+2)]
		}
		text := f.input("input.text").RequireGrad(true) // [N, D]
		f.compare("out.fused", "out.fused", z.Fuse(maps), outputs)
		image := z.Forward(maps, text) // [N, 3, H, W]
		f.compare("out.image", "out.image", image, outputs)
		loss := z.Loss(image, f.input("input.target"))
		f.compare("out."+name, "out."+name, loss, outputs)
		loss.Backward()
		group := "grad." + name
		f.gradients(store, group+".")
		for i, x := range inputs {
			f.compare(group, group+".input."+x, maps[i].Grad(), gradients)
		}
		f.compare(group, group+".input.text", text.Grad(), gradients)
		return nil
	})
}

// checkAttributeHead runs the head of the attribute task with both fusions: the logits at the masked tokens, the loss
// and its gradients, those by the inputs too.
func checkAttributeHead(f *tensorFixture) error {
	var size struct{ N, Length, Dim, Heads, Vocab int64 }
	if err := f.config("config", &size); err != nil {
		return err
	}
	for _, fusion := range []string{trainer.FusionSum, trainer.FusionConcat} {
		c := trainer.DefaultAttributesConfig()
		c.Fusion, c.Heads = fusion, size.Heads
		if err := c.Validate(size.Dim); err != nil {
			return err
		}
		if err := f.attributeHead(c, size.Dim, size.Vocab); err != nil {
			return err
		}
	}
	return nil
}

// attributeHead checks one fusion.
func (f *tensorFixture) attributeHead(c trainer.AttributesConfig, dim, vocab int64) error {
	store := nn.NewStore(tensor.CPU)
	defer store.Close()
	return tensor.Do(func(*tensor.Scope) error {
		h := trainer.NewAttributeHead(store.Root(), c, dim, vocab)
		if err := f.load(store, "param."); err != nil {
			return err
		}
		hidden, image := f.input("input.hidden").RequireGrad(true), f.input("input.image").RequireGrad(true) // [N, L, D], [N, D]
		places := f.input("input.masked").Reshape(-1).NonZero()                                              // [M]
		logits := h.Forward(hidden, f.input("input.mask"), image, places)                                    // [M, V]
		out, grad := "out."+c.Fusion, "grad."+c.Fusion
		f.compare(out, out+".logits", logits, outputs)
		loss := h.Loss(logits, f.input("input.targets"))
		f.compare(out, out+".loss", loss, outputs)
		loss.Backward()
		f.gradients(store, grad+".")
		f.compare(grad, grad+".input.hidden", hidden.Grad(), gradients)
		f.compare(grad, grad+".input.image", image.Grad(), gradients)
		return nil
	})
}
