package parquet

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Limits on what one page may claim. The Parquet library allocates by the claim,
// and no checksum covers a page's header.
const (
	maxPageBytes  = 1 << 30
	maxPageValues = 1 << 26
)

// filePage is one page of a column chunk.
type filePage struct {
	at     int64 // of the body within the file
	header format.PageHeader
}

func (p *filePage) values() int32 {
	switch h := &p.header; {
	case h.DataPageHeaderV2.Valid:
		return h.DataPageHeaderV2.V.NumValues
	case h.DataPageHeader.Valid:
		return h.DataPageHeader.V.NumValues
	case h.DictionaryPageHeader.Valid:
		return h.DictionaryPageHeader.V.NumValues
	}
	return 0
}

// walkPages calls fn for each page of a chunk, reading headers only. A header
// that claims what cannot be is an error.
func (s *shardFile) walkPages(g, leaf int, fn func(p *filePage) error) error {
	meta := &s.file.Metadata().RowGroups[g].Columns[leaf].MetaData
	at := meta.DataPageOffset
	if meta.DictionaryPageOffset != 0 {
		at = meta.DictionaryPageOffset
	}
	end := at + meta.TotalCompressedSize
	if end > s.size {
		return fmt.Errorf("want a chunk within the file's %d bytes, got one up to %d", s.size, end)
	}
	for at < end {
		p := filePage{}
		n, err := s.readPageHeader(&p.header, at, end)
		if err != nil {
			return fmt.Errorf("page header at byte %d: %w", at, err)
		}
		p.at = at + n
		size, plain := int64(p.header.CompressedPageSize), int64(p.header.UncompressedPageSize)
		switch values := p.values(); {
		case size < 0 || size > end-p.at:
			return fmt.Errorf("page at byte %d: want a size within its chunk, got %d", at, size)
		case plain < 0 || plain > maxPageBytes || plain > meta.TotalUncompressedSize:
			return fmt.Errorf("page at byte %d: want at most %d bytes, got %d", at, min(maxPageBytes, meta.TotalUncompressedSize), plain)
		case values < 0 || values > maxPageValues:
			return fmt.Errorf("page at byte %d: want at most %d values, got %d", at, maxPageValues, values)
		}
		if err := fn(&p); err != nil {
			return err
		}
		at = p.at + size
	}
	return nil
}

// readPageHeader returns the length of the header at byte at. Bounds of long
// values make some headers long.
func (s *shardFile) readPageHeader(h *format.PageHeader, at, end int64) (int64, error) {
	for limit := int64(512); ; limit *= 16 {
		b := make([]byte, min(limit, end-at))
		if _, err := io.ReadFull(io.NewSectionReader(s.reader, at, int64(len(b))), b); err != nil {
			return 0, err
		}
		err := checkThrift(b)
		if errors.Is(err, errThriftShort) && int64(len(b)) < end-at {
			continue
		}
		if err != nil {
			return 0, err
		}
		var n int
		err = guard(func() error {
			r := new(thrift.CompactProtocol).NewReaderFromBytes(b)
			err := thrift.NewDecoder(r).Decode(h)
			n = r.BytesRead()
			return err
		})
		return int64(n), err
	}
}

// checkPages walks the headers of a chunk once in the life of a shardFile.
func (s *shardFile) checkPages(g, leaf int) error {
	checked := &s.groups[g].checked[leaf]
	if checked.Load() {
		return nil
	}
	if err := s.walkPages(g, leaf, func(*filePage) error { return nil }); err != nil {
		return err
	}
	checked.Store(true)
	return nil
}
