package ingest

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sort"
	"sync"

	"plip/parquet"
)

// scan calls fn with the samples of a run.
func (f *Foreign) scan(ctx context.Context, run foreignRun, fn func(Sample) error) error {
	end := run.first + run.rows
	err := f.data.ScanTolerant(ctx, foreignColumns, run.first, func(i int64, r *parquet.Row) error {
		if i >= end {
			return errRunRead
		}
		s := Sample{Row: *r, at: i}
		if !f.named {
			s.Row.FilePath = fmt.Sprintf("%d/row-%09d", r.ID, i)
		}
		s.Row.ImagePath, s.Row.Source = "", ""
		return fn(s)
	}, func(i int64, err *parquet.RowError) error {
		if i >= end {
			return errRunRead
		}
		return fn(f.badSample(i, err))
	})
	if errors.Is(err, errRunRead) {
		return nil
	}
	return err
}

// Read implements Source.
func (f *Foreign) Read(ctx context.Context, s *Sample) ([]byte, error) {
	data, err := f.pictures.read(ctx, s.at)
	if err != nil {
		return nil, fmt.Errorf("read image %q: %w", path.Base(s.Row.FilePath), err)
	}
	if len(data) > MaxFileBytes {
		return nil, rejectf(ReasonFileTooLarge, "image has %d bytes, want at most %d", len(data), MaxFileBytes)
	}
	return data, nil
}

// cachedGroups is how many row groups of pictures are kept: as many as the readers
// of a queue are in at once. A group has 64 MB at most.
const cachedGroups = 3

// pictureCache reads pictures by row number, a row group at a time: files of other
// writers have no index by which one picture could be found. Safe for concurrent
// use.
type pictureCache struct {
	data *parquet.Dataset

	mu   sync.Mutex
	kept []*pictureGroup // used last comes last
}

// pictureGroup is the pictures of one row group, read once by who comes first.
type pictureGroup struct {
	group int
	once  sync.Once
	rows  []parquet.Row
	err   error
}

func newPictureCache(d *parquet.Dataset) *pictureCache { return &pictureCache{data: d} }

// read returns the bytes in row i, none where it has none. They are the caller's.
func (c *pictureCache) read(ctx context.Context, i int64) ([]byte, error) {
	groups := c.data.Groups()
	n := sort.Search(len(groups), func(g int) bool { return groups[g].FirstRow > i }) - 1
	g := c.group(n)
	g.once.Do(func() { g.rows, g.err = c.data.ReadGroup(ctx, n, parquet.ColImage) })
	var bad parquet.RowErrors
	if g.err != nil && !errors.As(g.err, &bad) { // bad rows are those without bytes
		c.forget(g)
		return nil, g.err
	}
	return append([]byte(nil), g.rows[i-groups[n].FirstRow].Image...), nil
}

// group is the entry of a row group, made where there is none.
func (c *pictureCache) group(n int) *pictureGroup {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, g := range c.kept {
		if g.group == n {
			c.kept = append(append(c.kept[:k:k], c.kept[k+1:]...), g)
			return g
		}
	}
	if len(c.kept) == cachedGroups {
		c.kept = c.kept[1:]
	}
	g := &pictureGroup{group: n}
	c.kept = append(c.kept, g)
	return g
}

// forget lets another reader try again.
func (c *pictureCache) forget(bad *pictureGroup) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, g := range c.kept {
		if g == bad {
			c.kept = append(c.kept[:k:k], c.kept[k+1:]...)
			return
		}
	}
}
