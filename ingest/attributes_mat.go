package ingest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"plip/ingest/mat"
)

// matPart is an array of a MAT file, with its place for messages.
type matPart struct {
	place string
	*mat.Array
}

// variable is one of the file.
func variable(f *mat.File, name string) (matPart, error) {
	if a := f.Variable(name); a != nil {
		return matPart{name, a}, nil
	}
	return matPart{}, fmt.Errorf("want a variable %q, got %q", name, f.Names())
}

// structOf is a variable that is one struct.
func structOf(f *mat.File, name string) (matPart, error) {
	p, err := variable(f, name)
	if err == nil && (p.Class != mat.Struct || p.Len() != 1) {
		err = p.errorf("want a struct, got %v", p.Array)
	}
	return p, err
}

func (p matPart) errorf(format string, args ...any) error {
	return fmt.Errorf(p.place+": "+format, args...)
}

// hasField reports whether a struct has a field of the name.
func (p matPart) hasField(name string) bool { return slices.Contains(p.Fields(), name) }

// field is a field of a struct by one of its names: releases spell some of them
// in several ways.
func (p matPart) field(names ...string) (matPart, error) {
	if p.Class != mat.Struct || p.Len() != 1 {
		return matPart{}, p.errorf("want a struct with the field %q, got %v", names[0], p.Array)
	}
	for _, name := range names {
		if a := p.Field(0, name); a != nil {
			return matPart{p.place + "." + name, a}, nil
		}
	}
	return matPart{}, p.errorf("want a field %s, got %q", strings.Join(names, " or "), p.Fields())
}

// fieldOr is the field of that name, or where there is none the one at a place.
func (p matPart) fieldOr(name string, at int) (matPart, error) {
	found, err := p.field(name)
	if err == nil || p.Class != mat.Struct || p.Len() != 1 || at >= len(p.Fields()) {
		return found, err
	}
	return matPart{p.place + "." + p.Fields()[at], p.FieldAt(0, at)}, nil
}

// cells are those of a cell array of any shape, in order.
func (p matPart) cells() ([]matPart, error) {
	if p.Class != mat.Cell {
		return nil, p.errorf("want cells, got %v", p.Array)
	}
	out := make([]matPart, p.Len())
	for i := range out {
		out[i] = matPart{fmt.Sprintf("%s{%d}", p.place, i+1), p.Cell(i)}
	}
	return out, nil
}

// texts are the texts of a cell array.
func (p matPart) texts() ([]string, error) {
	if p.Class != mat.Cell {
		return nil, p.errorf("want cells of text, got %v", p.Array)
	}
	out := make([]string, p.Len())
	for i := range out {
		text, ok := p.Cell(i).Text()
		if !ok || text == "" {
			return nil, p.errorf("cell %d: want a line of text, got %v", i+1, p.Cell(i))
		}
		out[i] = text
	}
	return out, nil
}

// names are the texts of a cell array, each once.
func (p matPart) names() ([]string, error) {
	names, err := p.texts()
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, name := range names {
		if first, ok := at[name]; ok {
			return nil, p.errorf("cell %d: want a name of its own, got that of cell %d: %q", i+1, first+1, name)
		}
		at[name] = i
	}
	return names, nil
}

// integers are all numbers of an array.
func (p matPart) integers() ([]int64, error) {
	if !p.Class.IsNumeric() {
		return nil, p.errorf("want numbers, got %v", p.Array)
	}
	out := make([]int64, p.Len())
	for i := range out {
		v, ok := p.Int(i)
		if !ok {
			return nil, p.errorf("element %d: want an integer, got %v", i+1, p.Float(i))
		}
		out[i] = v
	}
	return out, nil
}

// places are numbers that count from 1, as places in a list of n.
func (p matPart) places(n int) ([]int, error) {
	numbers, err := p.integers()
	if err != nil {
		return nil, err
	}
	out := make([]int, len(numbers))
	for i, v := range numbers {
		if v < 1 || v > int64(n) {
			return nil, p.errorf("element %d: want 1 to %d, got %d", i+1, n, v)
		}
		out[i] = int(v - 1)
		if slices.Contains(out[:i], out[i]) {
			return nil, p.errorf("element %d: want a number of its own, got %d again", i+1, v)
		}
	}
	return out, nil
}

// shape makes sure of a matrix of numbers. -1 is any.
func (p matPart) shape(rows, columns int) error {
	if !p.Class.IsNumeric() || len(p.Dims) != 2 || rows >= 0 && p.Dims[0] != rows || columns >= 0 && p.Dims[1] != columns {
		return p.errorf("want %sx%s numbers, got %v", orAny(rows), orAny(columns), p.Array)
	}
	return nil
}

func orAny(n int) string {
	if n < 0 {
		return "?"
	}
	return fmt.Sprint(n)
}

// at is a number of a matrix.
func (p matPart) at(row, column int) (int64, bool) { return p.Int(row + column*p.Dims[0]) }

// partition is one of the release's random partitions, which count from 0.
func (p matPart) partition(o *SourceOptions) (matPart, error) {
	all, err := p.cells()
	if err != nil {
		return matPart{}, err
	}
	if o.Partition < 0 || o.Partition >= len(all) {
		return matPart{}, p.errorf("partition: want 0 to %d, got %d", len(all)-1, o.Partition)
	}
	o.note("partition %d of %d (%s): figures of different partitions do not compare", o.Partition, len(all), all[o.Partition].place)
	return all[o.Partition], nil
}

// assign sets the split of the images that a part of a partition lists.
func (p matPart) assign(t *labelTable, split string) error {
	numbers, err := p.integers()
	if err != nil {
		return err
	}
	if err := t.assign(split, numbers); err != nil {
		return p.errorf("%w", err)
	}
	return nil
}

// hasMatHeader reports whether a file begins as MAT files do. What cannot be read
// does not.
func hasMatHeader(file string) (bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var start [128]byte
	n, err := io.ReadFull(f, start[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return mat.HasHeader(start[:n]), nil
}

// isAnnotationFile reports whether a file has the base name of one of names and
// begins as MAT files do.
func isAnnotationFile(file string, names []string) (bool, error) {
	if !slices.ContainsFunc(names, func(name string) bool { return path.Base(name) == filepath.Base(file) }) {
		return false, nil
	}
	return hasMatHeader(file)
}
