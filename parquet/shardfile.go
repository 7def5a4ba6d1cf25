package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	pq "github.com/parquet-go/parquet-go"
)

// readBufferBytes is the read-ahead of a column chunk. Pages are longer and read
// past the buffer; it serves page headers and small columns.
const readBufferBytes = 16 << 10

// maxFileRows keeps a corrupt row count from becoming millions of Groups.
const maxFileRows = 1 << 31

// shardFile is one open Parquet file, ours or a foreign one. Safe for concurrent
// use.
type shardFile struct {
	name    string // as it stands in errors
	reader  io.ReaderAt
	closer  io.Closer
	size    int64
	file    *pq.File
	rows    int64
	columns []column // found columns, in file order
	groups  []fileGroup

	own     bool // written by a Writer
	foot    footer
	scratch *sync.Pool // of *chunkScratch
}

// fileGroup is one row group of a file.
type fileGroup struct {
	firstRow, rows int64
	chunks         []pq.ColumnChunk // by leaf index
	checked        []atomic.Bool    // by leaf index: page headers are sound
	indexed        []atomic.Bool    // by leaf index: the page index was read
	bytes          int64            // uncompressed, all columns
}

func openShard(dir, base string) (*shardFile, error) {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(base)))
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s, err := openShardReader(base, f, info.Size())
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s.closer = f
	return s, nil
}

// openShardReader opens a shard that r holds. Nothing but the footer is read.
func openShardReader(name string, r io.ReaderAt, size int64) (*shardFile, error) {
	s := &shardFile{name: name, reader: r, size: size, scratch: &sync.Pool{}}
	if err := guard(s.open); err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return s, nil
}

func (s *shardFile) open() (err error) {
	if err := checkFooter(s.reader, s.size); err != nil {
		return err
	}
	s.file, err = pq.OpenFile(s.reader, s.size,
		pq.SkipPageIndex(true), // read when a row is asked for
		pq.SkipBloomFilters(true),
		pq.ReadBufferSize(readBufferBytes),
	)
	if err != nil {
		return err
	}
	if s.foot, s.own, err = readFooter(s.file); err != nil {
		return err
	}
	if s.columns, err = findColumns(s.file.Root()); err != nil {
		return err
	}
	for i, g := range s.file.RowGroups() {
		group := fileGroup{firstRow: s.rows, rows: g.NumRows(), chunks: g.ColumnChunks()}
		group.checked, group.indexed = make([]atomic.Bool, len(group.chunks)), make([]atomic.Bool, len(group.chunks))
		for _, c := range s.file.Metadata().RowGroups[i].Columns {
			m := c.MetaData
			if m.TotalCompressedSize < 0 || m.TotalUncompressedSize < 0 || m.DataPageOffset < 0 || m.DictionaryPageOffset < 0 {
				return fmt.Errorf("row group %d: want sizes and offsets that are not negative", i)
			}
			if m.TotalCompressedSize > s.size || c.OffsetIndexOffset < 0 || c.OffsetIndexOffset > s.size || c.OffsetIndexLength < 0 || int64(c.OffsetIndexLength) > s.size {
				return fmt.Errorf("row group %d: want a column chunk within the file's %d bytes", i, s.size)
			}
			group.bytes += m.TotalUncompressedSize
		}
		if group.rows < 0 || group.rows > maxFileRows-s.rows {
			return fmt.Errorf("row group %d: want at most %d rows in the file, got %d more than %d", i, int64(maxFileRows), group.rows, s.rows)
		}
		s.rows += group.rows
		s.groups = append(s.groups, group)
	}
	if s.rows != s.file.NumRows() {
		return fmt.Errorf("want %d rows as the footer says, got %d in row groups", s.file.NumRows(), s.rows)
	}
	return nil
}

// checkFooter walks the footer before the Parquet library trusts it.
func checkFooter(r io.ReaderAt, size int64) error {
	const frame = 12 // PAR1, length, PAR1
	if size < frame {
		return fmt.Errorf("want a Parquet file, got %d bytes", size)
	}
	var tail [8]byte
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return err
	}
	if string(tail[4:]) != "PAR1" {
		return fmt.Errorf("want a Parquet file ending in %q, got %q", "PAR1", tail[4:])
	}
	n := int64(binary.LittleEndian.Uint32(tail[:4]))
	if n > size-frame {
		return fmt.Errorf("want a footer within the file's %d bytes, got %d", size, n)
	}
	if err := checkThriftAt(r, size-8-n, n); err != nil {
		return fmt.Errorf("footer: %w", err)
	}
	return nil
}

func checkThriftAt(r io.ReaderAt, at, n int64) error {
	b := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(r, at, n), b); err != nil {
		return err
	}
	return checkThrift(b)
}

func (s *shardFile) close() error {
	if s.closer == nil {
		return nil
	}
	return s.closer.Close()
}
