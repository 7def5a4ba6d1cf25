// Package presets holds the captioner's named configurations.
package presets

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml
var files embed.FS

// FS returns NAME.yaml for each preset: base is the paper's model and training, demo what a laptop trains in minutes,
// tiny what tests train in seconds.
func FS() fs.FS { return files }
