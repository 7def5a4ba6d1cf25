package check

import (
	"fmt"

	"plip/internal/nn"
	"plip/internal/tensor"
	"plip/trainer"
)

// checkVisual runs the visual encoder: eval.* without, train.feat with training, gradients of mean(feat²) + mean(x4),
// and the running statistics that the one training pass leaves (after.*).
func checkVisual(f *tensorFixture) error {
	c := trainer.DefaultVisualConfig()
	c.Pool = trainer.PoolAttention
	if err := f.configs(map[string]any{"layers": &c.Layers, "width": &c.Width, "output_dim": &c.Dim, "heads": &c.Heads, "height": &c.Height, "width_px": &c.Px}); err != nil {
		return err
	}
	if err := c.Validate(); err != nil {
		return err
	}
	store := nn.NewStore(tensor.CPU)
	defer store.Close()
	return tensor.Do(func(*tensor.Scope) error {
		v := trainer.NewVisual(store.Root(), c)
		if err := f.load(store, "param."); err != nil {
			return err
		}
		x := f.input("input") // [N, 3, H, W]
		restore := tensor.NoGrad()
		out := v.Forward(x, false)
		restore()
		f.compare("eval.feat", "eval.feat", out.Embedding, outputs)
		for i, m := range out.Maps {
			name := fmt.Sprintf("eval.x%d", i+1)
			f.compare(name, name, m, outputs)
		}
		out = v.Forward(x, true)
		f.compare("train.feat", "train.feat", out.Embedding, outputs)
		out.Embedding.Square().Mean().Add(out.Maps[3].Mean()).Backward()
		f.gradients(store, "grad.")
		for _, name := range f.names("after.") {
			p, ok := store.Lookup(name)
			tensor.Check(ok, "visual", "no buffer %q", name)
			f.compare("after", "after."+name, p.Tensor, outputs)
		}
		return nil
	})
}
