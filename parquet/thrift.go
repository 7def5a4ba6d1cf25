package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Footers and indexes are Thrift structs in the compact protocol. The Parquet
// library allocates what a list's length field says before it reads an element,
// so five bytes can ask for 24 GB, and running out of memory is no panic that
// guard could stop. checkThrift walks the bytes first.

// maxThriftDepth is more than twice the depth of any Parquet structure.
const maxThriftDepth = 32

// checkThrift reports whether b begins with a struct in which no length exceeds
// the bytes that follow it.
func checkThrift(b []byte) error {
	w := thriftWalker{b: b}
	if err := w.structure(0); err != nil {
		return fmt.Errorf("byte %d: %w", len(b)-len(w.b), err)
	}
	return nil
}

type thriftWalker struct{ b []byte } // bytes not yet walked

var (
	errThriftShort = errors.New("want more bytes")
	errThriftDeep  = fmt.Errorf("want at most %d structures in each other", maxThriftDepth)
)

// Types of the compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

func (w *thriftWalker) structure(depth int) error {
	if depth > maxThriftDepth {
		return errThriftDeep
	}
	for {
		head, err := w.take(1)
		if err != nil {
			return err
		}
		kind, delta := head[0]&0x0F, head[0]>>4
		if kind == 0 {
			return nil
		}
		if delta == 0 { // the field number follows
			if _, err := w.varint(); err != nil {
				return err
			}
		}
		if kind == thriftTrue || kind == thriftFalse {
			continue // the value is in the type
		}
		if err := w.value(kind, depth); err != nil {
			return err
		}
	}
}

func (w *thriftWalker) value(kind byte, depth int) error {
	switch kind {
	case thriftTrue, thriftFalse, thriftByte:
		_, err := w.take(1)
		return err
	case thriftI16, thriftI32, thriftI64:
		_, err := w.varint()
		return err
	case thriftDouble:
		_, err := w.take(8)
		return err
	case thriftBinary:
		n, err := w.varint()
		if err != nil {
			return err
		}
		_, err = w.take(n)
		return err
	case thriftList, thriftSet:
		return w.list(depth + 1)
	case thriftStruct:
		return w.structure(depth + 1)
	case thriftMap: // in no Parquet structure
		return errors.New("want no map")
	}
	return fmt.Errorf("want a type of 1 to 12, got %d", kind)
}

func (w *thriftWalker) list(depth int) error {
	if depth > maxThriftDepth {
		return errThriftDeep
	}
	head, err := w.take(1)
	if err != nil {
		return err
	}
	kind, n := head[0]&0x0F, uint64(head[0]>>4)
	if n == 15 { // the length follows
		if n, err = w.varint(); err != nil {
			return err
		}
	}
	if n > uint64(len(w.b)) { // every element takes a byte or more
		return fmt.Errorf("list of %d: %w", n, errThriftShort)
	}
	for range n {
		if err := w.value(kind, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *thriftWalker) take(n uint64) ([]byte, error) {
	if n > uint64(len(w.b)) {
		return nil, errThriftShort
	}
	taken := w.b[:n]
	w.b = w.b[n:]
	return taken, nil
}

func (w *thriftWalker) varint() (uint64, error) {
	v, n := binary.Uvarint(w.b)
	if n <= 0 {
		return 0, errThriftShort
	}
	w.b = w.b[n:]
	return v, nil
}
