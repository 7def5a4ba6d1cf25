// Package presets holds the named configurations of pre-training, fine-tuning and probing.
package presets

import (
	"embed"
	"io/fs"
	"path"
)

//go:embed *.yaml ablation/*.yaml
var files embed.FS

// FS returns NAME.yaml for each preset: paper is the paper's run, demo what two cores learn from the drawn corpus in
// minutes, pretext all three tasks at that size, tiny what tests run in seconds, ablation/ROW one row of the paper's ablations at demo size (Ablations). A
// preset of a folder lies over the folder's base.yaml.
func FS() fs.FS { return files }

//go:embed finetune/*.yaml
var finetune embed.FS

//go:embed probe/*.yaml
var probe embed.FS

// Finetune returns NAME.yaml for each preset of fine-tuning: cmpm leaves the classification out, demo is what two cores
// learn from the drawn corpus in minutes, tiny what tests run in seconds.
func Finetune() fs.FS { return below(finetune, "finetune") }

// Probe returns NAME.yaml for each preset of probing, demo and tiny.
func Probe() fs.FS { return below(probe, "probe") }

// below is the content of an embedded folder.
func below(files embed.FS, folder string) fs.FS {
	sub, err := fs.Sub(files, folder)
	if err != nil {
		panic("presets: internal error: " + err.Error()) // the name is constant and well formed
	}
	return sub
}

// Layers are the files that make up a preset, each over the one before.
func Layers(name string) []string {
	file := name + ".yaml"
	if folder := path.Dir(name); folder != "." && path.Base(name) != "base" {
		return []string{path.Join(folder, "base.yaml"), file}
	}
	return []string{file}
}
