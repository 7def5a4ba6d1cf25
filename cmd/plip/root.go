package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newRoot makes the command tree.
func newRoot(std *streams) *cobra.Command {
	root := newCommand(command{
		use:   "plip",
		short: "Person representation learning from images and text",
		long: "plip turns person datasets into shards, captions them, trains the PLIP model on\n" +
			"them and evaluates it. Stages meet in files, and each can be interrupted and\n" +
			"continued by the same command.\n\n" +
			"Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.",
		sub: commands(),
	}, std)
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelpCommand(std))
	return root
}

// flagError turns what pflag reports into wrong usage, with the nearest flag
// where the given one does not exist.
func flagError(cc *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	if errors.As(err, &missing) && missing.GetSpecifiedShortnames() == "" {
		var known []string
		cc.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
		err = newUnknownName("flag", "--"+missing.GetSpecifiedName(), known)
	}
	return &commandError{err: &usageError{err}, path: cc.CommandPath()}
}
