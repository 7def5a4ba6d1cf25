package trainer

import (
	"bytes"
	"fmt"
	"io/fs"

	"go.yaml.in/yaml/v3"

	"plip/trainer/presets"
)

// Preset is DefaultConfig with the named preset's settings over it: paper, demo or tiny.
func Preset(name string) (Config, error) {
	data, err := fs.ReadFile(presets.FS(), name+".yaml")
	if err != nil {
		return Config{}, fmt.Errorf("preset: %w", err)
	}
	c := DefaultConfig()
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("preset %s: %w", name, err)
	}
	return c, c.Validate()
}
