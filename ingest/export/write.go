package export

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"golang.org/x/sys/unix"

	"plip/parquet"
)

// Write exports all rows of d to dir. A folder left by an interrupted Write of
// the same dataset and options is continued; the result is the same, byte for
// byte. The error is parquet.ErrFinished, beside the summary, when dir is
// finished already, and a *parquet.ConfigMismatchError when it was begun with
// other options. A row with bad data ends the run: an export leaves nothing out.
func Write(ctx context.Context, d *parquet.Dataset, f Format, dir string, o Options) (Summary, error) {
	return write(ctx, d, f, dir, o, func(string) error { return nil })
}

// write is Write with a function that is told each step before it is done. Its
// error ends the run on the spot, as a kill would.
func write(ctx context.Context, d *parquet.Dataset, f Format, dir string, o Options, step func(what string) error) (Summary, error) {
	if err := o.Validate(); err != nil {
		return Summary{}, fmt.Errorf("export: %w", err)
	}
	l := f.open(d, &o)
	config := maps.Clone(o.Config)
	if config == nil {
		config = map[string]string{}
	}
	config["format"] = f.Name
	maps.Copy(config, l.config())
	s, err := openStage(dir, config, step)
	if err != nil {
		return s.summary(), fmt.Errorf("export to %s: %w", dir, err)
	}
	r := run{dataset: d, layout: l, stage: s, options: &o}
	if err := errors.Join(r.export(ctx), s.close()); err != nil {
		if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
			err = fmt.Errorf("%w: make room and run the same command again, it goes on after the last batch", err)
		}
		return Summary{}, fmt.Errorf("export to %s: %w", dir, err)
	}
	return s.summary(), nil
}

// run is one Write under way.
type run struct {
	dataset *parquet.Dataset
	layout  layout
	stage   *stage
	options *Options

	last  int64 // identity of the row before
	n     int64 // rows of that identity so far
	bytes int64 // pictures in the batch
}

func (r *run) export(ctx context.Context) error {
	if err := r.checkTogether(ctx); err != nil {
		return err
	}
	state := &r.stage.state
	if state.Rows > r.dataset.NumRows() {
		return fmt.Errorf("resume: want at most the %d rows of the dataset, got %d", r.dataset.NumRows(), state.Rows)
	}
	if !state.Whole {
		if err := r.dataset.Visit(ctx, parquet.ColAll, state.Rows, r.add); err != nil {
			return err
		}
		if err := r.endBatch(r.dataset.NumRows()); err != nil {
			return err
		}
	}
	return r.stage.finish()
}

// checkTogether refuses a foreign file in which an identity comes twice: its
// pictures would get the names of others. Our shards cannot be so.
func (r *run) checkTogether(ctx context.Context) error {
	m := r.dataset.Manifest()
	if len(m.Shards) > 0 && m.Shards[0].SHA256 != "" {
		return nil
	}
	var runs, last int64
	err := r.dataset.Visit(ctx, parquet.ColMeta, 0, func(i int64, row *parquet.Row) error {
		if i == 0 || row.ID != last {
			runs++
		}
		last = row.ID
		return nil
	})
	if err != nil {
		return err
	}
	if want := r.dataset.NumIdentities(); runs != want {
		return fmt.Errorf("want the rows of an identity together, got %d runs of rows for %d identities", runs, want)
	}
	return nil
}

// add takes row i, which is lent, and ends the batch before it where that is large enough.
func (r *run) add(i int64, row *parquet.Row) error {
	state := &r.stage.state
	if i == state.Rows || row.ID != r.last { // a batch begins with an identity
		if r.options.Progress != nil {
			r.options.Progress(i, r.dataset.NumRows())
		}
		if i > state.Rows && r.bytes >= r.layout.batchBytes() {
			if err := r.endBatch(i); err != nil {
				return err
			}
		}
		r.last, r.n = row.ID, 0
		r.stage.next.Identities++
	}
	at := place{row: i, identity: r.stage.next.Identities - 1, n: r.n}
	if err := r.layout.add(r.stage, at, row); err != nil {
		return fmt.Errorf("row %d: %q: %w", i, row.FilePath, err)
	}
	r.n++
	r.bytes += int64(len(row.Image))
	r.stage.next.Captions += int64(len(row.Captions))
	return nil
}

// endBatch makes the rows before row i durable.
func (r *run) endBatch(i int64) error {
	if err := r.layout.endBatch(r.stage); err != nil {
		return err
	}
	s := r.stage
	if s.next.Whole = i == r.dataset.NumRows(); s.next.Whole {
		if err := r.layout.end(s); err != nil {
			return err
		}
	}
	s.next.Rows = i
	s.next.Batches++
	r.bytes = 0
	if r.options.Progress != nil {
		r.options.Progress(i, r.dataset.NumRows())
	}
	return s.commit()
}
