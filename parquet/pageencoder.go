package parquet

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math/bits"

	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// pageEncoder writes pages: a Thrift header, then levels, then values. Its
// buffers serve one page after the other.
type pageEncoder struct {
	head       *bytes.Buffer // header and levels
	thrift     *thrift.Encoder
	reps, defs []byte
	packed     []byte // indices, or compressed values
	indices    []byte
}

// pageOutput is where pages go: header and levels, then values.
type pageOutput interface {
	writePage(head, values []byte) error
}

// heldPages keeps pages in memory.
type heldPages struct{ bytes.Buffer }

func (p *heldPages) writePage(head, values []byte) error {
	p.Write(head)
	p.Write(values)
	return nil
}

// pageSize is what a page takes, header included.
type pageSize struct {
	plain, packed int64 // before and after compression
}

func newPageEncoder() pageEncoder {
	head := &bytes.Buffer{}
	return pageEncoder{head: head, thrift: thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(head))}
}

func (e *pageEncoder) encodeIndices(indices []int32) (encoded []byte, err error) {
	e.indices, err = new(rle.DictionaryEncoding).EncodeInt32(e.indices[:0], indices)
	return e.indices, err
}

// writeData writes a data page. Levels are never compressed, so that they can be
// read without the values.
func (e *pageEncoder) writeData(out pageOutput, l *leaf, header format.DataPageHeaderV2, reps, defs, values []byte) (size pageSize, err error) {
	if e.reps, err = encodeLevels(e.reps, reps, l.maxRep); err != nil {
		return size, err
	}
	if e.defs, err = encodeLevels(e.defs, defs, l.maxDef); err != nil {
		return size, err
	}
	header.RepetitionLevelsByteLength, header.DefinitionLevelsByteLength = int32(len(e.reps)), int32(len(e.defs))
	header.IsCompressed = thrift.New(l.compressed())
	page := format.PageHeader{Type: format.DataPageV2, DataPageHeaderV2: thrift.New(header)}
	return e.write(out, l, &page, values)
}

// writeDictionary writes the page of a chunk's different strings.
func (e *pageEncoder) writeDictionary(out pageOutput, l *leaf, d *dictionary) (pageSize, error) {
	e.reps, e.defs = e.reps[:0], e.defs[:0]
	header := format.DictionaryPageHeader{NumValues: int32(len(d.strings)), Encoding: format.Plain}
	page := format.PageHeader{Type: format.DictionaryPage, DictionaryPageHeader: thrift.New(header)}
	return e.write(out, l, &page, d.values)
}

func (e *pageEncoder) write(out pageOutput, l *leaf, page *format.PageHeader, values []byte) (pageSize, error) {
	levels := len(e.reps) + len(e.defs)
	plain := levels + len(values)
	if plain > maxPageBytes {
		return pageSize{}, fmt.Errorf("want a page of at most %d bytes, got %d", maxPageBytes, plain)
	}
	if l.compressed() {
		var err error
		if e.packed, err = l.codec.Encode(e.packed, values); err != nil {
			return pageSize{}, fmt.Errorf("compress: %w", err)
		}
		values = e.packed
	}
	page.UncompressedPageSize, page.CompressedPageSize = int32(plain), int32(levels+len(values))
	sum := crc32.ChecksumIEEE(e.reps)
	sum = crc32.Update(sum, crc32.IEEETable, e.defs)
	page.CRC = int32(crc32.Update(sum, crc32.IEEETable, values))
	e.head.Reset()
	if err := e.thrift.Encode(page); err != nil {
		return pageSize{}, err
	}
	header := e.head.Len()
	e.head.Write(e.reps)
	e.head.Write(e.defs)
	if err := out.writePage(e.head.Bytes(), values); err != nil {
		return pageSize{}, err
	}
	return pageSize{int64(header + plain), int64(header + levels + len(values))}, nil
}

// encodeLevels is empty for a column that has but one level.
func encodeLevels(dst, levels []byte, highest byte) ([]byte, error) {
	if highest == 0 {
		return dst[:0], nil
	}
	return (&rle.Encoding{BitWidth: bits.Len8(highest)}).EncodeLevels(dst[:0], levels)
}
