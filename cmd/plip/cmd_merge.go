package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/spf13/pflag"

	"plip/internal/runlog"
	"plip/parquet"
	"plip/spac/distribute"
)

func mergeCommand() command {
	return command{
		use:   "merge DIR... -o DIR",
		short: "Join the parts of an array job",
		long: "merge joins finished datasets into one, in the order given, without reading\n" +
			"their rows: shards are linked, or copied where the file system cannot link. A\n" +
			"folder that holds part-0-of-n to part-(n-1)-of-n stands for these parts; parts that\n" +
			"are named one by one come in the order of their numbers. That a part is missing is\n" +
			"an error. The reports of plip distribute are added up.",
		example: "plip merge parts -o whole",
		args:    atLeast(1),
		result:  datasetResult{},
		resumes: true,
		options: &mergeOptions{},
	}
}

type mergeOptions struct {
	out     string
	partial bool
}

func (o *mergeOptions) addFlags(f *pflag.FlagSet) {
	addOutput(f, &o.out, "`folder` of the joined dataset")
	f.BoolVar(&o.partial, "partial", false, "join the parts that are there although others of the job are missing")
}

func (o *mergeOptions) validate([]string) error { return checkOutput(o.out) }

func (o *mergeOptions) run(ctx context.Context, c *call) error {
	dirs, err := parquet.PartDirs(c.args, o.partial)
	if err != nil {
		return err
	}
	m, err := parquet.Merge(ctx, dirs, o.out)
	if errors.Is(err, parquet.ErrFinished) {
		c.logf("%s is finished already", o.out)
		m, err = parquet.ReadManifest(o.out)
	}
	if err != nil {
		return err
	}
	if err := mergeDistributions(dirs, o.out); err != nil {
		return err
	}
	r := newDatasetResult(o.out, m)
	return c.print(r, r.table)
}

// mergeDistributions adds up what plip distribute reported of the parts. Parts
// that another command made have no report.
func mergeDistributions(dirs []string, out string) error {
	var sum distribute.Report
	for _, dir := range dirs {
		var part distribute.Report
		switch err := runlog.ReadJSON(filepath.Join(dir, distributionFile), &part); {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		}
		sum.Add(part)
	}
	return runlog.WriteJSON(filepath.Join(out, distributionFile), sum)
}
