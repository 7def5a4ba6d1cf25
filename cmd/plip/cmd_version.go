package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/pflag"
)

func versionCommand() command {
	return command{
		use:     "version",
		short:   "Print the version of this program",
		long:    "version prints the version and revision this program was built from.",
		example: "plip version",
		result:  versionResult{},
		options: &versionOptions{},
	}
}

// versionResult is what `plip version --json` prints.
type versionResult struct {
	Version  string `json:"version" doc:"module version, (devel) when built from a working copy"`
	Revision string `json:"revision" doc:"commit it was built from, empty when unknown"`
	Modified bool   `json:"modified" doc:"whether the working copy had changes"`
	Go       string `json:"go" doc:"version of the Go toolchain"`
	Platform string `json:"platform" doc:"operating system and architecture"`
	Libtorch string `json:"libtorch" doc:"version of the libtorch in use, empty where the program is built without it"`
}

// versionOptions has no settings of its own.
type versionOptions struct{}

func (*versionOptions) addFlags(*pflag.FlagSet) {}

func (*versionOptions) validate([]string) error { return nil }

func (*versionOptions) run(_ context.Context, c *call) error {
	v := versionResult{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Libtorch: libtorchVersion()}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			v.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Revision = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			}
		}
	}
	return c.print(v, func(w io.Writer) {
		fmt.Fprintf(w, "plip %s", v.Version)
		if v.Revision != "" {
			fmt.Fprintf(w, " (%.12s)", v.Revision)
		}
		fmt.Fprintf(w, "\t%s\t%s\t", v.Go, v.Platform)
		if v.Libtorch == "" {
			fmt.Fprintln(w, "without libtorch")
			return
		}
		fmt.Fprintf(w, "libtorch %s\n", v.Libtorch)
	})
}
