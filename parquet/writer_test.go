package parquet

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fullOptions has every optional column and limits that cut small data.
func fullOptions() WriterOptions {
	o := DefaultWriterOptions()
	o.ShardBytes, o.RowGroupBytes = 64<<10, 16<<10
	o.Source = "made"
	o.Config = map[string]string{"seed": "1"}
	o.Camera, o.Split, o.Labels, o.Truth, o.Embedding = true, true, true, true, true
	o.EmbeddingDim = 4
	o.LabelNames = []string{"hat", "bag"}
	return o
}

// madeRows returns n rows, three of each identity, with every shape a column can
// take: null, empty, one and several values.
func madeRows(n int) []Row {
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([]Row, n)
	for i := range rows {
		id := int64(i / 3 * 7)
		image := make([]byte, 500+rng.IntN(3000))
		for j := range image {
			image[j] = byte(rng.Uint32())
		}
		r := Row{
			Image:     image,
			ImagePath: fmt.Sprintf("%06d.jpg", i),
			ID:        id,
			FilePath:  fmt.Sprintf("%04d/%06d.jpg", id, i),
			Source:    "made",
			Width:     64,
			Height:    int32(128 + i%5),
		}
		if i%2 == 0 {
			camera := int32(i % 6)
			r.Camera = &camera
			r.Split = []string{"train", "test"}[i/2%2]
			r.Labels = []int8{int8(i % 2), -1}
			r.Captions = []string{fmt.Sprintf("A man number %d walks.", i), "Ein Mann in Grün."}
		}
		if i%3 == 0 {
			r.Attributes = []string{"male", "short hair", "red shirt", "unknown", "white shoes", "bag"}
			r.PromptCaption = []string{"a photo of a man"}
			r.Embedding = []float32{float32(i), -1.5, 0, 1e-30}
			truth := id + 1
			r.TruthID = &truth
			r.TruthAttributes = []string{}
		}
		if i%4 == 1 {
			r.TruthAttributes = []string{"male", "unknown"}
		}
		rows[i] = r
	}
	return rows
}

// writeRows feeds rows to a writer the way a stage does: it skips what is
// consumed and marks identity borders.
func writeRows(ctx context.Context, w *Writer, rows []Row) error {
	for i := w.Consumed(); i < int64(len(rows)); i++ {
		if i > 0 && rows[i].ID != rows[i-1].ID {
			w.Mark(i)
		}
		if err := w.Write(ctx, &rows[i]); err != nil {
			return err
		}
	}
	w.Mark(int64(len(rows)))
	return nil
}

func writeDataset(t testing.TB, dir string, o WriterOptions, rows []Row) *Manifest {
	t.Helper()
	w, err := Create(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := writeRows(t.Context(), w, rows); err != nil {
		t.Fatal(err)
	}
	m, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func readDataset(t testing.TB, dir string) []Row {
	t.Helper()
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	rows := []Row{}
	err = d.Scan(t.Context(), ColAll, 0, func(i int64, r *Row) error {
		if i != int64(len(rows)) {
			t.Fatalf("row: want %d, got %d", len(rows), i)
		}
		rows = append(rows, *r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// diffRows compares pictures as wholes: byte by byte, cmp takes seconds.
func diffRows(want, got any) string {
	return cmp.Diff(want, got, cmp.Comparer(bytes.Equal))
}

func TestRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 4, 100, 1023, 1024, 1025} {
		t.Run(fmt.Sprintf("rows=%d", n), func(t *testing.T) {
			dir := t.TempDir()
			rows := madeRows(n)
			m := writeDataset(t, dir, fullOptions(), rows)
			if m.Rows != int64(n) || m.Identities != int64((n+2)/3) {
				t.Errorf("manifest: want %d rows of %d identities, got %d of %d", n, (n+2)/3, m.Rows, m.Identities)
			}
			if diff := diffRows(rows, readDataset(t, dir)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}
