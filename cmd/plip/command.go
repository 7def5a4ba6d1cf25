package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// options is what a cmd_<name>.go file implements for its command.
//
// The life of an invocation is: addFlags, parse the command line, merge the
// configuration file and the preset, validate, run. No file but the
// configuration is opened and no device is touched before run.
type options interface {
	// addFlags defines every setting of the command with its default. The
	// usage text gives the meaning, with the unit in back quotes.
	addFlags(f *pflag.FlagSet)
	// validate checks the merged settings and the arguments, and joins every
	// problem it finds. Its error is wrong usage, status 2.
	validate(args []string) error
	// run does the work. It writes results through c.print and everything else
	// to c.stderr.
	run(ctx context.Context, c *call) error
}

// command describes one command, or with sub a group of them.
type command struct {
	use     string // name and arguments, such as "stats DIR"
	short   string // one line, no full stop
	long    string // what it reads, does and writes
	example string // one line, run by a script in testdata/script
	args    argCount
	presets fs.FS             // NAME.yaml files for --preset; nil when there are none
	result  any               // zero value of what --json prints; nil when it prints no result
	docs    map[string]string // meaning of result's keys by path, where its fields have no doc tags
	keys    string            // the keys of a result that writes its own JSON: a path, two spaces or more and the meaning a line
	resumes bool              // whether the same command continues an interrupted run; gives it --time-limit
	options options           // nil for a group
	sub     []command         // the commands of a group
}

// newCommand makes the cobra command of c and of the commands below it.
func newCommand(c command, std *streams) *cobra.Command {
	cc := &cobra.Command{Use: c.use, Short: c.short, Long: c.long, SilenceErrors: true, SilenceUsage: true}
	if c.options == nil {
		cc.Args = groupArgs
		cc.RunE = func(cc *cobra.Command, _ []string) error { return cc.Help() }
		for _, sub := range c.sub {
			cc.AddCommand(newCommand(sub, std))
		}
		return cc
	}
	if c.example != "" {
		cc.Example = "  " + c.example
	}
	s := c.newSettings(cc.Flags())
	cc.Args = func(cc *cobra.Command, args []string) error {
		if err := c.args.check(c.use, args); err != nil && !s.printConfig {
			return &commandError{err: &usageError{err}, path: cc.CommandPath()}
		}
		return nil
	}
	cc.RunE = func(cc *cobra.Command, args []string) error {
		invocation := &call{streams: *std, args: args, settings: s, result: c.result, progress: newProgress(std.err)}
		if err := invocation.do(cc.Context(), c.options); err != nil {
			return &commandError{err, cc.CommandPath(), c.resumes, cc.Flags().Lookup("force") != nil}
		}
		return nil
	}
	return cc
}

// newSettings defines all flags of the command in f.
func (c command) newSettings(f *pflag.FlagSet) *settings {
	s := newSettings(f, c.presets)
	if c.resumes {
		addTimeLimit(f, &s.timeLimit)
	}
	c.options.addFlags(f)
	return s
}

// do merges the settings, validates and runs. Settings are printed as merged,
// for arguments need not be there to look at them.
func (c *call) do(ctx context.Context, o options) error {
	if err := c.settings.load(); err != nil {
		return &usageError{err}
	}
	if c.settings.printConfig {
		text, err := c.settings.yaml()
		if err != nil {
			return fmt.Errorf("print configuration: %w", err)
		}
		_, err = c.out.Write(text)
		return err
	}
	if err := errors.Join(c.settings.validate(), o.validate(c.args)); err != nil {
		return &usageError{err}
	}
	defer c.progress.Done()
	if c.settings.timeLimit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.settings.timeLimit)
		defer cancel()
	}
	return o.run(ctx, c)
}

// groupArgs refuses arguments of a group: what is left over is a command that
// does not exist.
func groupArgs(cc *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, sub := range cc.Commands() {
		if sub.IsAvailableCommand() {
			known = append(known, sub.Name())
		}
	}
	return &commandError{err: &usageError{newUnknownName("command", args[0], known)}, path: cc.CommandPath()}
}
