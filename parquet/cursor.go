package parquet

import (
	"context"
	"fmt"
	"io"

	pq "github.com/parquet-go/parquet-go"
)

// cursor walks the chosen columns of one row group, row by row.
type cursor struct {
	shard  *shardFile
	row    int64 // of the file, next to be read
	cols   Columns
	chunks []chunkReader
}

// chunkReader fills one column of rows that follow each other.
type chunkReader interface {
	columnName() string
	next(rows []Row, bad []*columnError) error
	close()
}

// access says what a cursor is for.
type access int

const (
	keepRows access = iota // rows in order, given away
	lendRows               // rows in order, overwritten by the next ones
	oneRow                 // through the page index, which pays for a single row
)

// newCursor starts at row first of the group.
func (s *shardFile) newCursor(g int, first int64, cols Columns, how access) (*cursor, error) {
	c := &cursor{shard: s, row: s.groups[g].firstRow + first, cols: cols}
	for i := range s.columns {
		column := &s.columns[i]
		if column.group&cols == 0 {
			continue
		}
		chunk, err := s.newChunk(g, column, first, how)
		if err != nil {
			c.close()
			return nil, fmt.Errorf("%s: column %q: %w", s.name, column.name, err)
		}
		c.chunks = append(c.chunks, chunk)
	}
	return c, nil
}

func (s *shardFile) newChunk(g int, column *column, first int64, how access) (chunkReader, error) {
	if how == oneRow {
		if err := s.loadOffsetIndex(g, column.leaf); err != nil {
			return nil, fmt.Errorf("page index: %w", err)
		}
	} else if p, err := s.newPlainChunk(g, column, first, how == lendRows); p != nil || err != nil {
		return p, err
	}
	if err := s.checkPages(g, column.leaf); err != nil {
		return nil, err
	}
	return newChunkCursor(column, s.groups[g].chunks[column.leaf], first)
}

// loadOffsetIndex reads where the pages of a chunk begin. The library keeps it
// for the chunk's later cursors.
func (s *shardFile) loadOffsetIndex(g, leaf int) error {
	chunk, ok := s.groups[g].chunks[leaf].(*pq.FileColumnChunk)
	meta := &s.file.Metadata().RowGroups[g].Columns[leaf]
	if !ok || meta.OffsetIndexOffset == 0 || s.groups[g].indexed[leaf].Load() {
		return nil
	}
	if err := checkThriftAt(s.reader, meta.OffsetIndexOffset, int64(meta.OffsetIndexLength)); err != nil {
		return err
	}
	err := guard(func() error {
		_, err := chunk.OffsetIndex()
		return err
	})
	if err == nil {
		s.groups[g].indexed[leaf].Store(true)
	}
	return err
}

func (c *cursor) close() {
	for _, chunk := range c.chunks {
		chunk.close()
	}
}

// next fills rows, column after column. Bad[i] is set where row i has bad data;
// an error is one of the file.
func (c *cursor) next(rows []Row, bad []*columnError) error {
	for _, chunk := range c.chunks {
		err := guard(func() error { return chunk.next(rows, bad) })
		if err != nil {
			return fmt.Errorf("%s: rows %d to %d: column %q: %w", c.shard.name, c.row, c.row+int64(len(rows)), chunk.columnName(), err)
		}
	}
	for i := range rows {
		if c.cols&ColMeta != 0 && rows[i].FilePath == "" && !c.shard.own {
			// A foreign file need not have paths; the picture's own name is the next best.
			if checkPath(rows[i].ImagePath) == nil {
				rows[i].FilePath = rows[i].ImagePath
			}
		}
		if bad[i] == nil {
			bad[i] = rows[i].checkRead(c.cols)
		}
	}
	c.row += int64(len(rows))
	return nil
}

// scanGroup streams rows first to first+n of a row group. I counts rows of the
// file; bad says what is wrong with the row.
func (s *shardFile) scanGroup(ctx context.Context, g int, first, n int64, cols Columns, fn func(i int64, r *Row, bad *columnError) error) error {
	return s.scanGroupAs(ctx, g, first, n, cols, keepRows, fn)
}

func (s *shardFile) scanGroupAs(ctx context.Context, g int, first, n int64, cols Columns, how access, fn func(i int64, r *Row, bad *columnError) error) error {
	if n == 0 {
		return nil
	}
	c, err := s.newCursor(g, first, cols, how)
	if err != nil {
		return err
	}
	defer c.close()
	group := &s.groups[g]
	batch := s.batchRows(g, cols, how)
	var rows []Row
	var bad []*columnError
	for done := int64(0); done < n; {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read %s: %w", s.name, err)
		}
		k := min(batch, n-done)
		if how == lendRows && int64(cap(rows)) >= k {
			rows, bad = rows[:k], bad[:k]
			clear(rows)
			clear(bad)
		} else {
			rows, bad = make([]Row, k), make([]*columnError, k)
		}
		if err := c.next(rows, bad); err != nil {
			return err
		}
		for i := range rows {
			if err := fn(group.firstRow+first+done+int64(i), &rows[i], bad[i]); err != nil {
				return err
			}
		}
		done += k
	}
	return nil
}

// batchRows bounds the memory of a scan: to about 4 MB of values at a time, and
// 1 MB where they are lent. Smaller batches that are given away make the collector
// run more often: a fifth of the time of pictures.
func (s *shardFile) batchRows(g int, cols Columns, how access) int64 {
	wantBytes := int64(4 << 20)
	if how == lendRows {
		wantBytes = 1 << 20
	}
	group := &s.groups[g]
	var bytes int64
	for _, c := range s.columns {
		if c.group&cols != 0 {
			bytes += s.file.Metadata().RowGroups[g].Columns[c.leaf].MetaData.TotalUncompressedSize
		}
	}
	perRow := bytes/max(group.rows, 1) + 1
	return min(max(wantBytes/perRow, 1), 1024)
}

// chunkCursor walks the values of one column chunk as the library decodes them.
type chunkCursor struct {
	column   *column
	pages    pq.Pages
	page     pq.Page
	retired  []pq.Page // pages that the row at hand still points into
	reader   pq.ValueReader
	buffer   []pq.Value
	ready    []pq.Value // values of buffer not yet taken
	row      []pq.Value
	interner interner
}

func newChunkCursor(column *column, chunk pq.ColumnChunk, first int64) (*chunkCursor, error) {
	c := &chunkCursor{column: column, buffer: make([]pq.Value, 256)}
	err := guard(func() error {
		c.pages = chunk.Pages()
		if first > 0 {
			return c.pages.SeekToRow(first)
		}
		return nil
	})
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *chunkCursor) columnName() string { return c.column.name }

func (c *chunkCursor) next(rows []Row, bad []*columnError) error {
	for i := range rows {
		values, err := c.nextRow()
		if err != nil {
			return err
		}
		if err := c.column.set(c.column, &rows[i], values, &c.interner); err != nil && bad[i] == nil {
			bad[i] = &columnError{c.column.name, err}
		}
	}
	return nil
}

func (c *chunkCursor) close() {
	c.retire()
	c.release()
	if c.pages != nil {
		// Closing gives back buffers; nothing is written that could be lost.
		_ = guard(c.pages.Close)
		c.pages = nil
	}
}

// nextRow returns the values of the next row, valid until the call after it.
func (c *chunkCursor) nextRow() ([]pq.Value, error) {
	c.release()
	c.row = c.row[:0]
	for {
		if len(c.ready) == 0 {
			err := c.fill()
			if err == io.EOF && len(c.row) > 0 {
				return c.row, nil
			}
			if err == io.EOF {
				return nil, io.ErrUnexpectedEOF
			}
			if err != nil {
				return nil, err
			}
		}
		n := c.rowEnd()
		part := c.ready[:n:n]
		c.ready = c.ready[n:]
		whole := len(c.ready) > 0 || !c.column.isList
		if whole && len(c.row) == 0 {
			return part, nil // the usual case, without a copy
		}
		// The buffer is about to be filled anew with the rest of this row.
		c.row = append(c.row, part...)
		if whole {
			return c.row, nil
		}
	}
}

// rowEnd returns how many of the ready values belong to the row at hand.
func (c *chunkCursor) rowEnd() int {
	if !c.column.isList {
		return 1
	}
	for i := range c.ready {
		if c.ready[i].RepetitionLevel() == 0 && (i > 0 || len(c.row) > 0) {
			return i
		}
	}
	return len(c.ready)
}

// fill reads more values, from the next page when this one is done.
func (c *chunkCursor) fill() error {
	for {
		if c.reader == nil {
			page, err := c.pages.ReadPage()
			if err != nil {
				return err
			}
			c.page, c.reader = page, page.Values()
		}
		n, err := c.reader.ReadValues(c.buffer)
		if err != nil && err != io.EOF {
			return err
		}
		if n > 0 && c.column.keepsPage && c.page.Dictionary() != nil {
			// The dictionary is shared by all pages and would be kept by any one of its pictures.
			for i := range c.buffer[:n] {
				c.buffer[i] = c.buffer[i].Clone()
			}
		}
		c.ready = c.buffer[:n]
		if err == io.EOF || n == 0 {
			c.retire()
		}
		if n > 0 {
			return nil
		}
	}
}

// retire parts with the page; its memory stays until the row that points into it
// was taken.
func (c *chunkCursor) retire() {
	if c.page != nil {
		c.retired = append(c.retired, c.page)
	}
	c.page, c.reader = nil, nil
}

// release gives retired pages back once no ready value points into them. Pages
// of pictures are left to the collector: the rows handed out point into them.
func (c *chunkCursor) release() {
	if len(c.ready) > 0 {
		return
	}
	if !c.column.keepsPage {
		for _, p := range c.retired {
			pq.Release(p)
		}
	}
	c.retired = c.retired[:0]
}
