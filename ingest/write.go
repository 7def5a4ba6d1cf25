package ingest

import (
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"

	"golang.org/x/sync/errgroup"

	"plip/parquet"
)

// Write writes the source as shards into dir, in the order of its stream. A
// directory left by an interrupted Write of the same source and configuration is
// continued after its last whole shard; the result is the same, byte for byte.
// The error is parquet.ErrFinished when dir is finished already, and a
// *TooManyRejectsError when the share of unfit images is past the limit: as soon
// as that is certain where the number of images is known, else at the end.
//
// At most a few images a worker are in memory, each of MaxFileBytes at most.
func Write(ctx context.Context, s Source, dir string, o Options) (*parquet.Manifest, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	w, err := parquet.Create(ctx, dir, o.writerOptions(s))
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	r := &run{source: s, writer: w, options: o, total: s.Layout().Images}
	if err := r.fill(ctx); err != nil {
		w.Abort()
		if bad := (*RecordError)(nil); errors.As(err, &bad) {
			err = fmt.Errorf("%w: mend the list and run the same command again, it goes on after the last whole shard", err)
		}
		return nil, fmt.Errorf("ingest into %s: %w", dir, err)
	}
	m, err := w.Close()
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	return m, nil
}

// run is one Write under way.
type run struct {
	source  Source
	writer  *parquet.Writer
	options Options
	total   int64 // images in the whole stream; 0 when not known

	identities, images int64    // of the stream so far, those of earlier runs included
	first              []string // the first few rejects
}

// job is a sample under way from the stream to the shards.
type job struct {
	sample *Sample // nil for an identity without samples
	id     int64
	last   bool  // of its identity
	ends   error // the stream's last word; all else is zero

	done          chan struct{} // closed when the fields below are set
	image         []byte
	width, height int
	err           error
}

// fill reads by several workers and writes in order. Jobs enter queue in the
// order of the stream, and the writing goroutine waits for each in turn; the
// length of the queue bounds how far the workers run ahead. An error of the stream
// takes its turn too.
func (r *run) fill(ctx context.Context) error {
	workers := r.options.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	queue, work := make(chan *job, 4*workers), make(chan *job)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(queue)
		defer close(work)
		return r.list(ctx, queue, work)
	})
	for range workers {
		g.Go(func() error {
			for j := range work {
				r.load(ctx, j)
			}
			return nil
		})
	}
	g.Go(func() error { return r.write(ctx, queue) })
	return g.Wait()
}

// list sends the samples that no whole shard holds yet.
func (r *run) list(ctx context.Context, queue, work chan<- *job) error {
	skip := r.writer.Consumed()
	var seen int64
	for identity, err := range r.source.Identities(ctx) {
		if err != nil { // in its turn: the whole shards before it are kept
			return send(ctx, &job{ends: err}, queue, work)
		}
		if seen++; seen <= skip {
			// Before the first job: the writing goroutine does not look yet.
			r.identities++
			r.images += int64(len(identity.Samples))
			continue
		}
		n := len(identity.Samples)
		if n == 0 {
			err = send(ctx, &job{last: true}, queue, work)
		}
		for i := 0; i < n && err == nil; i++ {
			err = send(ctx, &job{sample: &identity.Samples[i], id: identity.ID, last: i == n-1}, queue, work)
		}
		if err != nil {
			return err
		}
	}
	if seen < skip {
		return fmt.Errorf("source has %d identities, the shards written before hold %d", seen, skip)
	}
	return ctx.Err()
}

// send hands a job to the writing goroutine and, if there is something to read,
// to a worker.
func send(ctx context.Context, j *job, queue, work chan<- *job) error {
	j.done = make(chan struct{})
	toRead := j.sample != nil && j.sample.Err == nil
	if !toRead {
		close(j.done)
	}
	select {
	case queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	}
	if !toRead {
		return nil
	}
	select {
	case work <- j:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// load reads and examines one image. Its error waits for its turn in the order of
// the stream, so that the same error ends the run with any number of workers.
func (r *run) load(ctx context.Context, j *job) {
	defer close(j.done)
	if j.image, j.err = r.source.Read(ctx, j.sample); j.err == nil {
		j.width, j.height, j.err = r.options.Examine(j.image)
	}
}

// write takes the jobs in order to the shards.
func (r *run) write(ctx context.Context, queue <-chan *job) error {
	for j := range queue {
		select {
		case <-j.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if j.ends != nil {
			return j.ends
		}
		if j.sample != nil {
			r.images++
			if err := r.add(ctx, j); err != nil {
				return err
			}
		}
		if j.last {
			r.identities++
			r.writer.Mark(r.identities)
			if r.options.Progress != nil {
				r.options.Progress(r.images, r.total)
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.checkRejects(r.images)
}

// add writes one image as a row or as a reject.
func (r *run) add(ctx context.Context, j *job) error {
	row := j.sample.Row
	err := j.err
	if j.sample.Err != nil {
		err = j.sample.Err
	}
	if err == nil {
		row.Image, row.ImagePath = j.image, path.Base(row.FilePath)
		row.ID, row.Source = j.id, r.options.Name
		row.Width, row.Height = int32(j.width), int32(j.height)
		err = rejectBadRow(r.writer.Write(ctx, &row))
	}
	var reject *RejectError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &reject):
		return err
	}
	if len(r.first) < 3 {
		r.first = append(r.first, fmt.Sprintf("%q: %v", row.FilePath, reject))
	}
	if err := r.writer.Rejects().Add(row.FilePath, reject.Reason, reject.Err.Error()); err != nil {
		return err
	}
	return r.checkRejects(r.total)
}

// rejectBadRow turns a row that shards cannot keep into a reject; the writer is
// usable after it. The place in the output is left out: it is not the image's.
func rejectBadRow(err error) error {
	var bad *parquet.RowError
	if !errors.As(err, &bad) {
		return err
	}
	reason := ReasonBadRow
	if bad.Column == "file_path" || bad.Column == "image" { // image.path is its last part
		reason = ReasonBadPath
	}
	return rejectf(reason, "column %q: %w", bad.Column, bad.Err)
}

// checkRejects ends the run when more of records are unfit than is allowed.
func (r *run) checkRejects(records int64) error {
	rejects := r.writer.Rejects()
	n := rejects.Total()
	if records < MinRecords || float64(n) <= r.options.MaxRejectRatio*float64(records) {
		return nil
	}
	return &TooManyRejectsError{Rejects: n, Records: records, MaxRatio: r.options.MaxRejectRatio, Counts: rejects.Counts(), First: r.first}
}
