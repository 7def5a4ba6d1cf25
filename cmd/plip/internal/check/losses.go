package check

import (
	"fmt"

	"plip/internal/tensor"
	"plip/trainer"
)

// contrastByName are the configurations behind out.LOSS of a plip-losses fixture.
var contrastByName = map[string]func(*trainer.ContrastConfig){
	"cmpm_l2":     func(c *trainer.ContrastConfig) { c.Norm = trainer.NormL2 },
	"cmpm_sum":    func(c *trainer.ContrastConfig) { c.Norm = trainer.NormSum },
	"sdm":         func(c *trainer.ContrastConfig) { c.Kind, c.Temperature = trainer.ContrastSDM, 0.02 },
	"infonce":     func(c *trainer.ContrastConfig) { c.Kind, c.Temperature = trainer.ContrastInfoNCE, 0.07 },
	"infonce_002": func(c *trainer.ContrastConfig) { c.Kind, c.Temperature = trainer.ContrastInfoNCE, 0.02 },
}

// checkLosses runs every contrastive loss of the pre-training (out.LOSS) and its gradients by both embeddings.
func checkLosses(f *tensorFixture) error {
	c := trainer.DefaultContrastConfig()
	if err := f.config("epsilon", &c.Epsilon); err != nil {
		return err
	}
	return tensor.Do(func(*tensor.Scope) error {
		for _, name := range f.names("out.") {
			change, ok := contrastByName[name]
			if !ok {
				return fmt.Errorf("out.%s: loss is unknown", name)
			}
			c := c
			change(&c)
			if err := c.Validate(); err != nil {
				return err
			}
			v, t := f.input("input.v").RequireGrad(true), f.input("input.t").RequireGrad(true) // [N, D]
			loss := c.Contrast(v, t, f.input("input.labels"))
			f.compare(name, "out."+name, loss, outputs)
			loss.Backward()
			f.compare(name+" grad", "grad."+name+".v", v.Grad(), gradients)
			f.compare(name+" grad", "grad."+name+".t", t.Grad(), gradients)
		}
		return nil
	})
}
