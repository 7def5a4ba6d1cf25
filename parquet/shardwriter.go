package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const magic = "PAR1"

// shardWriter writes one shard: row groups, then the page index, then the footer.
// The first column, the pictures, goes to the file page by page; the others wait
// in memory for the end of the row group.
type shardWriter struct {
	file    *shardOutput
	leaves  []*leafWriter
	pages   []heldPages // of each leaf but the first
	setters []columnSetter
	footer  format.FileMetaData
	columns [][]format.ColumnIndex // by row group
	offsets [][]format.OffsetIndex // by row group

	rowGroupBytes int64 // limit
	groupAt       int64 // offset of the open row group
	groupBytes    int64 // rows of the open row group
	groupRows     int64
	shardBytes    int64 // rows of the whole shard

	shard Shard
}

func newShardWriter(dir string, index int, o *WriterOptions, create createFunc) (*shardWriter, error) {
	footer, err := emptyFooter(o)
	if err != nil {
		return nil, err
	}
	leaves := leavesOf(fileSchema(o))
	w := &shardWriter{
		rowGroupBytes: o.RowGroupBytes,
		pages:         make([]heldPages, len(leaves)),
		setters:       columnSetters(o),
		footer:        footer,
		shard:         Shard{File: shardName(index)},
	}
	if len(leaves) != len(w.setters) {
		panic(fmt.Sprintf("parquet: internal error: schema has %d columns, rows have %d", len(leaves), len(w.setters)))
	}
	file, err := newAtomicFile(dir, shardName(index), create)
	if err != nil {
		return nil, err
	}
	w.file = newShardOutput(file)
	for i, l := range leaves {
		w.leaves = append(w.leaves, newLeafWriter(l, &w.pages[i]))
	}
	w.leaves[0].out, w.leaves[0].inPlace = w.file, w.file
	if _, err := w.file.Write([]byte(magic)); err != nil {
		w.file.discard()
		return nil, err
	}
	w.groupAt = w.file.at
	return w, nil
}

// emptyFooter is the footer of a shard without rows. The library turns the
// schema into its Thrift form, by writing a file to nowhere.
func emptyFooter(o *WriterOptions) (format.FileMetaData, error) {
	features, err := hubFeatures(o)
	if err != nil {
		return format.FileMetaData{}, err
	}
	var footer format.FileMetaData
	err = guard(func() error {
		w := pq.NewGenericWriter[any](&bytes.Buffer{}, fileSchema(o), pq.CreatedBy("plip", "1", "parquet-go"))
		w.SetKeyValueMetadata(huggingfaceKey, features)
		if err := w.Close(); err != nil {
			return err
		}
		footer = *w.File().Metadata()
		return nil
	})
	return footer, err
}

// add appends a row, closing the row group first when the row would overfill it.
func (w *shardWriter) add(r *Row, newIdentity bool) error {
	size := r.sizeBytes()
	if w.groupRows > 0 && w.groupBytes+size > w.rowGroupBytes {
		if err := w.closeGroup(); err != nil {
			return err
		}
	}
	for i, set := range w.setters {
		set(w.leaves[i], r)
		if err := w.leaves[i].endRow(); err != nil {
			return err
		}
	}
	w.groupBytes += size
	w.groupRows++
	w.shardBytes += size
	w.shard.Rows++
	w.shard.Captions += int64(len(r.Captions))
	if newIdentity {
		w.shard.Identities++
	}
	return nil
}

// closeGroup writes what is left of the row group and describes it in the footer.
func (w *shardWriter) closeGroup() error {
	if w.groupRows == 0 {
		return nil
	}
	group := format.RowGroup{
		NumRows:        w.groupRows,
		SortingColumns: []format.SortingColumn{}, // none, which is not the same as unknown
		FileOffset:     w.groupAt,
		Ordinal:        int16(len(w.footer.RowGroups)),
	}
	var columns []format.ColumnIndex
	var offsets []format.OffsetIndex
	for i, leaf := range w.leaves {
		if err := leaf.closePage(); err != nil {
			return err
		}
		dictionaryAt, dataAt := int64(0), w.groupAt
		if leaf.dictionary {
			dictionaryAt = w.file.at
			size, err := leaf.encoder.writeDictionary(w.file, &leaf.leaf, leaf.dict)
			if err != nil {
				return err
			}
			leaf.chunk.size.plain += size.plain
			leaf.chunk.size.packed += size.packed
		}
		if i > 0 {
			dataAt = w.file.at
			if _, err := w.pages[i].WriteTo(w.file); err != nil {
				return err
			}
		}
		group.Columns = append(group.Columns, format.ColumnChunk{MetaData: leaf.chunk.metadata(&leaf.leaf, dictionaryAt, dataAt)})
		group.TotalByteSize += leaf.chunk.size.plain
		group.TotalCompressedSize += leaf.chunk.size.packed
		columns = append(columns, leaf.chunk.columnIndex())
		offsets = append(offsets, leaf.chunk.offsetIndex(dataAt))
		leaf.reset()
	}
	w.footer.RowGroups = append(w.footer.RowGroups, group)
	w.footer.NumRows += w.groupRows
	w.columns, w.offsets = append(w.columns, columns), append(w.offsets, offsets)
	w.groupAt, w.groupBytes, w.groupRows = w.file.at, 0, 0
	return nil
}

// finish writes the footer and gives the shard its name. After an error the file
// is gone.
func (w *shardWriter) finish(f footer) (Shard, error) {
	f.identities, f.captions = w.shard.Identities, w.shard.Captions
	if err := w.closeFile(&f); err != nil {
		w.file.discard()
		return Shard{}, err
	}
	sum, err := w.file.commit()
	if err != nil {
		return Shard{}, err
	}
	w.shard.Bytes, w.shard.SHA256 = w.file.at, sum
	return w.shard, nil
}

func (w *shardWriter) closeFile(f *footer) error {
	if err := w.closeGroup(); err != nil {
		return err
	}
	pairs, err := f.metadata()
	if err != nil {
		return err
	}
	for _, kv := range pairs {
		w.footer.KeyValueMetadata = append(w.footer.KeyValueMetadata, format.KeyValue{Key: kv[0], Value: kv[1]})
	}
	encoder := thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(w.file))
	for g := range w.columns {
		for i := range w.columns[g] {
			chunk := &w.footer.RowGroups[g].Columns[i]
			chunk.ColumnIndexOffset = w.file.at
			if err := encoder.Encode(&w.columns[g][i]); err != nil {
				return err
			}
			chunk.ColumnIndexLength = int32(w.file.at - chunk.ColumnIndexOffset)
		}
	}
	for g := range w.offsets {
		for i := range w.offsets[g] {
			chunk := &w.footer.RowGroups[g].Columns[i]
			chunk.OffsetIndexOffset = w.file.at
			if err := encoder.Encode(&w.offsets[g][i]); err != nil {
				return err
			}
			chunk.OffsetIndexLength = int32(w.file.at - chunk.OffsetIndexOffset)
		}
	}
	at := w.file.at
	if err := encoder.Encode(&w.footer); err != nil {
		return err
	}
	tail := binary.LittleEndian.AppendUint32(nil, uint32(w.file.at-at))
	_, err = w.file.Write(append(tail, magic...))
	return err
}
