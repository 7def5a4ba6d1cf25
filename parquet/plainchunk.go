package parquet

import (
	"fmt"
	"io"
	"math/bits"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// plainChunk reads a column of our shards as it is written: data pages of version
// 2, plain or with a dictionary, compressed with zstd or not at all. Rows get
// parts of the page: pictures of what was read, strings of what was unpacked. The
// library's way puts each value into a pq.Value and copies every byte once more,
// which is two thirds of the time.
type plainChunk struct {
	column  *column
	codec   format.CompressionCodec
	pages   pageReader
	skip    int64 // rows of the chunk before the first that is wanted
	lend    bool  // rows are valid until the next ones
	scratch *chunkScratch
	words   []string // the dictionary
	open    []byte   // the page of pictures that values are part of

	// The open page. Positions instead of shrinking slices: a pointer that changes
	// in memory costs the collector a note each time.
	rows       int64   // not yet taken
	reps, defs []uint8 // empty when every row has its one value
	values     []byte  // plain
	indices    []uint32
	level      int // next of reps and defs
	at         int // next of values
	index      int // next of indices
}

// chunkScratch is memory that chunks use in turn.
type chunkScratch struct {
	window, plain []byte
	reps, defs    []uint8
	indices       []uint32

	// What rows point into where they are lent, and not given away.
	pages   pagePool
	strings arena[string]
	floats  arena[float32]
	bytes   arena[int8]
	ints    arena[int32]
	longs   arena[int64]
}

// newPlainChunk returns nil when the chunk is not as described.
func (s *shardFile) newPlainChunk(g int, c *column, first int64, lend bool) (*plainChunk, error) {
	meta := &s.file.Metadata().RowGroups[g].Columns[c.leaf].MetaData
	if !s.own || c.plain == nil || meta.Codec != format.Zstd && meta.Codec != format.Uncompressed {
		return nil, nil
	}
	for _, stats := range meta.EncodingStats {
		if stats.PageType != format.DataPageV2 && stats.PageType != format.DictionaryPage {
			return nil, nil
		}
	}
	scratch, ok := s.scratch.Get().(*chunkScratch)
	if !ok {
		scratch = &chunkScratch{}
	}
	ahead := aheadBytes
	if c.keepsPage {
		ahead = headerBytes
	}
	pages, err := s.newPageReader(meta, ahead, scratch.window)
	if err != nil {
		return nil, err
	}
	return &plainChunk{column: c, codec: meta.Codec, pages: pages, skip: first, lend: lend, scratch: scratch}, nil
}

func (c *plainChunk) columnName() string { return c.column.name }

func (c *plainChunk) close() {
	c.scratch.window = c.pages.window
	c.scratch.pages.reclaim(nil)
	c.pages.shard.scratch.Put(c.scratch)
	c.scratch = nil
}

func (c *plainChunk) next(rows []Row, _ []*columnError) error {
	c.scratch.renew(c.lend, c.open)
	for len(rows) > 0 {
		if c.rows == 0 {
			if err := c.load(); err != nil {
				return err
			}
			continue
		}
		if c.skip > 0 { // a row of the first page that is not wanted
			k := min(c.skip, c.rows)
			if err := c.column.plain(c, make([]Row, k)); err != nil {
				return err
			}
			c.skip -= k
			c.rows -= k
			continue
		}
		k := min(int64(len(rows)), c.rows)
		if err := c.column.plain(c, rows[:k]); err != nil {
			return err
		}
		rows = rows[k:]
		c.rows -= k
	}
	return nil
}

// load opens the next page that holds a wanted row.
func (c *plainChunk) load() error {
	for {
		h, err := c.pages.header()
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		switch {
		case h.kind == format.DictionaryPage:
			err = c.loadWords(&h)
		case h.rows <= c.skip:
			c.skip -= h.rows
			c.pages.skip(&h)
		default:
			return c.loadPage(&h)
		}
		if err != nil {
			return err
		}
	}
}

// loadWords reads the dictionary, one string for all rows that have it.
func (c *plainChunk) loadWords(h *pageHeader) error {
	body, err := c.pages.body(h, nil)
	if err != nil {
		return err
	}
	if h.encoding != format.Plain {
		return fmt.Errorf("dictionary: want encoding %v, got %v", format.Plain, h.encoding)
	}
	values, err := c.unpack(h, body, nil)
	if err != nil {
		return err
	}
	c.values, c.indices, c.at = values, nil, 0
	c.words = make([]string, 0, min(h.values, int64(len(values))/4))
	for range h.values {
		s, err := c.text()
		if err != nil {
			return fmt.Errorf("dictionary: %w", err)
		}
		c.words = append(c.words, s)
	}
	return nil
}

func (c *plainChunk) loadPage(h *pageHeader) error {
	var fresh []byte
	if c.column.keepsPage {
		fresh = c.scratch.pages.take(int(h.packed), c.lend)
		c.open = fresh
	}
	body, err := c.pages.body(h, fresh)
	if err != nil {
		return err
	}
	if err := c.loadLevels(h, body); err != nil {
		return err
	}
	values := body[h.reps+h.defs:]
	switch {
	case h.encoding == format.RLEDictionary:
		if values, err = c.unpackScratch(h, values); err != nil {
			return err
		}
		return c.loadIndices(h, values)
	case h.encoding != format.Plain:
		return fmt.Errorf("want encoding %v or %v, got %v", format.Plain, format.RLEDictionary, h.encoding)
	case c.column.wanted == pq.ByteArray:
		c.values, err = c.unpack(h, values, fresh)
	default:
		c.values, err = c.unpackScratch(h, values)
	}
	c.rows = h.rows
	return err
}

// loadLevels leaves levels empty where there is a value for each row.
func (c *plainChunk) loadLevels(h *pageHeader, body []byte) error {
	c.reps, c.defs, c.indices, c.values = nil, nil, nil, nil
	c.level, c.at, c.index = 0, 0, 0
	if c.column.maxRep == 0 && h.rows != h.values {
		return fmt.Errorf("want a value a row, got %d for %d", h.values, h.rows)
	}
	if c.column.maxRep == 0 && h.nulls == 0 {
		return nil
	}
	var err error
	if c.column.maxRep > 0 {
		c.scratch.reps = resized(c.scratch.reps, h.values)
		c.reps = c.scratch.reps
		if err = unpackHybrid(c.reps, body[:h.reps], bits.Len8(c.column.maxRep)); err != nil {
			return fmt.Errorf("repetition levels: %w", err)
		}
		if len(c.reps) > 0 && c.reps[0] != 0 {
			return fmt.Errorf("repetition levels: want a page to begin with a row")
		}
	}
	c.scratch.defs = resized(c.scratch.defs, h.values)
	c.defs = c.scratch.defs
	if err = unpackHybrid(c.defs, body[h.reps:h.reps+h.defs], bits.Len8(c.column.maxDef)); err != nil {
		return fmt.Errorf("definition levels: %w", err)
	}
	return nil
}

func (c *plainChunk) loadIndices(h *pageHeader, values []byte) error {
	c.rows = h.rows
	if h.nulls < 0 || h.nulls > h.values {
		return fmt.Errorf("want at most %d nulls, got %d", h.values, h.nulls)
	}
	c.scratch.indices = resized(c.scratch.indices, h.values-h.nulls)
	c.indices = c.scratch.indices
	if len(c.indices) == 0 {
		return nil
	}
	if len(values) == 0 {
		return io.ErrUnexpectedEOF
	}
	if err := unpackHybrid(c.indices, values[1:], int(values[0])); err != nil {
		return fmt.Errorf("indices: %w", err)
	}
	return nil
}

func resized[T any](s []T, n int64) []T {
	if int64(cap(s)) < n {
		return make([]T, n)
	}
	return s[:n]
}

// unpackScratch returns the values of a page for as long as it is open.
func (c *plainChunk) unpackScratch(h *pageHeader, values []byte) (plain []byte, err error) {
	c.scratch.plain = resized(c.scratch.plain, h.plain)
	plain, err = c.decompress(h, c.scratch.plain[:0], values)
	return plain, err
}

// unpack returns the values of a page for rows to point into. Fresh says that
// they are that already.
func (c *plainChunk) unpack(h *pageHeader, values, fresh []byte) ([]byte, error) {
	if fresh != nil && !c.packed(h) {
		return values, nil
	}
	return c.decompress(h, make([]byte, 0, h.plain-h.reps-h.defs), values)
}

func (c *plainChunk) packed(h *pageHeader) bool {
	return h.compressed && c.codec == format.Zstd
}

func (c *plainChunk) decompress(h *pageHeader, dst, values []byte) ([]byte, error) {
	want := h.plain - h.reps - h.defs
	if !c.packed(h) || len(values) == 0 {
		dst = append(dst, values...)
	} else {
		var err error
		if dst, err = pq.Zstd.Decode(dst, values); err != nil {
			return nil, err
		}
	}
	if int64(len(dst)) != want {
		return nil, fmt.Errorf("want %d bytes of values, got %d", want, len(dst))
	}
	return dst, nil
}
