package parquet

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

// plainPages reads pictures as our shards have them: pages of version 2, plain,
// not compressed, without a null. Such a page is a length and a picture in turn,
// so pictures are handed out as parts of the page as it was read: the library's
// way copies every byte once more, which is half of the time.
type plainPages struct {
	shard *shardFile
	pages []filePage // not yet read
	body  []byte     // of the page at hand, not yet taken
	left  int32      // pictures in body
}

// newPlainPages returns nil when the chunk is not as described.
func (s *shardFile) newPlainPages(g int, c *column, first int64) (*plainPages, error) {
	meta := &s.file.Metadata().RowGroups[g].Columns[c.leaf].MetaData
	if c.name != "image" || !c.keepsPage || meta.Codec != format.Uncompressed || !s.own {
		return nil, nil
	}
	p := &plainPages{shard: s}
	plain := true
	row := int64(0)
	err := s.walkPages(g, c.leaf, func(page *filePage) error {
		h := &page.header.DataPageHeaderV2
		if !h.Valid || h.V.Encoding != format.Plain || h.V.NumNulls != 0 || h.V.RepetitionLevelsByteLength != 0 {
			plain = false
		}
		row += int64(h.V.NumValues)
		if row > first { // earlier pages are passed over
			p.pages = append(p.pages, *page)
		}
		return nil
	})
	if err != nil || !plain || len(p.pages) == 0 {
		return nil, err
	}
	skip := first - (row - p.values())
	if err := p.load(); err != nil {
		return nil, err
	}
	for range skip {
		if _, err := p.take(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// values counts the pictures of the pages not yet read.
func (p *plainPages) values() (n int64) {
	for i := range p.pages {
		n += int64(p.pages[i].values())
	}
	return n
}

// load reads the next page and compares its checksum.
func (p *plainPages) load() error {
	if len(p.pages) == 0 {
		return io.ErrUnexpectedEOF
	}
	page := &p.pages[0]
	p.pages = p.pages[1:]
	body := make([]byte, page.header.CompressedPageSize)
	if _, err := io.ReadFull(io.NewSectionReader(p.shard.reader, page.at, int64(len(body))), body); err != nil {
		return err
	}
	if sum := crc32.ChecksumIEEE(body); page.header.CRC != 0 && sum != uint32(page.header.CRC) {
		return fmt.Errorf("page at byte %d: want CRC-32 %08x, got %08x", page.at, uint32(page.header.CRC), sum)
	}
	h := &page.header.DataPageHeaderV2.V
	levels := int(h.DefinitionLevelsByteLength)
	if levels < 0 || levels > len(body) {
		return fmt.Errorf("page at byte %d: want definition levels within its %d bytes, got %d", page.at, len(body), levels)
	}
	p.body, p.left = body[levels:], h.NumValues
	return nil
}

func (p *plainPages) take() ([]byte, error) {
	for p.left == 0 {
		if err := p.load(); err != nil {
			return nil, err
		}
	}
	if len(p.body) < 4 {
		return nil, io.ErrUnexpectedEOF
	}
	n := uint64(binary.LittleEndian.Uint32(p.body))
	if n > uint64(len(p.body)-4) {
		return nil, fmt.Errorf("want a picture within its page, got %d bytes of %d", n, len(p.body)-4)
	}
	picture := p.body[4 : 4+n : 4+n]
	p.body = p.body[4+n:]
	p.left--
	return picture, nil
}

func (p *plainPages) next(rows []Row, _ []*columnError) error {
	for i := range rows {
		picture, err := p.take()
		if err != nil {
			return err
		}
		rows[i].Image = picture
	}
	return nil
}

func (p *plainPages) columnName() string { return "image" }

func (p *plainPages) close() { p.pages, p.body = nil, nil }
