package parquet

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestWriteBadRows(t *testing.T) {
	dir := t.TempDir()
	o := DefaultWriterOptions()
	o.Embedding, o.EmbeddingDim = true, 2
	w, err := Create(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	camera := int32(1)
	for _, test := range []struct {
		column string
		spoil  func(r *Row)
	}{
		{"image", func(r *Row) { r.Image = nil }},
		{"file_path", func(r *Row) { r.FilePath = "" }},
		{"file_path", func(r *Row) { r.FilePath = "/a.jpg" }},
		{"file_path", func(r *Row) { r.FilePath = "C:/a.jpg" }},
		{"file_path", func(r *Row) { r.FilePath = `a\b.jpg` }},
		{"file_path", func(r *Row) { r.FilePath = "a/../b.jpg" }},
		{"file_path", func(r *Row) { r.FilePath = ".." }},
		{"file_path", func(r *Row) { r.FilePath = "./" }},
		{"file_path", func(r *Row) { r.FilePath = "a\x00.jpg" }},
		{"captions", func(r *Row) { r.Captions = []string{"ok", "\xff"} }},
		{"camera", func(r *Row) { r.Camera = &camera }},
		{"split", func(r *Row) { r.Split = "train" }},
		{"labels", func(r *Row) { r.Labels = []int8{} }},
		{"embedding", func(r *Row) { r.Embedding = []float32{1, 2, 3} }},
		{"truth_id", func(r *Row) { r.TruthAttributes = []string{} }},
		{"width", func(r *Row) { r.Width = -1 }},
	} {
		r := Row{Image: []byte{1}, FilePath: "a/..b.jpg"}
		test.spoil(&r)
		var bad *RowError
		if err := w.Write(t.Context(), &r); !errors.As(err, &bad) || bad.Column != test.column {
			t.Errorf("%s %q: want a row error, got %v", test.column, r.FilePath, err)
		}
	}
	good := Row{Image: []byte{1}, FilePath: "a/..b.jpg"}
	if err := w.Write(t.Context(), &good); err != nil {
		t.Errorf("after bad rows: want the writer usable, got %v", err)
	}
	m, err := w.Close()
	if err != nil || m.Rows != 1 {
		t.Errorf("want 1 row, got %+v and %v", m, err)
	}
	if err := w.Write(t.Context(), &good); err == nil {
		t.Errorf("after close: want an error, got none")
	}
}

func TestWriteIdentityApart(t *testing.T) {
	w, err := Create(t.Context(), t.TempDir(), DefaultWriterOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for i, id := range []int64{-1, -1, 5} {
		if err := w.Write(t.Context(), &Row{Image: []byte{1}, FilePath: "a.jpg", ID: id}); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
	}
	err = w.Write(t.Context(), &Row{Image: []byte{1}, FilePath: "a.jpg", ID: -1})
	if err == nil || !strings.Contains(err.Error(), "row 3: want the rows of an identity together, got identity -1 again") {
		t.Errorf("want an error, got %v", err)
	}
	if _, again := w.Close(); again == nil || again.Error() != err.Error() {
		t.Errorf("close: want the first error, got %v", again)
	}
}

func TestWriteCancelled(t *testing.T) {
	w, err := Create(t.Context(), t.TempDir(), DefaultWriterOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Write(ctx, &Row{Image: []byte{1}, FilePath: "a.jpg"}); !errors.Is(err, context.Canceled) {
		t.Errorf("want %v, got %v", context.Canceled, err)
	}
}

// TestLimits looks at what the limits cut.
func TestLimits(t *testing.T) {
	for _, delta := range []int64{-1, 0, 1} {
		r := Row{Image: make([]byte, 1000), FilePath: "a.jpg"}
		o := DefaultWriterOptions()
		o.RowGroupBytes = 4*r.sizeBytes() + delta
		o.ShardBytes = 10*r.sizeBytes() + delta
		dir := t.TempDir()
		rows := make([]Row, 40)
		for i := range rows {
			rows[i] = r
			rows[i].ID = int64(i / 2) // two rows each
		}
		m := writeDataset(t, dir, o, rows)
		// A row group never passes its limit; a shard ends at the first identity border at or past its own.
		wantGroup, wantShard := int64(4), int64(10)
		if delta < 0 {
			wantGroup = 3
		}
		if delta > 0 {
			wantShard = 12
		}
		if got := m.Shards[0].Rows; got != wantShard {
			t.Errorf("delta %d: shard: want %d rows, got %d", delta, wantShard, got)
		}
		d := openTest(t, dir)
		if got := d.Groups()[0].NumRows; got != wantGroup {
			t.Errorf("delta %d: row group: want %d rows, got %d", delta, wantGroup, got)
		}
		for _, g := range d.Groups() {
			rows, err := d.ReadGroup(t.Context(), int(d.group(g.FirstRow)), ColMeta)
			if err != nil {
				t.Fatal(err)
			}
			if g.FirstRow == d.starts[g.Shard] && g.FirstRow > 0 && rows[0].ID*2 != g.FirstRow {
				t.Errorf("delta %d: row %d: want a shard to begin with a new identity, got %d", delta, g.FirstRow, rows[0].ID)
			}
		}
	}
}
