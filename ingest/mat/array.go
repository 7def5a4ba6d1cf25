package mat

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Class is what an array holds.
type Class uint8

// The classes that are read, with the numbers of the format.
const (
	Cell   Class = 1
	Struct Class = 2
	Char   Class = 4
	Double Class = 6
	Single Class = 7
	Int8   Class = 8
	Uint8  Class = 9
	Int16  Class = 10
	Uint16 Class = 11
	Int32  Class = 12
	Uint32 Class = 13
	Int64  Class = 14
	Uint64 Class = 15
)

// String is the class as MATLAB calls it.
func (c Class) String() string {
	names := [...]string{1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse", 6: "double", 7: "single", 8: "int8", 9: "uint8",
		10: "int16", 11: "uint16", 12: "int32", 13: "uint32", 14: "int64", 15: "uint64", 16: "function", 17: "opaque"}
	if int(c) < len(names) && names[c] != "" {
		return names[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// IsNumeric reports whether arrays of the class hold numbers.
func (c Class) IsNumeric() bool { return c >= Double && c <= Uint64 }

// Array is an array of any class. Its elements come column by column: of R rows,
// the one at row r and column c is at r + c*R. Methods that take a position panic
// where there is no such element, as an index of a slice does.
type Array struct {
	Class   Class
	Dims    []int // two or more
	Logical bool  // numbers that are truth values
	Complex bool

	fields []string // of a struct
	cells  []*Array // of a cell; of a struct, all fields of the first, then of the second

	// Numbers and codes as they are stored, and imaginary parts.
	real, imag []byte
	kind       kind
	order      binary.ByteOrder
}

// Len is the number of elements.
func (a *Array) Len() int {
	n := 1
	for _, d := range a.Dims {
		n *= d
	}
	return n
}

// String is the shape and class, as 19000x109 double.
func (a *Array) String() string {
	var b strings.Builder
	for i, d := range a.Dims {
		if i > 0 {
			b.WriteByte('x')
		}
		fmt.Fprint(&b, d)
	}
	return b.String() + " " + a.Class.String()
}

// Cell is an element of a cell array.
func (a *Array) Cell(i int) *Array {
	if a.Class != Cell {
		panic("mat: Cell of " + a.String())
	}
	return a.cells[i]
}

// Fields lists the names of a struct's fields, in the order of the file; nil for
// other classes. The caller must not change it.
func (a *Array) Fields() []string { return a.fields }

// Field is a field of element i of a struct array: the first of that name. It is
// nil where there is none, and for other classes.
func (a *Array) Field(i int, name string) *Array {
	for at, f := range a.fields {
		if f == name {
			return a.FieldAt(i, at)
		}
	}
	return nil
}

// FieldAt is field number at of element i of a struct array.
func (a *Array) FieldAt(i, at int) *Array {
	if a.Class != Struct || at < 0 || at >= len(a.fields) {
		panic(fmt.Sprintf("mat: field %d of %v with %d fields", at, a, len(a.fields)))
	}
	return a.cells[i*len(a.fields)+at]
}
