package parquet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	pq "github.com/parquet-go/parquet-go"
)

// pageBytes is the size at which a page is closed. A random row reads one page
// of each column, so it is kept near the size of a few pictures.
const pageBytes = 128 << 10

// shardWriter writes one shard. It hashes what it writes, so that the manifest
// needs no second read.
type shardWriter struct {
	file    *atomicFile
	hash    hash.Hash
	bytes   int64
	writer  *pq.GenericWriter[any]
	columns []*pq.ColumnWriter
	setters []columnSetter
	values  []pq.Value

	rowGroupBytes int64 // limit
	groupBytes    int64 // rows of the open row group
	groupRows     int64
	shardBytes    int64 // rows of the whole shard

	shard Shard
}

func newShardWriter(dir string, index int, o *WriterOptions, create createFunc) (*shardWriter, error) {
	file, err := newAtomicFile(dir, shardName(index), create)
	if err != nil {
		return nil, err
	}
	w := &shardWriter{
		file:          file,
		hash:          sha256.New(),
		rowGroupBytes: o.RowGroupBytes,
		setters:       columnSetters(o),
		shard:         Shard{File: shardName(index)},
	}
	features, err := hubFeatures(o)
	if err != nil {
		file.discard()
		return nil, err
	}
	err = guard(func() error {
		w.writer = pq.NewGenericWriter[any](writerFunc(w.write),
			fileSchema(o),
			pq.CreatedBy("plip", "1", "parquet-go"),
			pq.PageBufferSize(pageBytes),
			pq.WriteBufferSize(256<<10),
			// Bounds of pictures and sentences are of no use to a reader and as long as the values.
			pq.DataPageStatistics(false),
			pq.SkipPageBounds("image", "bytes"),
			pq.SkipPageBounds("image", "path"),
			pq.SkipPageBounds("captions", "list", "element"),
			pq.SkipPageBounds("prompt_caption", "list", "element"),
			pq.SkipPageBounds("embedding", "list", "element"),
		)
		w.writer.SetKeyValueMetadata(huggingfaceKey, features)
		w.columns = w.writer.ColumnWriters()
		return nil
	})
	if err != nil {
		file.discard()
		return nil, err
	}
	if len(w.columns) != len(w.setters) {
		panic(fmt.Sprintf("parquet: internal error: schema has %d columns, rows have %d", len(w.columns), len(w.setters)))
	}
	return w, nil
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func (w *shardWriter) write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	w.hash.Write(p[:n])
	w.bytes += int64(n)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return n, err
}

// add appends a row, closing the row group first when the row would overfill it.
func (w *shardWriter) add(r *Row, newIdentity bool) error {
	size := r.sizeBytes()
	if w.groupRows > 0 && w.groupBytes+size > w.rowGroupBytes {
		if err := guard(w.writer.Flush); err != nil {
			return err
		}
		w.groupBytes, w.groupRows = 0, 0
	}
	err := guard(func() error {
		for i, set := range w.setters {
			w.values = set(w.values[:0], r)
			if _, err := w.columns[i].WriteRowValues(w.values); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
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

// finish writes the footer and gives the shard its name.
func (w *shardWriter) finish(f footer) (Shard, error) {
	f.identities, f.captions = w.shard.Identities, w.shard.Captions
	if err := w.writeFooter(&f); err != nil {
		w.file.discard()
		return Shard{}, err
	}
	if err := w.file.commit(); err != nil {
		return Shard{}, err
	}
	w.shard.Bytes = w.bytes
	w.shard.SHA256 = hex.EncodeToString(w.hash.Sum(nil))
	return w.shard, nil
}

func (w *shardWriter) writeFooter(f *footer) error {
	pairs, err := f.metadata()
	if err != nil {
		return err
	}
	return guard(func() error {
		for _, kv := range pairs {
			w.writer.SetKeyValueMetadata(kv[0], kv[1])
		}
		return w.writer.Close()
	})
}
