package parquet

import (
	"encoding/binary"
	"math"
	"slices"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// pageBytes is the size at which a page is closed, counting what a row costs in
// levels. A random row reads one page of each column, so it is kept near the
// size of a few pictures.
const pageBytes = 98 * (128 << 10) / 100

// leafWriter encodes one leaf column of a row group. A columnSetter adds the
// levels and values of a row, endRow ends it and closes a full page. It takes the
// place of the library's column writer, which wants each value in a pq.Value,
// copies pictures four times and keeps the row group in memory; the pages are
// the same to the byte.
type leafWriter struct {
	leaf
	out     pageOutput
	inPlace *shardOutput // values are put where they are written from; nil but for pictures

	// The open page.
	rows       int64
	reps, defs []byte // a level for each value or null; reps of lists only
	values     []byte // plain
	large      []byte // values that inPlace has no room for
	indices    []int32
	low, high  int64  // bounds of integers
	lowText    []byte // bounds of strings without a dictionary
	highText   []byte
	count      int // values that are not null

	dict    *dictionary
	encoder pageEncoder
	chunk   chunkStats
}

func newLeafWriter(l leaf, out pageOutput) *leafWriter {
	w := &leafWriter{leaf: l, out: out, encoder: newPageEncoder()}
	if l.dictionary {
		w.dict = &dictionary{numbers: map[string]int32{}}
	}
	w.chunk.index = l.typ.NewColumnIndexer(pq.DefaultColumnIndexSizeLimit)
	w.reset()
	return w
}

// null adds a value that is not there, or a list without elements.
func (w *leafWriter) null(def byte) {
	w.defs = append(w.defs, def)
	if w.maxRep > 0 {
		w.reps = append(w.reps, 0)
	}
}

// present adds the levels of element i of a list, or of a scalar with i = 0. The
// value follows.
func (w *leafWriter) present(i int) {
	w.defs = append(w.defs, w.maxDef)
	if w.maxRep > 0 {
		w.reps = append(w.reps, byte(min(i, 1)))
	}
	w.count++
}

// text adds the string of element i.
func (w *leafWriter) text(i int, s string) {
	w.present(i)
	if w.dictionary {
		w.indices = append(w.indices, w.dict.add(s, i))
		return
	}
	w.values = binary.LittleEndian.AppendUint32(w.values, uint32(len(s)))
	w.values = append(w.values, s...)
	if w.bounds {
		w.boundText(s)
	}
}

func (w *leafWriter) boundText(s string) {
	if w.count == 1 || s < string(w.lowText) {
		w.lowText = append(w.lowText[:0], s...)
	}
	if w.count == 1 || s > string(w.highText) {
		w.highText = append(w.highText[:0], s...)
	}
}

// picture copies the picture but once, to where the file is written from.
func (w *leafWriter) picture(b []byte) {
	w.present(0)
	if len(w.values) == 0 {
		w.values = w.inPlace.room()
	}
	if need := len(w.values) + 4 + len(b); need > cap(w.values) {
		w.large = append(slices.Grow(w.large[:0], need), w.values...)
		w.values = w.large
	}
	w.values = binary.LittleEndian.AppendUint32(w.values, uint32(len(b)))
	w.values = append(w.values, b...)
}

func (w *leafWriter) int32(i int, v int32) {
	w.present(i)
	w.values = binary.LittleEndian.AppendUint32(w.values, uint32(v))
	w.low, w.high = min(w.low, int64(v)), max(w.high, int64(v))
}

func (w *leafWriter) int64(v int64) {
	w.present(0)
	w.values = binary.LittleEndian.AppendUint64(w.values, uint64(v))
	w.low, w.high = min(w.low, v), max(w.high, v)
}

func (w *leafWriter) float(i int, v float32) {
	w.present(i)
	w.values = binary.LittleEndian.AppendUint32(w.values, math.Float32bits(v))
}

// endRow closes the page when it is full: a row lies in one page.
func (w *leafWriter) endRow() error {
	w.rows++
	size := 5 * w.rows
	if w.maxRep > 0 {
		size = 8*w.rows + 2*int64(len(w.defs))
	}
	if size+int64(len(w.values)+4*len(w.indices)) < pageBytes {
		return nil
	}
	return w.closePage()
}

func (w *leafWriter) closePage() error {
	if w.rows == 0 {
		return nil
	}
	values := w.values
	if w.dictionary {
		var err error
		if values, err = w.encoder.encodeIndices(w.indices); err != nil {
			return err
		}
	}
	header := format.DataPageHeaderV2{
		NumValues: int32(len(w.defs)),
		NumNulls:  int32(len(w.defs) - w.count),
		NumRows:   int32(w.rows),
		Encoding:  w.encoding(),
	}
	size, err := w.encoder.writeData(w.out, &w.leaf, header, w.reps, w.defs, values)
	if err != nil {
		return err
	}
	low, high := w.pageBounds()
	w.chunk.addPage(&w.leaf, size, w.rows, w.reps, w.defs, w.count, low, high)
	if !w.dictionary && w.typ.Kind() == pq.ByteArray {
		w.chunk.textBytes += int64(len(w.values) - 4*w.count)
	}
	w.resetPage()
	return nil
}

// pageBounds returns null values for a page without values and for columns whose
// bounds are not kept.
func (w *leafWriter) pageBounds() (low, high pq.Value) {
	if !w.bounds || w.count == 0 {
		return pq.Value{}, pq.Value{}
	}
	switch {
	case w.dictionary:
		low, high := w.dict.bounds(w.indices)
		return pq.ByteArrayValue([]byte(low)), pq.ByteArrayValue([]byte(high))
	case w.typ.Kind() == pq.Int32:
		return pq.Int32Value(int32(w.low)), pq.Int32Value(int32(w.high))
	case w.typ.Kind() == pq.Int64:
		return pq.Int64Value(w.low), pq.Int64Value(w.high)
	}
	return pq.ByteArrayValue(w.lowText), pq.ByteArrayValue(w.highText)
}

func (w *leafWriter) resetPage() {
	w.rows, w.count = 0, 0
	w.reps, w.defs, w.values, w.indices = w.reps[:0], w.defs[:0], w.values[:0], w.indices[:0]
	w.low, w.high = math.MaxInt64, math.MinInt64
}

// reset makes the writer fit for the next row group.
func (w *leafWriter) reset() {
	w.resetPage()
	if w.dictionary {
		w.dict.reset()
	}
	w.chunk.reset(&w.leaf)
}
