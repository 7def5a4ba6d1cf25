package distribute

import (
	"context"
	"errors"
	"fmt"

	"plip/parquet"
)

// Apply runs the rules on every identity of ds, in order, and writes what stays to
// w, reading the given columns for it. Inputs in the sense of w.Consumed are rows
// of ds. A resumed run reads the texts of the rows it skips once more, so that
// its report covers them. Memory holds one identity. Apply closes neither ds nor
// w.
func Apply(ctx context.Context, ds *parquet.Dataset, w *parquet.Writer, c Config, wording Wording, cols parquet.Columns) (Report, error) {
	if err := c.Validate(); err != nil {
		return Report{}, err
	}
	done := w.Consumed()
	if done < 0 || done > ds.NumRows() {
		return Report{}, fmt.Errorf("distribute: resume: want a row of the %d of the input, got %d: the input has changed", ds.NumRows(), done)
	}
	p := pass{ctx: ctx, config: c, wording: wording}
	if done > 0 {
		err := ds.Scan(ctx, parquet.ColMeta|parquet.ColText, 0, func(i int64, r *parquet.Row) error {
			if i == done {
				return errDone
			}
			return p.add(i, r)
		})
		if err != nil && !errors.Is(err, errDone) {
			return Report{}, fmt.Errorf("distribute: count rows before %d: %w", done, err)
		}
		if err := p.flush(done); err != nil {
			return Report{}, err
		}
	}
	p.w = w
	err := ds.Scan(ctx, cols|parquet.ColMeta|parquet.ColText, done, p.add)
	if err != nil {
		return Report{}, fmt.Errorf("distribute: %w", err)
	}
	if err := p.flush(ds.NumRows()); err != nil {
		return Report{}, err
	}
	return p.report, nil
}

var errDone = errors.New("distribute: internal: all rows to count were read")

// pass gathers the rows of one identity after the other.
type pass struct {
	ctx     context.Context
	config  Config
	wording Wording
	w       *parquet.Writer // nil while rows are only counted
	rows    []*parquet.Row
	report  Report
}

// add takes row i of the input.
func (p *pass) add(i int64, r *parquet.Row) error {
	if len(p.rows) > 0 && p.rows[0].ID != r.ID {
		if err := p.flush(i); err != nil {
			return err
		}
	}
	p.rows = append(p.rows, r)
	return nil
}

// flush runs the rules on the gathered identity, whose rows end before row end.
func (p *pass) flush(end int64) error {
	if len(p.rows) == 0 {
		return nil
	}
	kept, rep, err := p.config.Distribute(p.rows, p.wording)
	if err != nil {
		var bad *parquet.RowError
		if errors.As(err, &bad) {
			bad.Row += end - int64(len(p.rows))
		}
		return fmt.Errorf("distribute: identity %d: %w", p.rows[0].ID, err)
	}
	p.report.Add(rep)
	clear(p.rows)
	p.rows = p.rows[:0]
	if p.w == nil {
		return nil
	}
	for _, r := range kept {
		if err := p.w.Write(p.ctx, r); err != nil {
			return fmt.Errorf("distribute: identity %d: %w", r.ID, err)
		}
	}
	p.w.Mark(end)
	return nil
}
