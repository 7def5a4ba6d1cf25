package check

import (
	"plip/internal/tensor"
	"plip/trainer"
)

// checkCMPMC runs the fine-tuning losses CMPM and CMPC of the release and the gradients of their sum.
func checkCMPMC(f *tensorFixture) error {
	c := trainer.DefaultContrastConfig()
	if err := f.config("epsilon", &c.Epsilon); err != nil {
		return err
	}
	return tensor.Do(func(*tensor.Scope) error {
		v, t := f.input("image").RequireGrad(true), f.input("text").RequireGrad(true) // [N, D]
		labels, w := f.input("labels"), f.input("W").RequireGrad(true)                // [N] int64, [D, K]
		cmpm := c.Contrast(v, t, labels)
		cmpc, imagePrecision, textPrecision := trainer.CMPC(v, t, labels, w)
		total := cmpm.Add(cmpc)
		f.compare("loss", "cmpm", cmpm, outputs)
		f.compare("loss", "cmpc", cmpc, outputs)
		f.compare("loss", "total", total, outputs)
		f.compare("precision", "image_precision", imagePrecision, stored)
		f.compare("precision", "text_precision", textPrecision, stored)
		total.Backward()
		f.compare("grad", "grad_image", v.Grad(), gradients)
		f.compare("grad", "grad_text", t.Grad(), gradients)
		f.compare("grad", "grad_W", w.Grad(), gradients)
		return nil
	})
}
