package vectors

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	pq "github.com/parquet-go/parquet-go"
)

// maxDim bounds the length of an embedding, and with it what a damaged file can
// make a reader allocate for one row.
const maxDim = 1 << 20

// File is an embedding file, open for reading. Not safe for concurrent use.
type File struct {
	name   string
	f      *os.File
	file   *pq.File
	leaf   map[string]int // column name to leaf index
	groups []pq.RowGroup
}

// Open opens the file at path. It reads the footer alone.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	v := &File{name: path, f: f, leaf: map[string]int{}}
	if err := guard(v.open); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), f.Close())
	}
	return v, nil
}

// guard turns a panic of the Parquet library, which damaged files provoke, into
// an error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not a readable Parquet file: %v", p)
		}
	}()
	return f()
}

func (v *File) open() error {
	info, err := v.f.Stat()
	if err != nil {
		return err
	}
	if err := checkFooterLength(v.f, info.Size()); err != nil {
		return err
	}
	if v.file, err = pq.OpenFile(v.f, info.Size(), pq.SkipPageIndex(true), pq.SkipBloomFilters(true)); err != nil {
		return err
	}
	v.groups = v.file.RowGroups()
	for _, top := range v.file.Root().Columns() {
		leaf := top
		for !leaf.Leaf() && len(leaf.Columns()) == 1 {
			leaf = leaf.Columns()[0]
		}
		if leaf.Leaf() {
			if err := v.addColumn(top.Name(), leaf); err != nil {
				return err
			}
		}
	}
	if _, ok := v.leaf["embedding"]; !ok {
		return errors.New(`want a column "embedding", got none`)
	}
	return nil
}

// checkFooterLength keeps the library from allocating what a damaged length says.
func checkFooterLength(r io.ReaderAt, size int64) error {
	const frame = 12 // PAR1, length, PAR1
	if size < frame {
		return fmt.Errorf("want a Parquet file, got %d bytes", size)
	}
	var tail [8]byte
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return err
	}
	if n := int64(binary.LittleEndian.Uint32(tail[:4])); n > size-frame || string(tail[4:]) != "PAR1" {
		return fmt.Errorf("want a Parquet footer within the file's %d bytes, got length %d and mark %q", size, n, tail[4:])
	}
	return nil
}

// addColumn checks the type of a column that rows are made of.
func (v *File) addColumn(name string, leaf *pq.Column) error {
	kind, lists := leaf.Type().Kind(), leaf.MaxRepetitionLevel()
	wrong := false
	switch name {
	case "id", "camera":
		wrong = lists != 0 || kind != pq.Int64 && kind != pq.Int32
	case "key", "split":
		wrong = lists != 0 || kind != pq.ByteArray
	case "embedding":
		wrong = lists != 1 || kind != pq.Float && kind != pq.Double
	default:
		return nil
	}
	if wrong {
		return fmt.Errorf("column %q: want what plip embed writes, got %s", name, leaf)
	}
	v.leaf[name] = leaf.Index()
	return nil
}

// NumRows is the number of rows.
func (v *File) NumRows() int64 { return v.file.NumRows() }

// Has reports whether the file has the column.
func (v *File) Has(column string) bool {
	_, ok := v.leaf[column]
	return ok
}

// Close closes the file. Rows that were read stay valid.
func (v *File) Close() error { return v.f.Close() }

// Scan calls fn for every row in order; the row may be kept. Bad data is a
// *RowError and ends the scan, as does the first error of fn. ctx is checked
// every row group and every thousand rows.
func (v *File) Scan(ctx context.Context, fn func(i int64, r *Row) error) error {
	dim, first := 0, int64(0)
	for _, g := range v.groups {
		columns := v.columns(g)
		for i := int64(0); i < g.NumRows(); i++ {
			if i%1000 == 0 && ctx.Err() != nil {
				return errors.Join(fmt.Errorf("read %s: row %d: %w", v.name, first+i, ctx.Err()), columns.close())
			}
			r, err := columns.row(v.name, first+i, dim)
			if err == nil {
				dim = len(r.Embedding)
				err = fn(first+i, r)
			}
			if err != nil {
				return errors.Join(err, columns.close())
			}
		}
		if err := columns.close(); err != nil {
			return fmt.Errorf("read %s: %w", v.name, err)
		}
		first += g.NumRows()
	}
	return nil
}

// columns opens the columns of a row group.
func (v *File) columns(g pq.RowGroup) *groupColumns {
	chunks := g.ColumnChunks()
	c := &groupColumns{scalars: map[string]*scalarReader{}}
	for name, leaf := range v.leaf {
		if name == "embedding" {
			c.embeddings.pages = chunks[leaf].Pages()
		} else {
			c.scalars[name] = &scalarReader{pages: chunks[leaf].Pages()}
		}
	}
	return c
}

// groupColumns are the open columns of one row group.
type groupColumns struct {
	scalars    map[string]*scalarReader
	embeddings listReader
}

func (g *groupColumns) close() error {
	errs := []error{g.embeddings.close()}
	for _, c := range g.scalars {
		errs = append(errs, c.pages.Close())
	}
	return errors.Join(errs...)
}

// row reads the next row of every column. dim is the length its embedding must
// have, 0 for any.
func (g *groupColumns) row(file string, i int64, dim int) (*Row, error) {
	var r Row
	err := guard(func() (err error) {
		r.Embedding, err = g.embeddings.next(dim)
		return err
	})
	if err != nil {
		return nil, &RowError{file, i, "embedding", err}
	}
	for name, c := range g.scalars {
		err := guard(func() error {
			value, err := c.next()
			if err == nil {
				err = setScalar(&r, name, value)
			}
			return err
		})
		if err != nil {
			return nil, &RowError{file, i, name, err}
		}
	}
	return &r, nil
}

// setScalar stores a value that is not a list.
func setScalar(r *Row, name string, value pq.Value) error {
	if value.IsNull() {
		return nil
	}
	switch name {
	case "key":
		r.Key = string(value.ByteArray())
	case "split":
		r.Split = string(value.ByteArray())
	case "id":
		id := integer(value)
		r.ID = &id
	case "camera":
		wide := integer(value)
		camera := int32(wide)
		if int64(camera) != wide {
			return fmt.Errorf("want a 32-bit integer, got %d", wide)
		}
		r.Camera = &camera
	}
	return nil
}

func integer(v pq.Value) int64 {
	if v.Kind() == pq.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}
