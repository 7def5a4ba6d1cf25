package parquet

import (
	"encoding/binary"
	"fmt"
	"io"
	"unsafe"
)

// The values of a plainChunk's open page, taken one after the other.

// bytes takes the next plain byte array.
func (c *plainChunk) bytes() ([]byte, error) {
	b := c.values[c.at:]
	if len(b) < 4 {
		return nil, io.ErrUnexpectedEOF
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if n > uint64(len(b)-4) {
		return nil, fmt.Errorf("want a value within its page, got %d bytes of %d", n, len(b)-4)
	}
	c.at += int(4 + n)
	return b[4 : 4+n : 4+n], nil
}

// text takes the next string. The memory of values is never written again, so a
// string may share it.
func (c *plainChunk) text() (string, error) {
	if c.indices != nil {
		if c.index >= len(c.indices) {
			return "", io.ErrUnexpectedEOF
		}
		n := c.indices[c.index]
		c.index++
		if int64(n) >= int64(len(c.words)) {
			return "", fmt.Errorf("want one of %d words, got number %d", len(c.words), n)
		}
		return c.words[n], nil
	}
	b, err := c.bytes()
	return unsafe.String(unsafe.SliceData(b), len(b)), err
}

// fixed takes the next n values of size bytes.
func (c *plainChunk) fixed(n, size int) ([]byte, error) {
	if n > (len(c.values)-c.at)/size {
		return nil, io.ErrUnexpectedEOF
	}
	from := c.at
	c.at += n * size
	return c.values[from:c.at], nil
}

// present says whether the next scalar is there, and goes on to the one after it.
func (c *plainChunk) present() (bool, error) {
	if c.defs == nil {
		return true, nil
	}
	if c.level >= len(c.defs) {
		return false, io.ErrUnexpectedEOF
	}
	c.level++
	return c.defs[c.level-1] == c.column.maxDef, nil
}

// elements counts those of the next lists, nulls included.
func (c *plainChunk) elements(lists int) int {
	rest := c.reps[c.level:]
	for i, rep := range rest {
		if rep == 0 {
			if lists == 0 {
				return i
			}
			lists--
		}
	}
	return len(rest)
}

// length returns the elements of the next list, -1 for null, and goes on to the
// one after it.
func (c *plainChunk) length() (int, error) {
	from, to := c.level, c.level+1
	if from >= len(c.defs) {
		return 0, io.ErrUnexpectedEOF
	}
	for to < len(c.reps) && c.reps[to] != 0 {
		to++
	}
	c.level = to
	for i, def := range c.defs[from:to] {
		if def == c.column.maxDef {
			continue
		}
		if to-from > 1 || def > emptyList {
			return 0, fmt.Errorf("element %d: %w", i, errMissing)
		}
		return int(def) - emptyList, nil // -1 or 0
	}
	return to - from, nil
}
