//go:build cgo

package main

import "plip/internal/tensor"

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
// Then list it here, in the order of the pipeline; one that needs no libtorch also in
// commands_data.go, every other file of it with this file's build constraint.
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

// libtorchVersion is that of the libtorch in use.
func libtorchVersion() string { return tensor.Version() }
