package mattest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf16"

	"plip/ingest/mat"
)

// Options say how a file is written. The zero value is little-endian and not
// compressed.
type Options struct {
	BigEndian  bool
	Compressed bool // every variable
}

// Kinds of elements beside numbers and text.
const (
	kindMatrix     = 14
	kindCompressed = 15
)

// File is a MAT file of the variables. What values claim is written as it stands, so
// that bad files can be made: more numbers than the dimensions have places. It panics
// for a kind of storage that it does not know.
func File(o Options, variables ...Variable) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	mark := "IM"
	if o.BigEndian {
		order, mark = binary.BigEndian, "MI"
	}
	out := &writer{order: order}
	out.data = append(out.data, fmt.Sprintf("%-116s%8s", "MATLAB 5.0 MAT-file, of a test", "")...)
	out.data = append(order.AppendUint16(out.data, 0x0100), mark...)
	for _, v := range variables {
		w := &writer{order: order}
		v.Value.write(w, v.Name)
		if o.Compressed {
			w.data = packed(w.data, order)
		}
		out.data = append(out.data, w.data...)
	}
	return out.data
}

// writer appends elements.
type writer struct {
	data  []byte
	order binary.AppendByteOrder
}

// element appends one, small where it may be.
func (w *writer) element(kind uint32, data []byte) {
	if n := len(data); n >= 1 && n <= 4 {
		w.data = w.order.AppendUint32(w.data, uint32(n)<<16|kind)
		w.data = append(append(w.data, data...), make([]byte, 4-n)...)
		return
	}
	w.data = w.order.AppendUint32(w.data, kind)
	w.data = w.order.AppendUint32(w.data, uint32(len(data)))
	w.data = append(append(w.data, data...), make([]byte, -len(data)&7)...)
}

// Packed is a compressed element, little-endian, of any bytes.
func Packed(data []byte) []byte { return packed(data, binary.LittleEndian) }

func packed(data []byte, order binary.AppendByteOrder) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		panic(err) // of a buffer in memory
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	head := order.AppendUint32(nil, kindCompressed)
	head = order.AppendUint32(head, uint32(b.Len()))
	return append(head, b.Bytes()...) // not padded
}

// array appends an array whose content write appends.
func (w *writer) array(name string, class mat.Class, flags uint32, dims []int, content func(w *writer)) {
	inner := &writer{order: w.order}
	head := w.order.AppendUint32(nil, flags|uint32(class))
	inner.element(uint32(Uint32), w.order.AppendUint32(head, 0))
	var d []byte
	for _, n := range dims {
		d = w.order.AppendUint32(d, uint32(n))
	}
	inner.element(uint32(Int32), d)
	inner.element(uint32(Int8), []byte(name))
	content(inner)
	w.element(kindMatrix, inner.data)
}

func (Empty) write(w *writer, _ string) { w.element(kindMatrix, nil) }

func (n Numbers) write(w *writer, name string) {
	var flags uint32
	if n.Logical {
		flags |= 0x0200
	}
	if n.Imag != nil {
		flags |= 0x0800
	}
	w.array(name, n.Class, flags, n.Dims, func(w *writer) {
		w.element(uint32(n.Stored), w.numbers(n.Stored, n.Values))
		if n.Imag != nil {
			w.element(uint32(n.Stored), w.numbers(n.Stored, n.Imag))
		}
	})
}

func (w *writer) numbers(stored Stored, values []float64) []byte {
	var b []byte
	for _, v := range values {
		switch stored {
		case Int8, Uint8:
			b = append(b, byte(int(v)))
		case Int16, Uint16:
			b = w.order.AppendUint16(b, uint16(int(v)))
		case Int32, Uint32:
			b = w.order.AppendUint32(b, uint32(int64(v)))
		case Int64:
			b = w.order.AppendUint64(b, uint64(int64(v)))
		case Uint64:
			b = w.order.AppendUint64(b, uint64(v))
		case Single:
			b = w.order.AppendUint32(b, math.Float32bits(float32(v)))
		case Double:
			b = w.order.AppendUint64(b, math.Float64bits(v))
		default:
			panic(fmt.Sprintf("mattest: numbers stored as kind %d", stored))
		}
	}
	return b
}

func (c Chars) write(w *writer, name string) {
	var b []byte
	n := 0
	switch c.Stored {
	case UTF8:
		b, n = []byte(c.Text), len(utf16.Encode([]rune(c.Text)))
	case UTF16, Uint16:
		for _, u := range utf16.Encode([]rune(c.Text)) {
			b, n = w.order.AppendUint16(b, u), n+1
		}
	case UTF32:
		for _, r := range c.Text {
			b, n = w.order.AppendUint32(b, uint32(r)), n+1
		}
	case Uint8, Int8:
		for _, r := range c.Text {
			b, n = append(b, byte(r)), n+1
		}
	default:
		panic(fmt.Sprintf("mattest: text stored as kind %d", c.Stored))
	}
	dims := []int{min(n, 1), n}
	w.array(name, mat.Char, 0, dims, func(w *writer) { w.element(uint32(c.Stored), b) })
}

func (c Cells) write(w *writer, name string) {
	w.array(name, mat.Cell, 0, c.Dims, func(w *writer) {
		for _, v := range c.Values {
			v.write(w, "")
		}
	})
}

// nameBytes is the length of field names that MATLAB writes.
const nameBytes = 32

func (s Structs) write(w *writer, name string) {
	w.array(name, mat.Struct, 0, s.Dims, func(w *writer) {
		w.element(uint32(Int32), w.order.AppendUint32(nil, nameBytes))
		var names []byte
		for _, n := range s.Names {
			var field [nameBytes]byte
			copy(field[:nameBytes-1], n)
			names = append(names, field[:]...)
		}
		w.element(uint32(Int8), names)
		for _, v := range s.Values {
			v.write(w, "")
		}
	})
}
