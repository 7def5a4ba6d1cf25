package index

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Index is an index file, mapped for reading. Safe for concurrent use until Close. The kernel loads and drops its pages,
// so memory is bounded whatever its size. A file that another program shortens meanwhile ends this one: ours only ever
// rename whole files into place.
type Index struct {
	name    string
	head    header
	data    []byte
	codes   []uint8   // [N, S]
	scales  []float32 // [N]
	vectors []float32 // [N, D]
}

// Open maps the index at path and checks its header, its size and its scales. The error is fs.ErrNotExist when there is
// none, and says so when key, what the vectors must have been made of, is another.
func Open(path string, key Key) (*Index, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // the mapping outlives the descriptor
	x := &Index{name: path}
	if err := x.open(f, key); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), x.Close())
	}
	return x, nil
}

func (x *Index) open(f *os.File, key Key) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("want a regular file, got %s", info.Mode().Type())
	}
	if info.Size() < pageBytes || info.Size() > math.MaxInt {
		return fmt.Errorf("want an index of %d bytes or more, got %d", pageBytes, info.Size())
	}
	if x.data, err = unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED); err != nil {
		return fmt.Errorf("map %d bytes: %w", info.Size(), err)
	}
	return x.parse(key)
}

// parse finds the sections in x.data, which must be aligned to pages.
func (x *Index) parse(key Key) (err error) {
	if x.head, err = parseHeader(x.data, int64(len(x.data))); err != nil {
		return err
	}
	if x.head.done != x.head.rows {
		return fmt.Errorf("want %d entries, got %d of an unfinished file", x.head.rows, x.head.done)
	}
	if x.head.key != key {
		return fmt.Errorf("want an index of these weights and shards, %x, got %x", key[:6], x.head.key[:6])
	}
	n := int(x.head.rows)
	x.codes = x.part(0)
	x.scales = floats(x.part(1), n)
	x.vectors = floats(x.part(2), n*x.head.dim)
	limit := float32(1.001) / 127 // components of a vector of length 1
	for i, s := range x.scales {
		if !(s >= 0 && s <= limit) {
			return fmt.Errorf("scale of entry %d: want 0 to %v, got %v", i, limit, s)
		}
	}
	return nil
}

// part is the bytes of a section.
func (x *Index) part(i int) []byte {
	parts, _ := x.head.sections()
	return x.data[parts[i].offset:][:x.head.rows*parts[i].rowBytes]
}

// floats is b as n numbers. The only machines that we build for, x86-64, are little-endian.
func floats(b []byte, n int) []float32 {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&b[0])), n)
}

// Verify compares the checksums of all sections, and so brings the whole file into memory as far as there is room.
// report, which may be nil, is told how many bytes of how many are done.
func (x *Index) Verify(ctx context.Context, report func(done, of int64)) error {
	done := int64(0)
	for i, name := range []string{"codes", "scales", "vectors"} {
		b, sum := x.part(i), uint32(0)
		for len(b) > 0 {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("verify %s: %w", x.name, err)
			}
			n := min(len(b), 16<<20)
			sum = crc32.Update(sum, castagnoli, b[:n])
			b, done = b[n:], done+int64(n)
			if report != nil {
				report(done, int64(len(x.data)))
			}
		}
		if sum != x.head.sums[i] {
			return fmt.Errorf("verify %s: %s: want checksum %08x, got %08x: remove the file to have it made anew", x.name, name, x.head.sums[i], sum)
		}
	}
	return nil
}

// Rows is the number of entries.
func (x *Index) Rows() int64 { return x.head.rows }

// Dim is the number of components of a vector.
func (x *Index) Dim() int { return x.head.dim }

// Vector is the unit vector of an entry, valid until Close and not to be changed.
func (x *Index) Vector(row int64) []float32 {
	d := int64(x.head.dim)
	return x.vectors[row*d : (row+1)*d : (row+1)*d]
}

// Close unmaps the file. A second call does nothing.
func (x *Index) Close() error {
	if x.data == nil {
		return nil
	}
	data := x.data
	x.data, x.codes, x.scales, x.vectors = nil, nil, nil, nil
	return unix.Munmap(data)
}
