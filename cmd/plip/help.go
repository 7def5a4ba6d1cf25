package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newHelpCommand makes `plip help`: the help of a command, or one of the two
// topics config and json, which are generated from the commands themselves.
func newHelpCommand(std *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND | config | json]",
		Short: "Help about a command; all configuration keys; all JSON keys",
		RunE: func(cc *cobra.Command, args []string) error {
			switch {
			case len(args) == 1 && args[0] == "config":
				return helpConfig(std.out, commands())
			case len(args) == 1 && args[0] == "json":
				return helpJSON(std.out, commands())
			}
			target, rest, err := cc.Root().Find(args)
			if err != nil {
				return &usageError{err}
			}
			if target.HasSubCommands() {
				if err := groupArgs(target, rest); err != nil {
					return err
				}
			}
			target.InitDefaultHelpFlag()
			return target.Help()
		},
	}
}

// walk visits every command that runs, in order, with its full path.
func walk(list []command, parent string, visit func(path string, c command)) {
	for _, c := range list {
		name, _, _ := strings.Cut(c.use, " ")
		path := parent + " " + name
		if c.options != nil {
			visit(path, c)
		}
		walk(c.sub, path, visit)
	}
}

// helpConfig writes every key of every command: its unit or type, its default
// and its meaning. The keys that all commands share come once, first.
func helpConfig(out io.Writer, list []command) error {
	fmt.Fprint(out, "Keys of --config FILE.yaml. A key is the name of a flag; its dots are levels of the\n"+
		"file. Flags win over the file, the file over --preset, the preset over defaults.\n")
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	common := newSettings(pflag.NewFlagSet("", pflag.ContinueOnError), nil)
	fmt.Fprint(w, "\nevery command\n")
	common.keys(func(f *pflag.Flag) { writeKey(w, f) })
	walk(list, "plip", func(path string, c command) {
		s := c.newSettings(pflag.NewFlagSet("", pflag.ContinueOnError))
		n := 0
		s.keys(func(f *pflag.Flag) {
			if common.flags.Lookup(f.Name) != nil {
				return
			}
			if n++; n == 1 {
				fmt.Fprintf(w, "\n%s\n", path)
			}
			writeKey(w, f)
		})
	})
	return w.Flush()
}

// writeKey writes the line of one key.
func writeKey(w io.Writer, f *pflag.Flag) {
	unit, meaning := pflag.UnquoteUsage(f)
	if unit == "" {
		unit = f.Value.Type()
	}
	value := f.DefValue
	if value == "" {
		value = `""`
	}
	fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", f.Name, unit, value, meaning)
}
