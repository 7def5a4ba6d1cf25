package mattest

import "plip/ingest/mat"

// Value is an array to write.
type Value interface {
	write(w *writer, name string)
}

// Stored is how the numbers of an array are stored, by the numbers of the format.
type Stored uint32

// Kinds of storage.
const (
	Int8   Stored = 1
	Uint8  Stored = 2
	Int16  Stored = 3
	Uint16 Stored = 4
	Int32  Stored = 5
	Uint32 Stored = 6
	Single Stored = 7
	Double Stored = 9
	Int64  Stored = 12
	Uint64 Stored = 13
	UTF8   Stored = 16
	UTF16  Stored = 17
	UTF32  Stored = 18
)

// Numbers are an array of a numeric class.
type Numbers struct {
	Class   mat.Class
	Stored  Stored
	Dims    []int
	Values  []float64 // column by column
	Imag    []float64 // of a complex array; else nil
	Logical bool
}

// Chars are a char array of one row.
type Chars struct {
	Text   string
	Stored Stored
}

// Cells are a cell array.
type Cells struct {
	Dims   []int
	Values []Value // column by column
}

// Structs are a struct array.
type Structs struct {
	Dims   []int
	Names  []string
	Values []Value // all fields of the first, then of the second
}

// Empty is an array of no bytes at all, as MATLAB writes [].
type Empty struct{}

// Variable is an array with its name.
type Variable struct {
	Name  string
	Value Value
}

// Text is a char array of one row as MATLAB stores it.
func Text(s string) Value { return Chars{s, UTF16} }

// Column is a cell array of one column of text.
func Column(texts ...string) Value {
	c := Cells{Dims: []int{len(texts), 1}}
	for _, s := range texts {
		c.Values = append(c.Values, Text(s))
	}
	return c
}

// Rows is a matrix of doubles, stored in two bytes each as small integers are.
func Rows(rows [][]int) Value {
	n := Numbers{Class: mat.Double, Stored: Uint16, Dims: []int{len(rows), 0}}
	if len(rows) > 0 {
		n.Dims[1] = len(rows[0])
	}
	for c := range n.Dims[1] {
		for _, row := range rows {
			n.Values = append(n.Values, float64(row[c]))
		}
	}
	return n
}

// Indices is a row of doubles, a column when column is true.
func Indices(column bool, values ...int) Value {
	n := Numbers{Class: mat.Double, Stored: Uint8, Dims: []int{1, len(values)}}
	if column {
		n.Dims = []int{len(values), 1}
	}
	for _, v := range values {
		n.Values = append(n.Values, float64(v))
	}
	return n
}

// Field is a field of One.
type Field = Variable

// One is a struct array of one element.
func One(fields ...Field) Value {
	s := Structs{Dims: []int{1, 1}}
	for _, f := range fields {
		s.Names = append(s.Names, f.Name)
		s.Values = append(s.Values, f.Value)
	}
	return s
}
