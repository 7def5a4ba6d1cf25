package main

import (
	"errors"

	"plip/ingest/split"
	"plip/internal/runlog"
	"plip/parquet"
)

// hints returns what the user can do about err, one line each. This is the one
// place where hints are written; packages below return typed errors.
func hints(err error) []string {
	var command commandError
	if e := (*commandError)(nil); errors.As(err, &e) {
		command = *e
	}
	var (
		usage       *usageError
		exists      *outputExistsError
		noSplit     *split.NoSplitError
		noEmbedding *noEmbeddingError
		lines       []string
	)
	if isConfigMismatch(err) && command.force {
		lines = append(lines, "use the same settings, another -o, or --force to start anew")
	}
	if errors.As(err, &exists) && command.force {
		lines = append(lines, "--force replaces it")
	}
	if errors.As(err, &noSplit) {
		lines = append(lines, "CUHK-PEDES' caption_all.json has no splits; its reid_raw.json has")
	}
	if errors.As(err, &noEmbedding) {
		lines = append(lines, "plip embed --into DIR --images "+noEmbedding.dir+" makes a dataset with embeddings")
	}
	if missing := (*parquet.MissingPartsError)(nil); errors.As(err, &missing) {
		lines = append(lines, "the command of a missing part makes it; --partial joins the others alone")
	}
	if errors.Is(err, parquet.ErrUnfinished) {
		lines = append(lines, "the command that began it continues it")
	}
	if isInterruption(err) && command.resumes {
		lines = append(lines, "the same command continues where this one stopped")
	}
	if errors.As(err, &usage) && command.path != "" {
		lines = append(lines, command.path+" --help shows an example")
	}
	return lines
}

// isConfigMismatch reports whether err is an output that another configuration
// began. Its status is 2.
func isConfigMismatch(err error) bool {
	var dataset *parquet.ConfigMismatchError
	var run *runlog.MismatchError
	return errors.As(err, &dataset) || errors.As(err, &run)
}
