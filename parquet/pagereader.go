package parquet

import (
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

// pageReader walks the pages of a column chunk in one of our shards. It reads
// ahead, so that small pages cost no call each.
type pageReader struct {
	shard    *shardFile
	at, end  int64 // of the chunk, not yet walked
	maxPlain int64 // what one page may hold
	ahead    int   // bytes read at once
	window   []byte
	windowAt int64
}

// Read-ahead of text columns, and of pictures, whose pages are read by themselves.
const (
	aheadBytes   = 64 << 10
	headerBytes  = 128 // most headers are of 40
	maxHeadBytes = 64 << 10
)

func (s *shardFile) newPageReader(meta *format.ColumnMetaData, ahead int, window []byte) (pageReader, error) {
	at := meta.DataPageOffset
	if meta.DictionaryPageOffset != 0 {
		at = meta.DictionaryPageOffset
	}
	end := at + meta.TotalCompressedSize
	if end < at || end > s.size {
		return pageReader{}, fmt.Errorf("want a chunk within the file's %d bytes, got one up to %d", s.size, end)
	}
	maxPlain := min(maxPageBytes, meta.TotalUncompressedSize)
	return pageReader{shard: s, at: at, end: end, maxPlain: maxPlain, ahead: ahead, window: window[:0]}, nil
}

// header reads the next page's header; the body follows through body or skip.
// Io.EOF at the end of the chunk. A header that claims what cannot be is an error.
func (p *pageReader) header() (h pageHeader, err error) {
	if p.at >= p.end {
		return h, io.EOF
	}
	n := 0
	for limit := int64(headerBytes); ; limit *= 16 {
		b, err := p.bytes(int(min(limit, p.end-p.at)))
		if err != nil {
			return h, err
		}
		n, err = h.parse(b)
		if err == nil {
			break
		}
		if err != errThriftShort || limit >= min(maxHeadBytes, p.end-p.at) {
			return h, fmt.Errorf("page header at byte %d: %w", p.at, err)
		}
	}
	p.at += int64(n)
	switch {
	case h.packed < 0 || h.packed > p.end-p.at:
		return h, fmt.Errorf("page at byte %d: want a size within its chunk, got %d", p.at, h.packed)
	case h.plain < 0 || h.plain > p.maxPlain:
		return h, fmt.Errorf("page at byte %d: want at most %d bytes, got %d", p.at, p.maxPlain, h.plain)
	case h.values < 0 || h.values > maxPageValues || h.rows < 0 || h.rows > h.values:
		return h, fmt.Errorf("page at byte %d: want at most %d values and no more rows, got %d and %d", p.at, maxPageValues, h.values, h.rows)
	case h.reps < 0 || h.defs < 0 || h.reps+h.defs > min(h.packed, h.plain):
		return h, fmt.Errorf("page at byte %d: want levels within its %d bytes, got %d and %d", p.at, h.packed, h.reps, h.defs)
	}
	return h, nil
}

// body returns the page as it lies in the file and compares its checksum. It is
// valid until the next call, unless dst is given.
func (p *pageReader) body(h *pageHeader, dst []byte) (body []byte, err error) {
	if dst == nil {
		body, err = p.bytes(int(h.packed))
	} else {
		body, err = dst[:h.packed], p.read(dst[:h.packed])
	}
	if err != nil {
		return nil, fmt.Errorf("page at byte %d: %w", p.at, err)
	}
	if sum := crc32.ChecksumIEEE(body); h.crc != 0 && sum != h.crc {
		return nil, fmt.Errorf("page at byte %d: want CRC-32 %08x, got %08x", p.at, h.crc, sum)
	}
	p.skip(h)
	return body, nil
}

func (p *pageReader) skip(h *pageHeader) { p.at += h.packed }

// bytes returns the next n bytes of the chunk without going on.
func (p *pageReader) bytes(n int) ([]byte, error) {
	from := p.at - p.windowAt
	if from < 0 || from+int64(n) > int64(len(p.window)) {
		size := int(min(int64(max(n, p.ahead)), p.end-p.at))
		if cap(p.window) < size {
			p.window = make([]byte, size)
		}
		p.window, p.windowAt, from = p.window[:size], p.at, 0
		if err := p.read(p.window); err != nil {
			p.window = p.window[:0]
			return nil, err
		}
	}
	return p.window[from : from+int64(n)], nil
}

func (p *pageReader) read(b []byte) error {
	n, err := p.shard.reader.ReadAt(b, p.at)
	if n == len(b) {
		return nil
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
