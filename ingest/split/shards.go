package split

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"plip/parquet"
)

// Part is one of the three parts of a dataset of shards.
type Part struct {
	Name       string // train, test or valid: the folder below the output
	Rows       int64
	Identities int64
	Captions   int64
}

// partNames are the parts in the order of the annotation files.
var partNames = [3]string{"train", "test", "valid"}

// partOf is the index of the part a row belongs to. Queries and galleries are
// the two halves of a test part; every other name, and none, is valid, as for
// annotation files.
func partOf(split string) int {
	switch split {
	case "train":
		return 0
	case "test", "query", "gallery":
		return 1
	}
	return 2
}

// Shards writes the rows of d to the datasets dir/train, dir/test and
// dir/valid, unchanged and in order. o says how they are written; its optional
// columns should be those of d. An interrupted run is continued by the same
// call; when all three are finished the error is parquet.ErrFinished, beside
// their counts. report, which may be nil, is told the rows done and their
// total.
func Shards(ctx context.Context, d *parquet.Dataset, dir string, o parquet.WriterOptions, report func(done, total int64)) ([]Part, error) {
	var writers [3]*parquet.Writer // nil where the part is finished
	from, open := d.NumRows(), 0
	for i, name := range partNames {
		w, err := parquet.Create(ctx, filepath.Join(dir, name), o)
		if errors.Is(err, parquet.ErrFinished) {
			continue
		}
		if err != nil {
			return nil, err
		}
		defer w.Abort() // of what Close has not ended
		writers[i] = w
		from = min(from, w.Consumed())
		open++
	}
	if open == 0 {
		parts, err := readParts(dir)
		return parts, errors.Join(err, parquet.ErrFinished)
	}
	if err := copyRows(ctx, d, writers, from, report); err != nil {
		return nil, err
	}
	for i, w := range writers {
		if w == nil {
			continue
		}
		if _, err := w.Close(); err != nil {
			return nil, fmt.Errorf("finish %s: %w", partNames[i], err)
		}
	}
	return readParts(dir)
}

// copyRows hands every row from on to the writer of its part, which may have
// it already.
func copyRows(ctx context.Context, d *parquet.Dataset, writers [3]*parquet.Writer, from int64, report func(done, total int64)) error {
	var consumed [3]int64 // when the run began; marking changes what Consumed says
	for i, w := range writers {
		if w != nil {
			consumed[i] = w.Consumed()
		}
	}
	var last int64
	return d.Scan(ctx, parquet.ColAll, from, func(i int64, r *parquet.Row) error {
		if i > from && r.ID != last {
			for k, w := range writers {
				if w != nil && i > consumed[k] {
					w.Mark(i)
				}
			}
		}
		last = r.ID
		if report != nil {
			report(i+1, d.NumRows())
		}
		k := partOf(r.Split)
		if writers[k] == nil || i < consumed[k] {
			return nil
		}
		return writers[k].Write(ctx, r)
	})
}

// readParts reads the counts of the finished parts.
func readParts(dir string) ([]Part, error) {
	var parts []Part
	for _, name := range partNames {
		m, err := parquet.ReadManifest(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		parts = append(parts, Part{name, m.Rows, m.Identities, m.Captions})
	}
	return parts, nil
}
