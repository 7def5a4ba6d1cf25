package vectors

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"
)

// makeRows makes n rows with every kind of null.
func makeRows(n, dim int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		r := &rows[i]
		r.Key = fmt.Sprintf("a/%d.jpg", i)
		if i%3 != 0 {
			id := int64(i) << 33
			r.ID = &id
		}
		if i%5 != 0 {
			camera := int32(-i)
			r.Camera = &camera
		}
		if i%4 != 0 {
			r.Split = "test"
		}
		for k := 0; k < dim; k++ {
			r.Embedding = append(r.Embedding, float32(i)+float32(k)/8)
		}
	}
	return rows
}

func write(t *testing.T, path string, o Options, rows []Row) {
	t.Helper()
	w, err := Create(path, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if err := w.Write(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func read(path string) ([]Row, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows []Row
	err = f.Scan(context.Background(), func(i int64, r *Row) error {
		if int(i) != len(rows) {
			return fmt.Errorf("want row %d, got %d", len(rows), i)
		}
		rows = append(rows, *r)
		return nil
	})
	return rows, err
}

func TestRoundTrip(t *testing.T) {
	for _, size := range []struct{ n, dim int }{{0, 1}, {1, 1}, {1, 768}, {511, 1}, {512, 1}, {513, 3}, {1000, 16}, {3, 70000}} {
		for _, o := range []Options{{}, {Camera: true}, {Split: true}, {Camera: true, Split: true}} {
			o.Dim = size.dim
			want := makeRows(size.n, size.dim)
			for i := range want {
				if !o.Camera {
					want[i].Camera = nil
				}
				if !o.Split {
					want[i].Split = ""
				}
			}
			path := filepath.Join(t.TempDir(), "v.parquet")
			write(t, path, o, want)
			got, err := read(path)
			if err != nil {
				t.Fatalf("%+v: %v", size, err)
			}
			if len(got) != len(want) {
				t.Fatalf("%+v: want %d rows, got %d", size, len(want), len(got))
			}
			for i := range want {
				if d := cmp.Diff(want[i], got[i]); d != "" {
					t.Fatalf("%+v: row %d: %s", size, i, d)
				}
			}
		}
	}
}

// foreignRow is a row as another tool may write it.
type foreignRow struct {
	Extra     string    `parquet:"extra"`
	ID        int32     `parquet:"id"`
	Camera    int64     `parquet:"camera"`
	Embedding []float64 `parquet:"embedding,list,dict"`
}

func TestForeign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.parquet")
	if err := pq.WriteFile(path, []foreignRow{{"x", 7, 3, []float64{0.5, 2}}, {"y", -1, 1 << 31, []float64{1, 1}}}); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.NumRows() != 2 || !f.Has("id") || f.Has("key") {
		t.Errorf("want 2 rows with id and without key, got %d, %v, %v", f.NumRows(), f.Has("id"), f.Has("key"))
	}
	rows, err := read(path)
	id, camera := int64(7), int32(3)
	if d := cmp.Diff([]Row{{ID: &id, Camera: &camera, Embedding: []float32{0.5, 2}}}, rows); d != "" {
		t.Error(d)
	}
	var bad *RowError
	if !errors.As(err, &bad) || bad.Row != 1 || bad.Column != "camera" {
		t.Errorf(`want an error of row 1, column "camera", got %v`, err)
	}
}

func TestBadFiles(t *testing.T) {
	type noEmbedding struct {
		ID int64 `parquet:"id"`
	}
	type textID struct {
		ID        string    `parquet:"id"`
		Embedding []float32 `parquet:"embedding,list"`
	}
	type only struct {
		Embedding []float32 `parquet:"embedding,list"`
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "v.parquet")
	check := func(name, want string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want an error with %q, got %v", name, want, err)
		}
	}
	check("no embedding", `want a column "embedding", got none`, pq.WriteFile(path, []noEmbedding{{1}}))
	check("text id", `column "id": want what plip embed writes`, pq.WriteFile(path, []textID{{"a", []float32{1}}}))
	check("two lengths", `row 1: column "embedding": want 2 numbers as in the rows before, got 1`, pq.WriteFile(path, []only{{[]float32{1, 2}}, {[]float32{1}}}))
	check("empty list", `row 0: column "embedding": want numbers, got null`, pq.WriteFile(path, []only{{}}))
	check("no Parquet", "open "+path, os.WriteFile(path, []byte("PAR1 nonsense PAR1"), 0o666))
	check("empty file", "open "+path, os.WriteFile(path, nil, 0o666))
}

func TestWriterErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.parquet")
	if _, err := Create(path, Options{}); err == nil {
		t.Error("want an error for length 0")
	}
	w, err := Create(path, Options{Dim: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(&Row{Embedding: []float32{1}}); err == nil {
		t.Error("want an error for a short embedding")
	}
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	if names, err := filepath.Glob(path + "*"); err != nil || len(names) != 0 {
		t.Errorf("want nothing left, got %v, %v", names, err)
	}
}

func TestCancel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.parquet")
	write(t, path, Options{Dim: 1}, makeRows(3, 1))
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Scan(ctx, func(int64, *Row) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("want context.Canceled, got %v", err)
	}
}

// FuzzPages changes bytes before the footer of a good file: no panic, and no
// more rows than were written.
func FuzzPages(f *testing.F) {
	const rows = 4
	path := filepath.Join(f.TempDir(), "v.parquet")
	w, err := Create(path, Options{Dim: 3, Camera: true, Split: true})
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range makeRows(rows, 3) {
		if err := w.Write(&r); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	footer := len(good) - 8 - int(binary.LittleEndian.Uint32(good[len(good)-8:]))
	f.Add(uint16(4), []byte{0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add(uint16(40), []byte{0})
	f.Fuzz(func(t *testing.T, at uint16, change []byte) {
		data := bytes.Clone(good)
		copy(data[int(at)%footer:footer], change)
		path := filepath.Join(t.TempDir(), "v.parquet")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		if got, err := read(path); len(got) > rows {
			t.Errorf("want at most %d rows, got %d, %v", rows, len(got), err)
		}
	})
}

func BenchmarkScan(b *testing.B) {
	path := filepath.Join(b.TempDir(), "v.parquet")
	w, err := Create(path, Options{Dim: 768})
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range makeRows(2000, 768) {
		if err := w.Write(&r); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(2000 * 768 * 4)
	b.ReportAllocs()
	for b.Loop() {
		f, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := f.Scan(b.Context(), func(int64, *Row) error { return nil }); err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
