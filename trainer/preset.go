package trainer

import (
	"bytes"
	"fmt"
	"io/fs"

	"go.yaml.in/yaml/v3"

	"plip/internal/optim"
	"plip/trainer/presets"
)

// Preset is DefaultConfig with the named preset's settings over it: paper, demo, pretext, tiny, or one of a folder such as ablation/tasks-all. Where it gives no betas,
// they are the optimizer's.
func Preset(name string) (Config, error) {
	c := DefaultConfig()
	c.Optimizer.Betas = [3]float64{}
	for _, file := range presets.Layers(name) {
		data, err := fs.ReadFile(presets.FS(), file)
		if err != nil {
			return Config{}, fmt.Errorf("preset: %w", err)
		}
		d := yaml.NewDecoder(bytes.NewReader(data))
		d.KnownFields(true)
		if err := d.Decode(&c); err != nil {
			return Config{}, fmt.Errorf("preset %s: %w", file, err)
		}
	}
	if c.Optimizer.Betas == [3]float64{} { // they follow from the optimizer
		c.Optimizer.Betas = optim.DefaultConfig(c.Optimizer.Kind).Betas
	}
	return c, c.Validate()
}
