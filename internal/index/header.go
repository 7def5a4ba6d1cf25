package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

const (
	magic       = "PLIPINDX"
	version     = 1
	headerBytes = 80
	pageBytes   = 4096
	codeAlign   = 64      // bytes that a vector register takes
	maxDim      = 1 << 16 // 255*127*maxDim is less than 2^31: a dot product of codes fits
	maxRows     = math.MaxInt32
)

// Key says what the vectors of an index were made of: a SHA-256 over the weights and the shards.
type Key [32]byte

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the first page of the file.
type header struct {
	dim        int
	rows, done int64
	key        Key
	sums       [3]uint32 // of codes, scales and vectors up to done
}

// section places one of the three parts of the file.
type section struct{ offset, rowBytes int64 }

// sections are the places of codes, scales and vectors, and the size of the file.
func (h *header) sections() (parts [3]section, size int64) {
	at := int64(pageBytes)
	for i, rowBytes := range []int64{int64(h.stride()), 4, 4 * int64(h.dim)} {
		parts[i] = section{at, rowBytes}
		at += (h.rows*rowBytes + pageBytes - 1) / pageBytes * pageBytes
	}
	return parts, at
}

// stride is the number of codes kept for an entry.
func (h *header) stride() int { return (h.dim + codeAlign - 1) / codeAlign * codeAlign }

func (h *header) encode() []byte {
	b := make([]byte, 0, headerBytes)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint32(b, uint32(h.dim))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.rows))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.done))
	b = append(b, h.key[:]...)
	for _, s := range h.sums {
		b = binary.LittleEndian.AppendUint32(b, s)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// parseHeader reads the first bytes of a file of the given size. An unfinished file may be longer than what was written.
func parseHeader(b []byte, size int64) (header, error) {
	if len(b) < headerBytes {
		return header{}, fmt.Errorf("want a header of %d bytes, got %d", headerBytes, len(b))
	}
	if string(b[:8]) != magic {
		return header{}, fmt.Errorf("want an index that begins with %q, got %q", magic, b[:8])
	}
	sum := headerBytes - 4
	if got, want := crc32.Checksum(b[:sum], castagnoli), binary.LittleEndian.Uint32(b[sum:]); got != want {
		return header{}, fmt.Errorf("header: want checksum %08x, got %08x", want, got)
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != version {
		return header{}, fmt.Errorf("want version %d, got %d", version, v)
	}
	h := header{dim: int(binary.LittleEndian.Uint32(b[12:])), rows: int64(binary.LittleEndian.Uint64(b[16:])), done: int64(binary.LittleEndian.Uint64(b[24:]))}
	copy(h.key[:], b[32:])
	for i := range h.sums {
		h.sums[i] = binary.LittleEndian.Uint32(b[64+4*i:])
	}
	if err := h.check(); err != nil {
		return header{}, err
	}
	if h.done < 0 || h.done > h.rows {
		return header{}, fmt.Errorf("want 0 to %d entries written, got %d", h.rows, h.done)
	}
	if _, want := h.sections(); size != want {
		return header{}, fmt.Errorf("%d entries of %d components: want %d bytes, got %d", h.rows, h.dim, want, size)
	}
	return h, nil
}

// check reports sizes that no index has.
func (h *header) check() error {
	var errs []error
	if h.dim < 1 || h.dim > maxDim {
		errs = append(errs, fmt.Errorf("components: want 1 to %d, got %d", maxDim, h.dim))
	}
	if h.rows < 0 || h.rows > maxRows {
		errs = append(errs, fmt.Errorf("entries: want 0 to %d, got %d", maxRows, h.rows))
	}
	return errors.Join(errs...)
}
