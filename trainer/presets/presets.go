// Package presets holds the named configurations of the pre-training.
package presets

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml
var files embed.FS

// FS returns NAME.yaml for each preset: paper is the paper's run, demo what two cores learn from the drawn corpus in
// minutes, tiny what tests run in seconds.
func FS() fs.FS { return files }
