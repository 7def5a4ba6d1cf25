package parquet

import (
	"context"
	"errors"
	"fmt"
)

var errDatasetClosed = errors.New("the dataset is closed")

// ReadGroup reads the columns of group g. Rows with bad data are there too, as
// far as they could be read, and named by an error of type RowErrors; with any
// other error there are no rows. Pictures and strings are parts of pages: one
// that is kept keeps about 128 kB with it.
func (d *Dataset) ReadGroup(ctx context.Context, g int, cols Columns) ([]Row, error) {
	if d.shards == nil {
		return nil, errDatasetClosed
	}
	if g < 0 || g >= len(d.groups) {
		return nil, fmt.Errorf("read group: want 0 to %d, got %d", len(d.groups)-1, g)
	}
	shard, span := d.shards[d.groups[g].Shard], d.spans[g]
	return shard.readRows(ctx, d.groups[g].Index, span.first, span.rows, cols)
}

// Scan calls fn for the rows from on, in order, with bounded memory. I counts
// rows of the dataset; r may be kept, with the pages it is part of. It ends with
// fn's first error, and with a *RowError at the first row with bad data:
// ScanTolerant goes on.
func (d *Dataset) Scan(ctx context.Context, cols Columns, from int64, fn func(i int64, r *Row) error) error {
	return d.ScanTolerant(ctx, cols, from, fn, func(_ int64, bad *RowError) error { return bad })
}

// Visit is Scan for a function that keeps nothing: r, its picture and its lists
// are overwritten by later rows, its strings are not. It takes half the time or less and
// a few megabytes of memory, because none of it is left to the collector.
func (d *Dataset) Visit(ctx context.Context, cols Columns, from int64, fn func(i int64, r *Row) error) error {
	return d.scan(ctx, cols, from, lendRows, fn, func(_ int64, bad *RowError) error { return bad })
}

// ScanTolerant is Scan with bad rows going to their own function, in their place
// in the order; it decides whether the scan goes on.
func (d *Dataset) ScanTolerant(ctx context.Context, cols Columns, from int64, fn func(i int64, r *Row) error, bad func(i int64, err *RowError) error) error {
	return d.scan(ctx, cols, from, keepRows, fn, bad)
}

func (d *Dataset) scan(ctx context.Context, cols Columns, from int64, how access, fn func(i int64, r *Row) error, bad func(i int64, err *RowError) error) error {
	if d.shards == nil {
		return errDatasetClosed
	}
	if from < 0 || from > d.rows {
		return fmt.Errorf("scan: want a first row of 0 to %d, got %d", d.rows, from)
	}
	for g := max(d.group(from), 0); g < len(d.groups); g++ {
		group, span := d.groups[g], d.spans[g]
		skip := min(max(from-group.FirstRow, 0), span.rows)
		shard, start := d.shards[group.Shard], d.starts[group.Shard]
		err := shard.scanGroup(ctx, group.Index, span.first+skip, span.rows-skip, cols, how, func(i int64, r *Row, b *columnError) error {
			if b != nil {
				return bad(start+i, &RowError{shard.name, i, b.column, b.err})
			}
			return fn(start+i, r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Row reads the columns of row i: one page of each, found through the page
// index. The picture is the row's own. Bad data is a *RowError.
func (d *Dataset) Row(ctx context.Context, i int64, cols Columns) (*Row, error) {
	if d.shards == nil {
		return nil, errDatasetClosed
	}
	if i < 0 || i >= d.rows {
		return nil, fmt.Errorf("read row: want 0 to %d, got %d", d.rows-1, i)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read row %d: %w", i, err)
	}
	g := d.group(i)
	group, span := d.groups[g], d.spans[g]
	shard := d.shards[group.Shard]
	c, err := shard.newCursor(group.Index, span.first+i-group.FirstRow, cols, oneRow)
	if err != nil {
		return nil, err
	}
	defer c.close()
	var rows [1]Row
	var bad [1]*columnError
	if err := c.next(rows[:], bad[:]); err != nil {
		return nil, err
	}
	if bad[0] != nil {
		return nil, &RowError{shard.name, i - d.starts[group.Shard], bad[0].column, bad[0].err}
	}
	rows[0].Image = append([]byte(nil), rows[0].Image...)
	return &rows[0], nil
}
