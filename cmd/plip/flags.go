package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"plip/parquet"
)

// addOutput defines -o, the place the command writes to. The place is not part
// of the recorded configuration.
func addOutput(f *pflag.FlagSet, out *string, usage string) {
	f.StringVarP(out, "output", "o", "", usage)
	annotate(f, unrecorded, "output")
}

// checkOutput reports a missing -o.
func checkOutput(out string) error {
	if out == "" {
		return errors.New("--output (-o) is missing")
	}
	return nil
}

// addForce defines --force.
func addForce(f *pflag.FlagSet, force *bool) {
	f.BoolVar(force, "force", false, "start anew: remove what another run left in the output")
	annotate(f, unrecorded, "force")
}

// addShardBytes defines --shard-bytes. It is recorded with the layout of the shards.
func addShardBytes(f *pflag.FlagSet, n *int64) {
	f.Int64Var(n, "shard-bytes", parquet.DefaultWriterOptions().ShardBytes, "`bytes` from which on a shard is closed, at the next identity")
	annotate(f, unrecorded, "shard-bytes")
}

// checkShardBytes reports a size that makes no sense.
func checkShardBytes(n int64) error {
	if n < 1 {
		return fmt.Errorf("--shard-bytes: want 1 or more, got %d", n)
	}
	return nil
}

// addTimeLimit defines --time-limit, which newCommand gives to every
// resumable command.
func addTimeLimit(f *pflag.FlagSet, limit *time.Duration) {
	f.DurationVar(limit, "time-limit", 0, "stop cleanly after this `time`, such as 11h50m, to be continued; 0 is none")
	annotate(f, unrecorded, "time-limit")
}

// addWorkers defines --workers, which cannot change a result.
func addWorkers(f *pflag.FlagSet, workers *int) {
	f.IntVar(workers, "workers", 0, "`goroutines` that prepare data; 0 is one a core")
	annotate(f, unrecorded, "workers")
}

// checkWorkers reports a number that makes no sense.
func checkWorkers(workers int) error {
	if limit := 64 * runtime.NumCPU(); workers < 0 || workers > limit {
		return fmt.Errorf("--workers: want 0 to %d, got %d", limit, workers)
	}
	return nil
}

// addMaxRejectRatio defines --max-reject-ratio.
func addMaxRejectRatio(f *pflag.FlagSet, ratio *float64) {
	f.Float64Var(ratio, "max-reject-ratio", 0.01, "fail when more than this `share` of 1,000 or more records is unusable")
}

// checkRatio reports a value outside 0..1.
func checkRatio(flag string, v float64) error {
	if !(v >= 0 && v <= 1) {
		return fmt.Errorf("--%s: want a share in 0..1, got %v", flag, v)
	}
	return nil
}

// checkChoice reports a value that is none of choices.
func checkChoice(flag, got string, choices ...string) error {
	for _, c := range choices {
		if got == c {
			return nil
		}
	}
	return fmt.Errorf("--%s: want one of %s, got %q", flag, strings.Join(choices, ", "), got)
}

// checkAbsent reports an output file that is there already.
func checkAbsent(path string) error {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return &outputExistsError{path}
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return err
	}
}
