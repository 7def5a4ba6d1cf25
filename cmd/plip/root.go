package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commands is the list of all commands. Nothing registers itself; a command
// that is not in this list does not exist.
//
// To add one, write cmd_<name>.go after the pattern of cmd_version.go, or of
// cmd_stats.go for one that reads shards:
//
//   - a function <name>Command() command: the texts, the example, the result
//     type of --json and &<name>Options{};
//   - the type <name>Options: plain fields, one per flag;
//   - addFlags: every flag with its default and its meaning, the unit in back
//     quotes. The name of the flag is its key in the configuration file, so
//     "visual.width" is width under visual. Flags shared by many commands come
//     from flags.go (addOutput, addShard, addTimeLimit, deviceFlags, ...);
//   - validate: every problem of flags and arguments, joined by errors.Join;
//   - run(ctx, c): the work, on c.args, with c.progress for long loops and
//     c.print for the result;
//   - the result struct, each field with json and doc tags (`plip help json`);
//   - testdata/script/<name>.txtar, which runs the example as it is printed.
//
// Then list it here, in the order of the pipeline.
func commands() []command {
	return []command{
		{use: "ingest", short: "Turn a dataset into shards", sub: append(ingestCommands(), ingestDemoCommand())},
		splitCommand(),
		{use: "spac", short: "The captioner: attributes and captions for person images", sub: []command{
			spacTrainCommand(),
			spacCaptionCommand(),
			spacScoreCommand(),
			spacAttributesCommand(),
		}},
		filterCommand(),
		distributeCommand(),
		pretrainCommand(),
		{use: "finetune", short: "Train a model further on a dataset", sub: []command{finetuneCommand()}},
		probeCommand(),
		embedCommand(),
		{use: "eval", short: "Evaluate a model or embeddings", sub: []command{
			evalZeroshotCommand(),
			evalRankCommand(),
			evalReidCommand(),
			evalPretextCommand(),
		}},
		searchCommand(),
		serveCommand(),
		{use: "model", short: "Weights and checkpoints", sub: []command{modelInfoCommand()}},
		demoCommand(),
		ablationCommand(),
		templatesCommand(),
		{use: "export", short: "Shards and weights in the layouts of other programs", sub: append(exportCommands(), exportWeightsCommands()...)},
		verifyCommand(),
		mergeCommand(),
		statsCommand(),
		checkCommand(),
		doctorCommand(),
		versionCommand(),
	}
}

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
