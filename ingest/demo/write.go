package demo

import (
	"context"
	"fmt"
	"path"
	"runtime"

	"golang.org/x/sync/errgroup"

	"plip/parquet"
)

// WriteOptions say how a part is written. What is written depends on none of them but ShardBytes.
type WriteOptions struct {
	Workers    int                   // goroutines that draw; 0 is one a processor
	Force      bool                  // begin anew where a dataset is there already
	ShardBytes int64                 // see parquet.WriterOptions; 0 is its default
	Progress   func(done, total int) // tracks, called after each from one goroutine; may be nil
}

// Write draws the part and writes it as shards into dir, in track order. A directory left by an interrupted Write of the same
// configuration is continued after its last whole shard. If it is finished already, the error is parquet.ErrFinished.
func (p *Part) Write(ctx context.Context, dir string, o WriteOptions) (*parquet.Manifest, error) {
	wo := parquet.DefaultWriterOptions()
	wo.Source = "demo"
	wo.Config = p.corpus.cfg.settings(p.name)
	wo.Camera, wo.Split, wo.Truth, wo.Force = true, p.split != "", p.Noisy(), o.Force
	if o.ShardBytes > 0 {
		wo.ShardBytes = o.ShardBytes
		wo.RowGroupBytes = min(wo.RowGroupBytes, o.ShardBytes)
	}
	w, err := parquet.Create(ctx, dir, wo)
	if err != nil {
		return nil, fmt.Errorf("demo corpus: part %s: %w", p.name, err)
	}
	if err := p.fill(ctx, w, o); err != nil {
		w.Abort()
		return nil, fmt.Errorf("demo corpus: part %s: %w", p.name, err)
	}
	m, err := w.Close()
	if err != nil {
		return nil, fmt.Errorf("demo corpus: part %s: %w", p.name, err)
	}
	return m, nil
}

// A job is a track being drawn; its result arrives once.
type job struct {
	track  int
	result chan []Sample
}

// fill draws tracks by several workers and writes them in order. Jobs enter the queue of the writer in track order, so that the writer
// waits for each in turn; the queue's length bounds how far the workers run ahead.
func (p *Part) fill(ctx context.Context, w *parquet.Writer, o WriteOptions) error {
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	total := p.Tracks()
	first := int(min(w.Consumed(), int64(total)))
	jobs, queue := make(chan job), make(chan job, 4*workers)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(jobs)
		defer close(queue)
		for i := first; i < total; i++ {
			j := job{i, make(chan []Sample, 1)}
			for _, to := range []chan job{queue, jobs} {
				select {
				case to <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	for range workers {
		g.Go(func() error {
			for j := range jobs {
				samples, err := p.Render(j.track)
				if err != nil {
					return err
				}
				j.result <- samples // never blocks: one place, one result
			}
			return nil
		})
	}
	g.Go(func() error {
		for j := range queue {
			var samples []Sample
			select {
			case samples = <-j.result:
			case <-ctx.Done():
				return ctx.Err()
			}
			for i := range samples {
				if err := w.Write(ctx, samples[i].row(p)); err != nil {
					return err
				}
			}
			w.Mark(int64(j.track) + 1)
			if o.Progress != nil {
				o.Progress(j.track+1, total)
			}
		}
		return ctx.Err()
	})
	return g.Wait()
}

// row is the sample as shards keep it.
func (s *Sample) row(p *Part) *parquet.Row {
	camera := s.Camera
	return &parquet.Row{
		Image: s.JPEG, ImagePath: path.Base(s.FilePath),
		ID: s.ID, FilePath: s.FilePath, Camera: &camera, Split: p.split, Source: "demo", Width: s.Width, Height: s.Height,
		Attributes: s.Attributes, Captions: s.Captions,
		TruthID: s.TruthID, TruthAttributes: s.TruthAttributes,
	}
}
