//go:build cgo

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"plip/internal/checkpoint"
	"plip/internal/weights"
)

func modelInfoCommand() command {
	return command{
		use:   "info FILE",
		short: "Tell what a checkpoint holds",
		long: "info reads the names, types and shapes of a file of weights, not its numbers: ours, of\n" +
			"the Python release, torchvision, MoCo, CLIP or the hub; safetensors or PyTorch\n" +
			"archive, of which nothing is executed. FILE may be the folder of a checkpoint, of a\n" +
			"run, or of the hub.",
		example: "plip model info model",
		args:    exactly(1),
		result:  modelInfoResult{},
		options: &modelInfoOptions{},
	}
}

// modelInfoResult is what `plip model info --json` prints.
type modelInfoResult struct {
	File    string            `json:"file" doc:"file that was read"`
	Layout  string            `json:"layout" doc:"whose names it has, unknown where they are nobody's"`
	Holds   string            `json:"holds" doc:"the same in words"`
	Tensors int               `json:"tensors" doc:"tensors in the file"`
	Numbers int64             `json:"numbers" doc:"elements of all tensors, buffers included"`
	Parts   []modelPart       `json:"parts" doc:"by the first piece of the names"`
	Meta    map[string]string `json:"metadata" doc:"strings in the file's header"`
}

type modelPart struct {
	Name    string   `json:"name" doc:"what the names begin with"`
	Tensors int      `json:"tensors" doc:"tensors"`
	Numbers int64    `json:"numbers" doc:"their elements"`
	DTypes  []string `json:"dtypes" doc:"their types, the commonest first"`
}

// modelInfoOptions has no settings of its own.
type modelInfoOptions struct{}

func (o *modelInfoOptions) addFlags(*pflag.FlagSet) {}

func (o *modelInfoOptions) validate([]string) error { return nil }

func (o *modelInfoOptions) run(_ context.Context, c *call) error {
	path := c.args[0]
	if dir, err := checkpoint.Resolve(path); err == nil { // else a file, or a folder of the hub
		path = dir
	}
	dict, err := weights.Load(path)
	if err != nil {
		return err
	}
	defer dict.Close()
	r := modelInfoResult{File: dict.Path(), Layout: "unknown", Holds: "names that are nobody's", Tensors: dict.Len(), Parts: []modelPart{}, Meta: dict.Metadata()}
	if l, ok := dict.Layout(); ok {
		r.Layout, r.Holds = l.Name, l.Holds
	}
	for _, p := range dict.Parts() {
		var types []weights.DType
		for d := range p.DTypes {
			types = append(types, d)
		}
		slices.SortFunc(types, func(a, b weights.DType) int {
			return cmp.Or(cmp.Compare(p.DTypes[b], p.DTypes[a]), cmp.Compare(a, b))
		})
		part := modelPart{Name: p.Name, Tensors: p.Tensors, Numbers: p.Numbers}
		for _, d := range types {
			part.DTypes = append(part.DTypes, string(d))
		}
		r.Numbers += p.Numbers
		r.Parts = append(r.Parts, part)
	}
	return c.print(r, func(w io.Writer) {
		fmt.Fprintf(w, "file\t%s\nlayout\t%s\t%s\n\npart\ttensors\tnumbers\ttypes\n", r.File, r.Layout, r.Holds)
		for _, p := range r.Parts {
			fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", p.Name, p.Tensors, p.Numbers, strings.Join(p.DTypes, ", "))
		}
		fmt.Fprintf(w, "all\t%d\t%d\n", r.Tensors, r.Numbers)
	})
}
