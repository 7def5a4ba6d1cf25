package mat

import (
	"bytes"
	"math"
)

// Limits of what a file may ask for. MATLAB's own arrays stay far below.
const (
	maxDepth  = 64   // arrays inside of arrays
	maxDims   = 64   // dimensions
	maxFields = 4096 // of a struct
)

// Bits of the flags.
const (
	flagLogical = 0x0200
	flagComplex = 0x0800
)

// empty stands for every array of no bytes: there may be many of them, each of
// eight bytes only.
func empty() *Array { return &Array{Class: Double, Dims: []int{0, 0}} }

// variable reads an array with its name.
func (p *parser) variable(e element) (variable, error) {
	if e.kind != kindMatrix {
		return variable{}, e.failf(0, "want an array (kind %d), got kind %d", kindMatrix, e.kind)
	}
	if len(e.data) == 0 {
		return variable{array: empty()}, nil
	}
	return p.array(&e.cursor, 0)
}

// array reads the bytes of an array.
func (p *parser) array(c *cursor, depth int) (variable, error) {
	if depth > maxDepth {
		return variable{}, c.failf(0, "want at most %d arrays inside of each other", maxDepth)
	}
	a := &Array{order: c.order}
	if err := readFlags(c, a); err != nil {
		return variable{}, err
	}
	if err := readDims(c, a); err != nil {
		return variable{}, err
	}
	start := c.at
	name, err := c.next()
	if err != nil {
		return variable{}, err
	}
	if name.kind != kindInt8 && name.kind != kindUint8 && name.kind != kindUTF8 {
		return variable{}, c.failf(start, "name: want kind %d, got %d", kindInt8, name.kind)
	}
	switch {
	case a.Class == Cell:
		a.cells, err = p.arrays(c, a, 1, depth)
	case a.Class == Struct:
		err = p.structs(c, a, depth)
	case a.Class == Char:
		err = readCodes(c, a)
	case a.Class.IsNumeric():
		err = readNumbers(c, a)
	default:
		err = c.failf(0, "array %q of class %v: want cells, structs, text or numbers", name.data, a.Class)
	}
	return variable{string(name.data), a}, err
}

func readFlags(c *cursor, a *Array) error {
	start := c.at
	e, err := c.next()
	if err != nil {
		return err
	}
	if e.kind != kindUint32 || len(e.data) != 8 {
		return c.failf(start, "flags of an array: want 8 bytes of kind %d, got %d of kind %d", kindUint32, len(e.data), e.kind)
	}
	flags := c.order.Uint32(e.data)
	a.Class, a.Logical, a.Complex = Class(flags), flags&flagLogical != 0, flags&flagComplex != 0
	return nil
}

// readDims makes sure that the number of elements can be told.
func readDims(c *cursor, a *Array) error {
	start := c.at
	e, err := c.next()
	if err != nil {
		return err
	}
	n := len(e.data) / 4
	if e.kind != kindInt32 && e.kind != kindUint32 || len(e.data)%4 != 0 || n < 2 || n > maxDims {
		return c.failf(start, "dimensions: want 2 to %d of kind %d, got %d bytes of kind %d", maxDims, kindInt32, len(e.data), e.kind)
	}
	a.Dims = make([]int, n)
	total := 1
	for i := range a.Dims {
		d := int(int32(c.order.Uint32(e.data[4*i:])))
		if d < 0 {
			return c.failf(start, "dimension %d: want 0 or more, got %d", i, d)
		}
		a.Dims[i] = d
		if d > 0 && total > math.MaxInt32/d {
			return c.failf(start, "dimensions: want %d elements at most, got more: %v", math.MaxInt32, a.Dims[:i+1])
		}
		total *= d
	}
	return nil
}

// arrays reads those of a cell or struct array: each times for every element.
func (p *parser) arrays(c *cursor, a *Array, each, depth int) ([]*Array, error) {
	n := a.Len()
	if each > 0 && n > c.left()/8/each { // each takes eight bytes at least
		return nil, c.failf(c.at, "%v: want %d arrays for each element, got %d bytes", a, each, c.left())
	}
	var none *Array
	out := make([]*Array, n*each)
	for i := range out {
		start := c.at
		e, err := c.next()
		if err != nil {
			return nil, err
		}
		if e.kind != kindMatrix {
			return nil, c.failf(start, "%v: element %d: want an array (kind %d), got kind %d", a, i/each, kindMatrix, e.kind)
		}
		if len(e.data) == 0 {
			if none == nil {
				none = empty()
			}
			out[i] = none
			continue
		}
		v, err := p.array(&e.cursor, depth+1)
		if err != nil {
			return nil, err
		}
		out[i] = v.array
	}
	return out, nil
}

func (p *parser) structs(c *cursor, a *Array, depth int) error {
	start := c.at
	length, err := c.next()
	if err != nil {
		return err
	}
	if length.kind != kindInt32 || len(length.data) != 4 {
		return c.failf(start, "length of field names: want 4 bytes of kind %d, got %d of kind %d", kindInt32, len(length.data), length.kind)
	}
	each := int(int32(c.order.Uint32(length.data)))
	start = c.at
	names, err := c.next()
	if err != nil {
		return err
	}
	if names.kind != kindInt8 && names.kind != kindUint8 && names.kind != kindUTF8 {
		return c.failf(start, "field names: want kind %d, got %d", kindInt8, names.kind)
	}
	if len(names.data) > 0 {
		if each < 1 || len(names.data)%each != 0 || len(names.data)/each > maxFields {
			return c.failf(start, "field names: want at most %d of %d bytes each, got %d bytes", maxFields, each, len(names.data))
		}
		for b := names.data; len(b) > 0; b = b[each:] {
			name, _, _ := bytes.Cut(b[:each], []byte{0})
			a.fields = append(a.fields, string(name))
		}
	}
	a.cells, err = p.arrays(c, a, len(a.fields), depth)
	return err
}
