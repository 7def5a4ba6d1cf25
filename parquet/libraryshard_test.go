package parquet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	pq "github.com/parquet-go/parquet-go"
)

// libraryShard writes rows as one shard with the library's own writer, given the
// settings of the format: what a shardWriter must write, byte for byte.
func libraryShard(t *testing.T, o *WriterOptions, f footer, rows []Row) []byte {
	t.Helper()
	features, err := hubFeatures(o)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w := pq.NewGenericWriter[any](&file, fileSchema(o),
		pq.CreatedBy("plip", "1", "parquet-go"),
		pq.PageBufferSize(128<<10),
		pq.DataPageStatistics(false),
		pq.SkipPageBounds("image", "bytes"),
		pq.SkipPageBounds("image", "path"),
		pq.SkipPageBounds("captions", "list", "element"),
		pq.SkipPageBounds("prompt_caption", "list", "element"),
		pq.SkipPageBounds("embedding", "list", "element"),
	)
	w.SetKeyValueMetadata(huggingfaceKey, features)
	columns := w.ColumnWriters()
	groupBytes := int64(0)
	last := int64(-1)
	for i := range rows {
		size := rows[i].sizeBytes()
		if groupBytes > 0 && groupBytes+size > o.RowGroupBytes {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			groupBytes = 0
		}
		groupBytes += size
		for c, values := range libraryValues(o, &rows[i]) {
			if _, err := columns[c].WriteRowValues(values); err != nil {
				t.Fatal(err)
			}
		}
		if rows[i].ID != last {
			f.identities++
		}
		last = rows[i].ID
		f.captions += int64(len(rows[i].Captions))
	}
	pairs, err := f.metadata()
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range pairs {
		w.SetKeyValueMetadata(kv[0], kv[1])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// libraryValues are a row's values by leaf column, levels included.
func libraryValues(o *WriterOptions, r *Row) (columns [][]pq.Value) {
	scalar := func(ok bool, depth int, v pq.Value) {
		if !ok {
			v, depth = pq.Value{}, 0
		}
		columns = append(columns, []pq.Value{v.Level(0, depth, len(columns))})
	}
	list := func(isNull bool, values []pq.Value) {
		switch {
		case isNull:
			values = []pq.Value{pq.Value{}.Level(0, 0, len(columns))}
		case len(values) == 0:
			values = []pq.Value{pq.Value{}.Level(0, 1, len(columns))}
		default:
			for i := range values {
				values[i] = values[i].Level(min(i, 1), 3, len(columns))
			}
		}
		columns = append(columns, values)
	}
	text := func(s string) pq.Value { return pq.ByteArrayValue([]byte(s)) }
	texts := func(list []string) (values []pq.Value) {
		for _, s := range list {
			values = append(values, text(s))
		}
		return values
	}

	scalar(true, 2, pq.ByteArrayValue(r.Image))
	scalar(true, 2, text(r.ImagePath))
	scalar(true, 1, pq.Int64Value(r.ID))
	scalar(true, 1, text(r.FilePath))
	if o.Camera {
		camera := int32(0)
		if r.Camera != nil {
			camera = *r.Camera
		}
		scalar(r.Camera != nil, 1, pq.Int32Value(camera))
	}
	if o.Split {
		scalar(r.Split != "", 1, text(r.Split))
	}
	scalar(true, 1, text(r.Source))
	scalar(true, 1, pq.Int32Value(r.Width))
	scalar(true, 1, pq.Int32Value(r.Height))
	list(false, texts(r.Attributes))
	list(false, texts(r.Captions))
	list(false, texts(r.PromptCaption))
	if o.Labels {
		var values []pq.Value
		for _, v := range r.Labels {
			values = append(values, pq.Int32Value(int32(v)))
		}
		list(r.Labels == nil, values)
	}
	if o.Embedding {
		var values []pq.Value
		for _, v := range r.Embedding {
			values = append(values, pq.FloatValue(v))
		}
		list(r.Embedding == nil, values)
	}
	if o.Truth {
		truth := int64(0)
		if r.TruthID != nil {
			truth = *r.TruthID
		}
		scalar(r.TruthID != nil, 1, pq.Int64Value(truth))
		list(r.TruthAttributes == nil, texts(r.TruthAttributes))
	}
	return columns
}

// TestShardIsTheLibrarys compares our encoder with the library's, over shards
// without rows, with pages and row groups of every number, and values of every
// kind.
func TestShardIsTheLibrarys(t *testing.T) {
	plain := DefaultWriterOptions()
	plain.RowGroupBytes = 3 << 20
	full := fullOptions()
	oneGroup := fullOptions()
	oneGroup.RowGroupBytes = 1 << 30
	noise := make([]byte, 1<<20)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	bench := make([]Row, 6000)
	for i := range bench {
		bench[i] = benchRow(i, noise)
		bench[i].Attributes = append([]string{}, bench[i].Attributes...)
		bench[i].Attributes[i%6] = fmt.Sprint("colour ", i%700)
	}
	odd := madeRows(300)
	for i := range odd {
		odd[i].Captions = make([]string, i%7)
		odd[i].ImagePath = ""
		odd[i].Source = []string{"", "a", "zz"}[i/100]
		odd[i].Labels = nil
	}
	large := madeRows(12)
	large[5].Image = noise
	room := madeRows(120) // pictures about as long as what is left behind a block
	for i := range room {
		room[i].Image = noise[i : i+1+rng.IntN(blockRoom+pageBytes)]
	}
	for _, test := range []struct {
		name    string
		options WriterOptions
		rows    []Row
	}{
		{"no rows", full, nil},
		{"one row", full, madeRows(1)},
		{"made", full, madeRows(300)},
		{"made in one group", oneGroup, madeRows(900)},
		{"odd", full, odd},
		{"large", oneGroup, large},
		{"room", oneGroup, room},
		{"bench", plain, bench},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			o := test.options
			w, err := newShardWriter(dir, 0, &o, createFile)
			if err != nil {
				t.Fatal(err)
			}
			for i := range test.rows {
				if err := w.add(&test.rows[i], i == 0 || test.rows[i].ID != test.rows[i-1].ID); err != nil {
					t.Fatal(err)
				}
			}
			f := footer{consumed: 7, rejectsBytes: 8, embeddingDim: o.EmbeddingDim, labelNames: o.LabelNames}
			if _, err := w.finish(f); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(dir, shardName(0)))
			if err != nil {
				t.Fatal(err)
			}
			want := libraryShard(t, &o, f, test.rows)
			for i := range min(len(want), len(got)) {
				if want[i] != got[i] {
					t.Fatalf("byte %d of %d: want %#x, got %#x", i, len(want), want[i], got[i])
				}
			}
			if len(want) != len(got) {
				t.Errorf("want %d bytes, got %d", len(want), len(got))
			}
		})
	}
}
