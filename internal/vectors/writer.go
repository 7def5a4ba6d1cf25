package vectors

import (
	"errors"
	"fmt"

	pq "github.com/parquet-go/parquet-go"

	"plip/internal/runlog"
)

// Options say what a file holds.
type Options struct {
	Dim           int  // length of every embedding, 1 or more
	Camera, Split bool // whether the optional columns exist
}

// groupBytes is the size of the embeddings in a row group.
const groupBytes = 32 << 20

// Writer writes an embedding file, which appears under its name when Close has
// succeeded. It is unusable after its first error. Not safe for concurrent use.
type Writer struct {
	options Options
	file    *runlog.File
	w       *pq.GenericWriter[any]
	group   int // rows since the last row group
	rows    int64
	row     pq.Row
	err     error
}

// Create begins the file at path; what is there stays until Close.
func Create(path string, o Options) (*Writer, error) {
	if o.Dim < 1 {
		return nil, fmt.Errorf("create %s: embedding length: want 1 or more, got %d", path, o.Dim)
	}
	f, err := runlog.CreateFile(path)
	if err != nil {
		return nil, err
	}
	w := &Writer{options: o, file: f}
	text := func(n pq.Node) pq.Node { return pq.Compressed(n, &pq.Zstd) }
	// The fields of a group are sorted by name: camera, embedding, id, key, split.
	fields := pq.Group{
		"id":        text(pq.Optional(pq.Leaf(pq.Int64Type))),
		"key":       text(pq.String()),
		"embedding": pq.List(pq.Leaf(pq.FloatType)),
	}
	if o.Camera {
		fields["camera"] = text(pq.Optional(pq.Int(32)))
	}
	if o.Split {
		fields["split"] = text(pq.Optional(pq.String()))
	}
	w.w = pq.NewGenericWriter[any](f, pq.NewSchema("embeddings", fields), pq.CreatedBy("plip", "1", "parquet-go"), pq.DataPageStatistics(false))
	return w, nil
}

// Write appends a row.
func (w *Writer) Write(r *Row) error {
	if w.err != nil {
		return w.err
	}
	if len(r.Embedding) != w.options.Dim {
		return fmt.Errorf("embedding of %q: want length %d, got %d", r.Key, w.options.Dim, len(r.Embedding))
	}
	if w.group > 0 && w.group*w.options.Dim*4 >= groupBytes {
		if w.err = w.w.Flush(); w.err != nil {
			return w.err
		}
		w.group = 0
	}
	w.fill(r)
	_, w.err = w.w.WriteRows([]pq.Row{w.row})
	w.group++
	w.rows++
	return w.err
}

// fill puts the values of r into w.row, columns in the order of their names.
func (w *Writer) fill(r *Row) {
	w.row = w.row[:0]
	column := 0
	optional := func(v pq.Value, ok bool) {
		level := 1
		if !ok {
			v, level = pq.Value{}, 0
		}
		w.row = append(w.row, v.Level(0, level, column))
		column++
	}
	if w.options.Camera {
		if r.Camera != nil {
			optional(pq.Int32Value(*r.Camera), true)
		} else {
			optional(pq.Value{}, false)
		}
	}
	for i, v := range r.Embedding {
		w.row = append(w.row, pq.FloatValue(v).Level(min(i, 1), 1, column))
	}
	column++
	if r.ID != nil {
		optional(pq.Int64Value(*r.ID), true)
	} else {
		optional(pq.Value{}, false)
	}
	w.row = append(w.row, pq.ByteArrayValue([]byte(r.Key)).Level(0, 0, column))
	column++
	if w.options.Split {
		optional(pq.ByteArrayValue([]byte(r.Split)), r.Split != "")
	}
}

// Rows is the number of rows written.
func (w *Writer) Rows() int64 { return w.rows }

// Close ends the file and gives it its name.
func (w *Writer) Close() error {
	if w.err != nil {
		return errors.Join(w.err, w.file.Abort())
	}
	if err := w.w.Close(); err != nil {
		return errors.Join(err, w.file.Abort())
	}
	return w.file.Commit()
}

// Abort gives the file up. It may follow Close, which makes it fit for defer.
func (w *Writer) Abort() error { return w.file.Abort() }
