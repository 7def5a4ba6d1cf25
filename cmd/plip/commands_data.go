//go:build !cgo

package main

// commands is the list of the commands that need no libtorch, those of datasets: a build without cgo has these alone. It is
// one file without libraries, for machines that prepare data, and starts with a tenth of the memory.
func commands() []command {
	return []command{
		{use: "ingest", short: "Turn a dataset into shards", sub: append(ingestCommands(), ingestDemoCommand())},
		splitCommand(),
		{use: "spac", short: "The captioner: attributes for captions", sub: []command{spacAttributesCommand()}},
		filterCommand(),
		distributeCommand(),
		{use: "eval", short: "Evaluate embeddings", sub: []command{evalRankCommand()}},
		templatesCommand(),
		{use: "export", short: "Shards in the layouts of other programs", sub: exportCommands()},
		verifyCommand(),
		mergeCommand(),
		statsCommand(),
		versionCommand(),
	}
}

// libtorchVersion is empty: there is none in this program.
func libtorchVersion() string { return "" }
