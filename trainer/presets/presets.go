// Package presets holds the named configurations of the pre-training.
package presets

import (
	"embed"
	"io/fs"
	"path"
)

//go:embed *.yaml ablation/*.yaml
var files embed.FS

// FS returns NAME.yaml for each preset: paper is the paper's run, demo what two cores learn from the drawn corpus in
// minutes, tiny what tests run in seconds, ablation/ROW one row of the paper's ablations at demo size (Ablations). A
// preset of a folder lies over the folder's base.yaml.
func FS() fs.FS { return files }

// Layers are the files that make up a preset, each over the one before.
func Layers(name string) []string {
	file := name + ".yaml"
	if folder := path.Dir(name); folder != "." && path.Base(name) != "base" {
		return []string{path.Join(folder, "base.yaml"), file}
	}
	return []string{file}
}
