package filter

import (
	"context"
	"fmt"

	"plip/parquet"
)

// cachedGroups is how many row groups the second pass holds: the rows of one
// identity of the output lie at most max(RA, RB) tracks apart, but for chains of
// joined tracks, which are read again.
const cachedGroups = 3

// Apply is the second pass: it writes the rows that stay to w under their new
// ids, the identities in the order of [Decisions.Groups], and reads the given
// columns of ds for it. Everything in a row but its id is as it was. Inputs in
// the sense of w.Consumed are identities of the output, so that a run that was
// interrupted goes on where it was. Apply closes neither ds nor w.
func (d *Decisions) Apply(ctx context.Context, ds *parquet.Dataset, w *parquet.Writer, cols parquet.Columns) error {
	if ds.NumRows() != d.Report.Samples {
		return fmt.Errorf("filter: apply: want the %d rows that were decided on, got %d", d.Report.Samples, ds.NumRows())
	}
	rows := rowReader{ds: ds, cols: cols | parquet.ColMeta}
	done := int64(0)
	for g := range d.Groups() {
		done++
		if done <= w.Consumed() {
			continue
		}
		for _, s := range g.Samples {
			r, err := rows.read(ctx, s)
			if err != nil {
				return fmt.Errorf("filter: apply: row %d: %w", s, err)
			}
			out := *r
			out.ID = g.ID
			if err := w.Write(ctx, &out); err != nil {
				return fmt.Errorf("filter: apply: row %d: %w", s, err)
			}
		}
		w.Mark(done)
	}
	return nil
}

// rowReader reads rows by number and keeps the row groups used last.
type rowReader struct {
	ds     *parquet.Dataset
	cols   parquet.Columns
	cached []cachedGroup // the latest last
}

type cachedGroup struct {
	first int64
	rows  []parquet.Row
}

// read returns row i, which stays the reader's.
func (c *rowReader) read(ctx context.Context, i int64) (*parquet.Row, error) {
	for k := len(c.cached) - 1; k >= 0; k-- {
		g := c.cached[k]
		if at := i - g.first; at >= 0 && at < int64(len(g.rows)) {
			copy(c.cached[k:], c.cached[k+1:])
			c.cached[len(c.cached)-1] = g
			return &g.rows[at], nil
		}
	}
	groups := c.ds.Groups()
	lo, hi := 0, len(groups)
	for lo < hi { // the first group that ends after i
		if mid := (lo + hi) / 2; groups[mid].FirstRow+groups[mid].NumRows > i {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if len(c.cached) == cachedGroups {
		copy(c.cached, c.cached[1:])
		c.cached[cachedGroups-1] = cachedGroup{} // let its rows go before others are read
		c.cached = c.cached[:cachedGroups-1]
	}
	rows, err := c.ds.ReadGroup(ctx, lo, c.cols)
	if err != nil {
		return nil, err
	}
	c.cached = append(c.cached, cachedGroup{groups[lo].FirstRow, rows})
	return &rows[i-groups[lo].FirstRow], nil
}
