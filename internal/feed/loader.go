// Package feed brings shards to a training or evaluation loop: rows in a reproducible order, images decoded, resized,
// flipped and normalised by workers ahead of their use.
//
//	for each epoch:
//	    windows = row groups in a new order, a few at a time   // bounded memory, big reads
//	    rows    = shuffled inside the window
//	    batches = cut from the rows, decoded by workers, delivered in order
//
// The order never depends on the number of workers. Batches are Go memory; the loop makes tensors of them.
package feed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"plip/internal/pixels"
	"plip/parquet"
)

// Options configures a loader.
type Options struct {
	Order
	Height, Px int // of the images that come out, in pixels
	Norm       pixels.Normalization
	Flip       bool            // mirror half of the visits
	Jitter     float64         // zoom and shift every visit by up to this share, either way; 0: not
	Gray       bool            // every image comes a second time without its colours (pixels.Luma)
	Columns    parquet.Columns // what the rows hold beside the image
	Encoded    bool            // leave the encoded images in the rows
	// Use tells from a row's texts and numbers (ColText, ColMeta) whether it is visited; nil: all are. Their number is
	// part of the order.
	Use func(r *parquet.Row) bool
	// Copies tells how often an epoch visits a row that Use lets through, up to 255; nil: once.
	Copies     func(r *parquet.Row) int
	Part       Part  // the share of every batch that is delivered; the zero value is all
	KeepBytes  bool  // leave the encoded image in the rows
	Workers    int   // decoding goroutines; at least 1
	Ahead      int   // batches prepared ahead
	CacheBytes int64 // memory for decoded and resized images kept between epochs; 0: none
}

// DefaultOptions reads as fast as two workers a core allow, with half a gigabyte of cache.
func DefaultOptions() Options {
	return Options{Order: Order{Sampler: Shuffle, Window: 4}, Columns: parquet.ColImage | parquet.ColText | parquet.ColMeta,
		Workers: max(1, runtime.NumCPU()), Ahead: 4, CacheBytes: 512 << 20}
}

// Batch is what one step is fed.
type Batch struct {
	Index  int64         // of the batch in its epoch
	Epoch  int           //
	Rows   []parquet.Row // without image bytes unless they are kept
	Number []int64       // each row's number in the dataset
	Copy   []int         // which of its row's visits in the epoch each one is, from 0
	Images []float32     // [N, 3, H, W] normalised, with Gray [2, N, 3, H, W]: colour, then gray; Release gives it back
	pool   *sync.Pool
}

// Release gives the image memory back to the loader. The batch is unusable afterwards.
func (b *Batch) Release() {
	if b.pool != nil {
		images := b.Images // the pool keeps a pointer, and must not find what becomes of the batch
		b.pool.Put(&images)
		b.Images, b.pool = nil, nil
	}
}

// Visit is the number of a row's visit for the function of that name: the row's own for its first in the epoch.
func (b *Batch) Visit(i int) int64 { return b.Number[i] + int64(b.Copy[i])<<48 }

// Loader feeds from one dataset. It is for one loop at a time.
type Loader struct {
	ds      *parquet.Dataset
	o       Options
	table   *pixels.Table
	first   []int64 // first row of each group, then the number of rows
	ids     []int64
	skip    map[int64]bool
	copies  []uint8 // by row; nil: one each
	buffers sync.Pool

	reading, decoding atomic.Int64 // nanoseconds

	mu        sync.Mutex
	cache     map[int64][]uint8 // resized RGB by row
	cacheLeft int64
}

// New opens a loader over a dataset, which stays the caller's.
func New(ctx context.Context, ds *parquet.Dataset, o Options) (*Loader, error) {
	if o.Batch < 1 || o.Window < 1 || o.Workers < 1 || o.Ahead < 1 {
		return nil, fmt.Errorf("feed: want batch, window, workers and ahead of 1 or more, got %d, %d, %d and %d", o.Batch, o.Window, o.Workers, o.Ahead)
	}
	if !slices.Contains([]string{Sequential, Shuffle, PK}, o.Sampler) {
		return nil, fmt.Errorf("sampler: want sequential, shuffle or pk, got %q", o.Sampler)
	}
	if !(o.Jitter >= 0 && o.Jitter < 1) {
		return nil, fmt.Errorf("jitter: want a share of 0 to below 1, got %v", o.Jitter)
	}
	if err := o.Part.check(o); err != nil {
		return nil, err
	}
	if o.Sampler == PK && (o.K < 1 || o.Batch%o.K != 0) {
		return nil, fmt.Errorf("sampler pk: want a batch that is a multiple of K, got %d and %d", o.Batch, o.K)
	}
	l := &Loader{ds: ds, o: o, table: o.Norm.Table(), cache: map[int64][]uint8{}, cacheLeft: o.CacheBytes}
	for _, g := range ds.Groups() {
		l.first = append(l.first, g.FirstRow)
	}
	l.first = append(l.first, ds.NumRows())
	return l, l.scan(ctx)
}

// scan reads what the order depends on.
func (l *Loader) scan(ctx context.Context) error {
	cols := parquet.ColMeta
	if l.o.Use != nil || l.o.Copies != nil {
		cols |= parquet.ColText
		l.skip = map[int64]bool{}
	} else if l.o.Sampler != PK {
		return nil
	}
	err := l.ds.Visit(ctx, cols, 0, func(i int64, r *parquet.Row) error {
		if l.o.Sampler == PK {
			l.ids = append(l.ids, r.ID)
		}
		if l.o.Use != nil && !l.o.Use(r) {
			l.skip[i] = true
		}
		if l.o.Copies != nil {
			n := l.o.Copies(r)
			if n < 0 || n > math.MaxUint8 {
				return fmt.Errorf("row %d (%s): want 0 to %d visits, got %d", i, r.FilePath, math.MaxUint8, n)
			}
			l.copies = append(l.copies, uint8(n))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the order of rows: %w", err)
	}
	return nil
}

// visits is how often an epoch visits a row.
func (l *Loader) visits(row int64) int {
	switch {
	case l.skip[row]:
		return 0
	case l.copies != nil:
		return int(l.copies[row])
	}
	return 1
}

// Skipped is how many rows Use left out.
func (l *Loader) Skipped() int { return len(l.skip) }

// Spent is the time that went into reading rows and into decoding, resizing and normalising images, added up over the
// goroutines that do it.
func (l *Loader) Spent() (read, decode time.Duration) {
	return time.Duration(l.reading.Load()), time.Duration(l.decoding.Load())
}

// Batches is how many batches an epoch has.
func (l *Loader) Batches(epoch int) int64 {
	return l.o.batches(l.o.windows(l.first, l.ids, l.visits, epoch))
}

// Epoch calls f with each batch of an epoch in order, from batch number from on. f must Release the batch. An error of
// f, of a read or of the context ends it.
func (l *Loader) Epoch(ctx context.Context, epoch int, from int64, f func(b *Batch) error) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	group, inner := errgroup.WithContext(inner)
	jobs := make(chan job, l.o.Ahead)
	order := make(chan job, l.o.Ahead)
	group.Go(func() error {
		defer close(jobs)
		defer close(order)
		return l.plan(inner, epoch, from, func(j job) error {
			for _, c := range []chan job{order, jobs} {
				select {
				case c <- j:
				case <-inner.Done():
					return inner.Err()
				}
			}
			return nil
		})
	})
	for range l.o.Workers {
		group.Go(func() error {
			for j := range jobs {
				b, err := l.prepare(inner, j)
				if err != nil {
					return err
				}
				j.out <- b // never blocks: one place, one sender
			}
			return nil
		})
	}
	stopped := consume(inner, order, f)
	if stopped != nil {
		cancel(stopped)
	}
	failed := group.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case failed != nil && !errors.Is(failed, context.Canceled):
		return failed
	}
	return stopped
}

// consume runs on the caller's goroutine, which may be locked to its thread.
func consume(ctx context.Context, order <-chan job, f func(b *Batch) error) error {
	for j := range order {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		select {
		case b := <-j.out:
			if err := f(b); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// job is one batch to prepare.
type job struct {
	epoch  int
	index  int64
	number []int64
	copies []int
	rows   []parquet.Row
	out    chan *Batch
}

// plan reads windows one ahead of their use and sends the batches from number from on.
func (l *Loader) plan(ctx context.Context, epoch int, from int64, send func(job) error) error {
	ws := l.o.windows(l.first, l.ids, l.visits, epoch)
	total := l.o.batches(ws)
	next := job{epoch: epoch, out: make(chan *Batch, 1)}
	index, skip := int64(0), from*int64(l.o.Batch)
	emit := func() error {
		next.index = index
		index++
		if next.index >= total || next.number == nil {
			return nil
		}
		if err := send(next.part(l.o.Part)); err != nil {
			return err
		}
		next = job{epoch: epoch, out: make(chan *Batch, 1)}
		return nil
	}
	for _, w := range ws {
		if skip >= int64(len(w.rows)) { // wholly before the place where the epoch goes on
			skip -= int64(len(w.rows))
			continue
		}
		if index == 0 {
			index = from
		}
		rows, err := l.read(ctx, w)
		if err != nil {
			return err
		}
		copies := occurrences(w.rows)
		for k, r := range w.rows[skip:] {
			next.number, next.copies = append(next.number, r), append(next.copies, copies[skip+int64(k)])
			next.rows = append(next.rows, *rows[r])
			if len(next.number) == l.o.Batch {
				if err := emit(); err != nil {
					return err
				}
			}
		}
		skip = 0
	}
	return emit()
}

// occurrences tells of every row of a window how often it came before. A row's visits are all in one window.
func occurrences(rows []int64) []int {
	seen, out := map[int64]int{}, make([]int, len(rows))
	for i, r := range rows {
		out[i] = seen[r]
		seen[r]++
	}
	return out
}

// read brings a window's rows into memory.
func (l *Loader) read(ctx context.Context, w window) (map[int64]*parquet.Row, error) {
	defer count(&l.reading, time.Now())
	out := make(map[int64]*parquet.Row, len(w.rows))
	for _, g := range w.groups {
		rows, err := l.ds.ReadGroup(ctx, g, l.o.Columns)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			out[l.first[g]+int64(i)] = &rows[i]
		}
	}
	return out, nil
}

// prepare decodes a batch.
func (l *Loader) prepare(ctx context.Context, j job) (*Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	size := 3 * l.o.Height * l.o.Px
	b := &Batch{Index: j.index, Epoch: j.epoch, Rows: j.rows, Number: j.number, Copy: j.copies}
	if l.o.Columns&parquet.ColImage == 0 {
		return b, nil
	}
	defer count(&l.decoding, time.Now())
	b.pool = &l.buffers
	all := size * len(j.rows)
	var luma, moved []uint8 // of one image
	if l.o.Gray {
		all, luma = 2*all, make([]uint8, size)
	}
	if l.o.Jitter > 0 {
		moved = make([]uint8, size)
	}
	if p, ok := l.buffers.Get().(*[]float32); ok && cap(*p) >= all {
		b.Images = (*p)[:all]
	} else {
		b.Images = make([]float32, all)
	}
	for i := range j.rows {
		rgb, err := l.resized(j.number[i], &j.rows[i])
		if err != nil {
			return nil, err
		}
		random := Visit(l.o.Seed, j.epoch, b.Visit(i))
		flip := random.Uint64()&1 == 1 && l.o.Flip
		if moved != nil {
			drawJitter(random, l.o.Jitter, l.o.Px, l.o.Height).apply(moved, rgb, l.o.Px, l.o.Height)
			rgb = moved
		}
		l.table.CHW(b.Images[i*size:(i+1)*size], rgb, l.o.Px, l.o.Height, flip)
		if l.o.Gray {
			k := len(j.rows) + i
			pixels.Luma(luma, rgb)
			l.table.CHW(b.Images[k*size:(k+1)*size], luma, l.o.Px, l.o.Height, flip)
		}
		if !l.o.KeepBytes {
			if !l.o.Encoded {
				b.Rows[i].Image = nil
			}
		}
	}
	return b, nil
}

// count adds the time since from.
func count(to *atomic.Int64, from time.Time) { to.Add(int64(time.Since(from))) }

// resized decodes and resizes a row's image, or takes it from the cache.
func (l *Loader) resized(number int64, r *parquet.Row) ([]uint8, error) {
	l.mu.Lock()
	rgb, ok := l.cache[number]
	l.mu.Unlock()
	if ok {
		return rgb, nil
	}
	im, err := pixels.Decode(r.Image)
	if err != nil {
		return nil, fmt.Errorf("row %d (%s): %w", number, r.FilePath, err)
	}
	rgb = make([]uint8, 3*l.o.Height*l.o.Px)
	pixels.ResizeBicubic(rgb, im, l.o.Px, l.o.Height)
	l.mu.Lock()
	defer l.mu.Unlock()
	if size := int64(len(rgb)); l.cacheLeft >= size {
		l.cacheLeft -= size
		l.cache[number] = rgb
	}
	return rgb, nil
}
