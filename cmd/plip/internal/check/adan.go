package check

import (
	"fmt"

	"plip/internal/nn"
	"plip/internal/optim"
	"plip/internal/tensor"
)

// checkAdan runs Adan over the parameters pI: gI.stepS are the gradients of step S, pI.stepS the parameters after it,
// pI.step0 those at first. What the metadata does not name is off.
func checkAdan(f *tensorFixture) error {
	c := optim.DefaultConfig(optim.Adan)
	c.WeightDecay = 0
	var lr float64
	if err := f.config("lr", &lr); err != nil {
		return err
	}
	for key, to := range map[string]any{"weight_decay": &c.WeightDecay, "max_grad_norm": &c.MaxGradNorm, "no_prox": &c.NoProx} {
		if f.has(key) {
			if err := f.config(key, to); err != nil {
				return err
			}
		}
	}
	store := nn.NewStore(tensor.CPU)
	defer store.Close()
	return tensor.Do(func(*tensor.Scope) error {
		for i := 0; len(f.names(fmt.Sprintf("p%d.", i))) > 0; i++ {
			at := f.input(fmt.Sprintf("p%d.step0", i))
			store.Root().Param(fmt.Sprintf("p%d", i), func(t tensor.Tensor) { t.Copy_(at) }, at.Shape()...)
		}
		params := store.Params()
		if len(params) == 0 {
			return fmt.Errorf("want parameters p0, p1, ..., got none")
		}
		o, err := optim.New(c, []optim.Group{{Params: params, Scale: 1}})
		if err != nil {
			return err
		}
		defer o.Close()
		for step := 1; step < len(f.names("p0.")); step++ {
			for i, p := range params {
				// The gradient of sum(p g) is g.
				p.Tensor.Mul(f.input(fmt.Sprintf("g%d.step%d", i, step))).Sum().Backward()
			}
			o.Step(lr)
			o.ZeroGrad()
			for i, p := range params {
				f.compare(fmt.Sprintf("step %d", step), fmt.Sprintf("p%d.step%d", i, step), p.Tensor, updates)
			}
		}
		return nil
	})
}
