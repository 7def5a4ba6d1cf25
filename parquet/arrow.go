package parquet

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	apq "github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
)

const arrowBatchRows = 4096

// openArrow opens a shard with the Arrow project's Parquet reader. Text columns
// are read in its batches: figures over whole columns need no rows.
func openArrow(s *shardFile) (*pqarrow.FileReader, error) {
	props := apq.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled = true // a page at a time instead of a whole column chunk
	pf, err := file.NewParquetReader(io.NewSectionReader(s.reader, 0, s.size), file.WithReadProps(props))
	if err != nil {
		return nil, err
	}
	return pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: arrowBatchRows}, memory.DefaultAllocator)
}

// arrowSchema is the shard's schema as Arrow has it. It must not appear in an
// exported signature.
func (s *shardFile) arrowSchema() (schema *arrow.Schema, err error) {
	err = guard(func() error {
		r, err := openArrow(s)
		if err != nil {
			return err
		}
		schema, err = r.Schema()
		return err
	})
	return schema, err
}

// checkArrow compares the columns that Arrow sees with the ones found by us.
func checkArrow(s *shardFile) error {
	schema, err := s.arrowSchema()
	if err != nil {
		return err
	}
	for _, c := range s.columns {
		if !schema.HasField(c.name) {
			return fmt.Errorf("want a column %q, got %v", c.name, schema.Fields())
		}
	}
	return nil
}

// scanArrow calls fn for each batch of the named columns, a map from our name to
// the batch's array. Columns that the shard lacks are left out.
func (s *shardFile) scanArrow(ctx context.Context, names []string, fn func(rows int, columns map[string]arrow.Array) error) error {
	var leaves []int
	var found []string // in file order, as the batch has them
	for _, c := range s.columns {
		for _, name := range names {
			if c.name == name {
				leaves = append(leaves, c.leaf)
				found = append(found, name)
			}
		}
	}
	if len(leaves) == 0 || s.rows == 0 {
		return nil
	}
	sortByLeaf(leaves, found)
	err := guard(func() error {
		r, err := openArrow(s)
		if err != nil {
			return err
		}
		batches, err := r.GetRecordReader(ctx, leaves, nil)
		if err != nil {
			return err
		}
		defer batches.Release()
		for batches.Next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			batch := batches.Record()
			columns := make(map[string]arrow.Array, len(found))
			for i, name := range found {
				columns[name] = batch.Column(i)
			}
			if err := fn(int(batch.NumRows()), columns); err != nil {
				return err
			}
		}
		if err := batches.Err(); err != nil && err != io.EOF {
			return err
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read %s through Arrow: %w", s.name, err)
	}
	return nil
}

func sortByLeaf(leaves []int, names []string) {
	for i := range leaves {
		for j := i; j > 0 && leaves[j] < leaves[j-1]; j-- {
			leaves[j], leaves[j-1] = leaves[j-1], leaves[j]
			names[j], names[j-1] = names[j-1], names[j]
		}
	}
}

// texts calls fn for the strings of row i: the elements of a list, or the one
// value of a plain column.
func texts(column arrow.Array, i int, fn func(position int, s string)) error {
	if column == nil || column.IsNull(i) {
		return nil
	}
	if list, ok := column.(array.ListLike); ok {
		start, end := list.ValueOffsets(i)
		for j := start; j < end; j++ {
			s, err := textAt(list.ListValues(), int(j))
			if err != nil {
				return err
			}
			fn(int(j-start), s)
		}
		return nil
	}
	s, err := textAt(column, i)
	if err != nil {
		return err
	}
	fn(0, s)
	return nil
}

func textAt(values arrow.Array, i int) (string, error) {
	switch v := values.(type) {
	case *array.String:
		return v.Value(i), nil
	case *array.LargeString:
		return v.Value(i), nil
	case *array.Binary:
		return string(v.Value(i)), nil
	case *array.LargeBinary:
		return string(v.Value(i)), nil
	case *array.Dictionary:
		return textAt(v.Dictionary(), v.GetValueIndex(i))
	}
	return "", fmt.Errorf("want strings, got %v", values.DataType())
}
