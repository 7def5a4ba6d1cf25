package split

import (
	"context"
	"errors"
	"fmt"

	"plip/parquet"
)

// Part is one of the three parts of a dataset of shards.
type Part struct {
	Name       string // train, test or valid
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

// Range is the rows From (included) to To (excluded) of a dataset, which begin
// and end between identities.
type Range struct{ From, To int64 }

// Shards writes the rows of d to the datasets dir("train"), dir("test") and
// dir("valid"), unchanged and in order. o says how they are written; its
// optional columns should be those of d. An interrupted run is continued by the
// same call; when all three are finished the error is parquet.ErrFinished,
// beside their counts. report, which may be nil, is told the rows done and
// their total.
func Shards(ctx context.Context, d *parquet.Dataset, rows Range, dir func(part string) string, o parquet.WriterOptions, report func(done, total int64)) ([]Part, error) {
	c := copier{d: d, rows: rows, report: report}
	open := 0
	for i, name := range partNames {
		w, err := parquet.Create(ctx, dir(name), o)
		if errors.Is(err, parquet.ErrFinished) {
			continue
		}
		if err != nil {
			return nil, err
		}
		defer w.Abort() // of what Close has not ended
		c.writers[i] = w
		c.done[i] = max(rows.From, w.Consumed())
		open++
	}
	if open == 0 {
		parts, err := readParts(dir)
		return parts, errors.Join(err, parquet.ErrFinished)
	}
	if err := c.run(ctx); err != nil {
		return nil, err
	}
	for i, w := range c.writers {
		if w == nil {
			continue
		}
		if _, err := w.Close(); err != nil {
			return nil, fmt.Errorf("finish %s: %w", partNames[i], err)
		}
	}
	return readParts(dir)
}

// copier hands rows to the writers of their parts.
type copier struct {
	d       *parquet.Dataset
	rows    Range
	writers [3]*parquet.Writer // nil where the part is finished
	done    [3]int64           // rows before it are in the part already
	report  func(done, total int64)
}

// errPast ends the scan behind the range.
var errPast = errors.New("split: internal: past the range")

func (c *copier) run(ctx context.Context) error {
	from := c.rows.To
	for i, w := range c.writers {
		if w != nil {
			from = min(from, c.done[i])
		}
	}
	var last int64
	err := c.d.Visit(ctx, parquet.ColAll, from, func(i int64, r *parquet.Row) error {
		if i >= c.rows.To {
			return errPast
		}
		if i > from && r.ID != last {
			c.mark(i)
		}
		last = r.ID
		if c.report != nil {
			c.report(i+1-c.rows.From, c.rows.To-c.rows.From)
		}
		if k := partOf(r.Split); c.writers[k] != nil && i >= c.done[k] {
			return c.writers[k].Write(ctx, r)
		}
		return nil
	})
	if errors.Is(err, errPast) {
		return nil
	}
	return err
}

// mark tells every writer that the rows before i are done; it is called between
// identities.
func (c *copier) mark(i int64) {
	for k, w := range c.writers {
		if w != nil && i > c.done[k] {
			w.Mark(i)
		}
	}
}

// readParts reads the counts of the finished parts.
func readParts(dir func(part string) string) ([]Part, error) {
	var parts []Part
	for _, name := range partNames {
		m, err := parquet.ReadManifest(dir(name))
		if err != nil {
			return nil, err
		}
		parts = append(parts, Part{name, m.Rows, m.Identities, m.Captions})
	}
	return parts, nil
}
