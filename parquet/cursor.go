package parquet

import (
	"context"
	"fmt"

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
func (s *shardFile) scanGroup(ctx context.Context, g int, first, n int64, cols Columns, how access, fn func(i int64, r *Row, bad *columnError) error) error {
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

// readRows reads rows first to first+n of a row group. The error names rows with
// bad data, or there are no rows.
func (s *shardFile) readRows(ctx context.Context, g int, first, n int64, cols Columns) ([]Row, error) {
	c, err := s.newCursor(g, first, cols, keepRows)
	if err != nil {
		return nil, err
	}
	defer c.close()
	rows, bad := make([]Row, n), make([]*columnError, n)
	batch := s.batchRows(g, cols, keepRows)
	for done := int64(0); done < n; done += batch {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read %s: %w", s.name, err)
		}
		end := min(done+batch, n)
		if err := c.next(rows[done:end], bad[done:end]); err != nil {
			return nil, err
		}
	}
	var errs RowErrors
	for i, b := range bad {
		if b != nil {
			errs = append(errs, &RowError{s.name, s.groups[g].firstRow + first + int64(i), b.column, b.err})
		}
	}
	if len(errs) > 0 {
		return rows, errs
	}
	return rows, nil
}

// batchRows bounds the memory of a scan: to about 8 MB of values at a time, and
// 1 MB where they are lent. Smaller batches that are given away make the collector
// run more often: a third of the time of pictures with a quarter of the size.
func (s *shardFile) batchRows(g int, cols Columns, how access) int64 {
	wantBytes, most := int64(8<<20), int64(2048)
	if how == lendRows {
		wantBytes, most = 1<<20, 1024
	}
	group := &s.groups[g]
	var bytes int64
	for _, c := range s.columns {
		if c.group&cols != 0 {
			bytes += s.file.Metadata().RowGroups[g].Columns[c.leaf].MetaData.TotalUncompressedSize
		}
	}
	perRow := bytes/max(group.rows, 1) + 1
	return min(max(wantBytes/perRow, 1), most)
}
