package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"plip/parquet"
)

// shard is the part of its input that one task of an array job takes: part
// index, from 0, of count. The zero value is the whole.
type shard struct {
	index, count int
	spec         string // value of --shard, empty when it was not given
}

// addShard defines --shard. Parts are not recorded: the parts of one job have
// one configuration.
func addShard(f *pflag.FlagSet, s *shard) {
	f.StringVar(&s.spec, "shard", "", "do `part` i/n of the input (i from 0) into OUTPUT/part-i-of-n; auto/n takes i from the array job")
	annotate(f, unrecorded, "shard")
}

// resolve settles which part this process does: --shard, else the variables of
// a Slurm array, which give both numbers. A Kubernetes indexed job gives the
// index alone, so there --shard auto/N is needed. getenv looks a variable up.
func (s *shard) resolve(getenv func(string) string) error {
	slurm, kubernetes := getenv("SLURM_ARRAY_TASK_ID"), getenv("JOB_COMPLETION_INDEX")
	index, count := "auto", getenv("SLURM_ARRAY_TASK_COUNT")
	switch {
	case s.spec != "":
		var ok bool
		if index, count, ok = strings.Cut(s.spec, "/"); !ok {
			return fmt.Errorf("--shard: want i/n such as 0/8, got %q", s.spec)
		}
	case slurm != "" && count != "":
	case kubernetes != "":
		return fmt.Errorf("--shard: JOB_COMPLETION_INDEX is %s but not out of how many: want --shard auto/N, or 0/1 for the whole input", kubernetes)
	default:
		*s = shard{spec: s.spec, count: 1}
		return nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 {
		return fmt.Errorf("--shard: want a number of parts from 1, got %q", count)
	}
	i, err := strconv.Atoi(index)
	if index == "auto" {
		i, err = arrayIndex(slurm, kubernetes, getenv)
		if err != nil {
			return err
		}
	}
	if err != nil || i < 0 || i >= n {
		return fmt.Errorf("--shard: want an index in 0..%d, got %q", n-1, index)
	}
	s.index, s.count = i, n
	return nil
}

// arrayIndex is the position of this task in its array job, from 0 also where
// the array's own numbers start elsewhere or go in steps.
func arrayIndex(slurm, kubernetes string, getenv func(string) string) (int, error) {
	if slurm == "" {
		i, err := strconv.Atoi(kubernetes)
		if err != nil {
			return 0, fmt.Errorf("--shard auto: want SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX to be a number, got %q", kubernetes)
		}
		return i, nil
	}
	numbers := [3]int{0, 0, 1} // id, first id, step
	for i, name := range []string{"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP"} {
		v := getenv(name)
		if v == "" {
			continue
		}
		n, err := strconv.Atoi(v)
		if err != nil {
			return 0, fmt.Errorf("--shard auto: want %s to be a number, got %q", name, v)
		}
		numbers[i] = n
	}
	if numbers[2] < 1 {
		return 0, fmt.Errorf("--shard auto: want SLURM_ARRAY_TASK_STEP from 1, got %d", numbers[2])
	}
	return (numbers[0] - numbers[1]) / numbers[2], nil
}

// dir is where this part writes below out: out itself when there is one part.
func (s *shard) dir(out string) string {
	if s.count <= 1 {
		return out
	}
	return parquet.PartDir(out, s.index, s.count)
}

// errFound ends a scan that found what it looked for.
var errFound = errors.New("found")

// rows are the rows of d that this part does, from (included) to to (excluded):
// about an equal share, with borders between identities.
func (s *shard) rows(ctx context.Context, d *parquet.Dataset) (from, to int64, err error) {
	if from, err = identityBorder(ctx, d, parquet.Share(d.NumRows(), s.index, s.count)); err != nil {
		return 0, 0, err
	}
	to, err = identityBorder(ctx, d, parquet.Share(d.NumRows(), s.index+1, s.count))
	return from, to, err
}

// section is the part of d as a dataset of its own; d itself when there is one
// part. It is of use until d is closed.
func (s *shard) section(ctx context.Context, d *parquet.Dataset) (*parquet.Dataset, error) {
	if s.count <= 1 {
		return d, nil
	}
	from, to, err := s.rows(ctx, d)
	if err != nil {
		return nil, err
	}
	return d.Section(ctx, from, to)
}

// identityBorder is the first row at or after row at that begins an identity,
// or the number of rows.
func identityBorder(ctx context.Context, d *parquet.Dataset, at int64) (int64, error) {
	if at == 0 || at >= d.NumRows() {
		return min(at, d.NumRows()), nil
	}
	border, last := d.NumRows(), int64(0)
	err := d.Visit(ctx, parquet.ColMeta, at-1, func(i int64, r *parquet.Row) error {
		if i >= at && r.ID != last {
			border = i
			return errFound
		}
		last = r.ID
		return nil
	})
	if err != nil && !errors.Is(err, errFound) {
		return 0, err
	}
	return border, nil
}
