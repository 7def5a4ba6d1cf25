package spac

import (
	"context"

	"golang.org/x/sync/errgroup"

	"plip/internal/feed"
	"plip/internal/pixels"
	"plip/internal/tensor"
	"plip/parquet"
)

// CaptionConfig configures the captioning of shards.
type CaptionConfig struct {
	Method
	Batch   int   // images decoded together. Default 64
	Workers int   // decoding goroutines. Default: the machine's cores
	Seed    int64 // of the choice of prompt sentences, and of what is drawn
	// Graphs records the encoder's forward pass as a CUDA graph. Where that cannot be, NoGraphs is told why, and it runs
	// as it does without
	Graphs   bool
	NoGraphs func(why error)
}

// DefaultCaptionConfig suits two cores.
func DefaultCaptionConfig() CaptionConfig {
	return CaptionConfig{Method: DefaultMethod(), Batch: 64, Workers: feed.DefaultOptions().Workers}
}

// described is a batch on its way from the captioner to the writer.
type described struct {
	rows    []parquet.Row
	numbers []int64 // of the rows in the dataset
	said    []Words
}

// Caption writes every row of ds, with attributes, captions and a prompt caption generated from its image, to w. The
// result of a row depends on its image, id and path alone: batches have a fixed shape, the last is filled up. Inputs in
// the sense of w.Consumed are rows of ds. It closes neither. Images are read and decoded ahead of the captioner, and rows
// written behind it.
func Caption(ctx context.Context, m *Captioner, words *Vocabulary, ds *parquet.Dataset, w *parquet.Writer, c CaptionConfig, l Language, progress func(done, total int64)) (CaptionReport, error) {
	s, err := NewSpeaker(m, words.BPE, c.Method)
	if err != nil {
		return CaptionReport{}, err
	}
	defer s.Close()
	if c.Graphs {
		if err := s.Record(c.Batch); err != nil {
			c.NoGraphs(err)
		}
	}
	out := &captionWriter{w: w, seed: c.Seed, language: l, total: ds.NumRows(), progress: progress, report: newCaptionReport()}
	from := w.Consumed()
	batches := make(chan described, 2)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(batches)
		return s.describeAll(ctx, ds, from/int64(c.Batch), c, batches)
	})
	group.Go(func() error { return out.writeAll(ctx, from, batches) })
	err = group.Wait()
	return out.report, err
}

// describeAll sends the dataset's batches, from one of them on, with what the captioner says of them.
func (s *Speaker) describeAll(ctx context.Context, ds *parquet.Dataset, from int64, c CaptionConfig, to chan<- described) error {
	o := feed.DefaultOptions()
	o.Order = feed.Order{Sampler: feed.Sequential, Batch: c.Batch, Window: 1}
	o.Height, o.Px, o.Norm, o.Workers, o.CacheBytes = int(s.m.Config.Height), int(s.m.Config.Px), pixels.ImageNet(), c.Workers, 0
	o.Columns, o.KeepBytes = parquet.ColAll, true
	loader, err := feed.New(ctx, ds, o)
	if err != nil {
		return err
	}
	return tensor.Do(func(*tensor.Scope) error {
		return loader.Epoch(ctx, 0, from, func(b *feed.Batch) error {
			said, err := s.describeBatch(b, c)
			next := described{b.Rows, b.Number, said}
			b.Release()
			if err != nil {
				return err
			}
			select {
			case to <- next:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
}

// describeBatch runs a batch that is filled up to its full size, so that kernels, and with them the last digits, do not
// depend on how many rows there are.
func (s *Speaker) describeBatch(b *feed.Batch, c CaptionConfig) (said []Words, err error) {
	seeds := make([]uint64, c.Batch)
	for i := range b.Rows {
		seeds[i] = imageSeed(c.Seed, b.Rows[i].ID, b.Rows[i].FilePath)
	}
	err = tensor.Do(func(*tensor.Scope) error {
		x := images(s.m, b)
		if missing := c.Batch - len(b.Rows); missing > 0 {
			x = tensor.Cat(0, x, tensor.Zeros(x.Device(), tensor.Float32, int64(missing), 3, s.m.Config.Height, s.m.Config.Px)) // [full, 3, H, W]
		}
		said = s.Describe(x, seeds)[:len(b.Rows)]
		return nil
	})
	return said, err
}

// captionWriter writes described rows by the rules.
type captionWriter struct {
	w        *parquet.Writer
	seed     int64
	language Language
	total    int64
	progress func(done, total int64)
	report   CaptionReport
}

// writeAll writes the batches' rows from row number from on: those before were written before an interruption.
func (o *captionWriter) writeAll(ctx context.Context, from int64, batches <-chan described) error {
	last := int64(-1) // identity of the row before
	for b := range batches {
		for i := range b.rows {
			n, r := b.numbers[i], &b.rows[i]
			if n < from {
				continue
			}
			o.report.apply(r, b.said[i], o.seed, o.language)
			if n > from && r.ID != last {
				o.w.Mark(n)
			}
			last = r.ID
			r.Embedding = nil
			if err := o.w.Write(ctx, r); err != nil {
				return err
			}
		}
		o.progress(b.numbers[len(b.numbers)-1]+1, o.total)
	}
	if err := ctx.Err(); err != nil {
		return err // the captioner may have stopped early
	}
	o.w.Mark(o.total)
	return nil
}

// DescribeImage captions one decoded picture by the same rules; name stands for its path.
func (s *Speaker) DescribeImage(im *pixels.Image, name string, c CaptionConfig, l Language) (*parquet.Row, error) {
	h, w := int(s.m.Config.Height), int(s.m.Config.Px)
	b := &feed.Batch{Rows: []parquet.Row{{FilePath: name}}, Images: make([]float32, 3*h*w)}
	rgb := make([]uint8, 3*h*w)
	pixels.ResizeBicubic(rgb, im, w, h)
	pixels.ImageNet().CHW(b.Images, rgb, w, h, false)
	said, err := s.describeBatch(b, c)
	if err != nil {
		return nil, err
	}
	report := newCaptionReport()
	report.apply(&b.Rows[0], said[0], c.Seed, l)
	return &b.Rows[0], nil
}
