package parquet

import (
	"io"

	pq "github.com/parquet-go/parquet-go"
)

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
