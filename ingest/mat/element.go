package mat

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// kind says what the bytes of an element are.
type kind uint32

const (
	kindInt8       kind = 1
	kindUint8      kind = 2
	kindInt16      kind = 3
	kindUint16     kind = 4
	kindInt32      kind = 5
	kindUint32     kind = 6
	kindSingle     kind = 7
	kindDouble     kind = 9
	kindInt64      kind = 12
	kindUint64     kind = 13
	kindMatrix     kind = 14
	kindCompressed kind = 15
	kindUTF8       kind = 16
	kindUTF16      kind = 17
	kindUTF32      kind = 18
)

// size is the bytes of one number or code, 0 for what has none.
func (k kind) size() int {
	switch k {
	case kindInt8, kindUint8, kindUTF8:
		return 1
	case kindInt16, kindUint16, kindUTF16:
		return 2
	case kindInt32, kindUint32, kindSingle, kindUTF32:
		return 4
	case kindDouble, kindInt64, kindUint64:
		return 8
	}
	return 0
}

// isNumber tells kinds of numbers from those of codes and arrays.
func (k kind) isNumber() bool { return k.size() > 0 && k < kindUTF8 }

// cursor steps through the elements of a piece of the file.
type cursor struct {
	data       []byte
	at         int
	base       int64 // where data starts in the file, or in what was inflated
	compressed int64 // as in FormatError
	order      binary.ByteOrder
}

// newCursor steps through file from byte at.
func newCursor(file []byte, at int, order binary.ByteOrder) *cursor {
	return &cursor{data: file, at: at, compressed: -1, order: order}
}

// element is one, with the place of its bytes for messages.
type element struct {
	kind kind
	cursor
}

func (c *cursor) left() int { return len(c.data) - c.at }

func (c *cursor) failf(at int, format string, args ...any) error {
	return &FormatError{c.base + int64(at), c.compressed, fmt.Errorf(format, args...)}
}

// next steps over an element.
func (c *cursor) next() (element, error) {
	start := c.at
	if c.left() < 8 {
		return element{}, c.failf(start, "want the 8 bytes that start an element, got %d", c.left())
	}
	first := c.order.Uint32(c.data[start:])
	if size := int(first >> 16); size > 0 { // small
		if size > 4 {
			return element{}, c.failf(start, "small element: want at most 4 bytes, got %d", size)
		}
		c.at += 8
		return c.piece(kind(first&0xffff), start+4, size), nil
	}
	k, size := kind(first), c.order.Uint32(c.data[start+4:])
	c.at += 8
	if uint64(size) > uint64(c.left()) {
		return element{}, c.failf(start, "element of kind %d: want %d bytes, got the %d that are left", k, size, c.left())
	}
	e := c.piece(k, c.at, int(size))
	c.at += int(size)
	if k != kindCompressed {
		c.at += min(-int(size)&7, c.left()) // the last may lack its zeros
	}
	return e, nil
}

func (c *cursor) piece(k kind, at, size int) element {
	return element{k, cursor{data: c.data[at : at+size : at+size], base: c.base + int64(at), compressed: c.compressed, order: c.order}}
}

// parser reads arrays. budget is what elements may still inflate to.
type parser struct {
	budget int
}

// maxExpansion is more than deflate can reach: a length code of 258 bytes takes
// two bits at least (RFC 1951).
const maxExpansion = 1032

// inflate is the element that one compressed at byte start holds.
func (p *parser) inflate(e element, start int) (element, error) {
	fail := func(format string, args ...any) (element, error) {
		return element{}, e.failf(0, "compressed element: "+format, args...)
	}
	z, err := zlib.NewReader(bytes.NewReader(e.data))
	if err != nil {
		return fail("%w", noEOF(err))
	}
	var tag [8]byte
	if _, err := io.ReadFull(z, tag[:]); err != nil {
		return fail("%w", noEOF(err))
	}
	k, size := kind(e.order.Uint32(tag[:])), uint64(e.order.Uint32(tag[4:]))
	switch {
	case k != kindMatrix:
		return fail("want an array (kind %d) in it, got kind %d", kindMatrix, k)
	case size > uint64(p.budget):
		return fail("want at most %d bytes, got %d", p.budget, size)
	case size > maxExpansion*uint64(len(e.data)):
		return fail("want %d bytes, which %d bytes cannot hold", size, len(e.data))
	}
	p.budget -= int(size)
	data := make([]byte, size)
	if n, err := io.ReadFull(z, data); err != nil {
		return fail("want %d bytes, got %d: %w", size, n, noEOF(err))
	}
	// Reading on to the end makes zlib look at its checksum.
	if n, err := io.ReadFull(z, tag[:1]); n > 0 || !errors.Is(err, io.EOF) {
		if n > 0 {
			err = errors.New("got more")
		}
		return fail("want %d bytes: %w", size, err)
	}
	return element{k, cursor{data: data, base: int64(len(tag)), compressed: int64(start), order: e.order}}, nil
}

// noEOF words the end of a stream that should go on.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
