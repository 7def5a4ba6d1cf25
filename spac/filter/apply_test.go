package filter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/parquet"
	"plip/parquet/parquettest"
)

// picture is a tiny PNG that differs from row to row.
func picture(t *testing.T, i int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 4, 8))
	m.Pix[0], m.Pix[1] = byte(i), byte(i>>8)
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writerOptions(dim int) parquet.WriterOptions {
	o := parquet.DefaultWriterOptions()
	o.ShardBytes, o.RowGroupBytes = 6000, 1500
	o.Source = "test"
	o.Embedding, o.EmbeddingDim, o.Truth = true, dim, true
	return o
}

// dataset writes identities as shards and opens them.
func dataset(t *testing.T, ids []Identity, truth []int64) *parquet.Dataset {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	w, err := parquet.Create(ctx, dir, writerOptions(len(ids[0].Vectors[0])))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, id := range ids {
		for _, v := range id.Vectors {
			r := parquet.Row{Image: picture(t, n), ID: id.ID, FilePath: fmt.Sprintf("%d/%d.png", id.ID, n), Source: "test",
				Width: 4, Height: 8, Embedding: v, TruthID: &truth[n], Captions: []string{fmt.Sprintf("row %d", n)}}
			if err := w.Write(ctx, &r); err != nil {
				t.Fatal(err)
			}
			n++
		}
		w.Mark(int64(n))
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ds, err := parquet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ds.Close(); err != nil {
			t.Error(err)
		}
	})
	return ds
}

func decide(t *testing.T, ds *parquet.Dataset) *Decisions {
	t.Helper()
	d, err := Run(context.Background(), Identities(context.Background(), ds), Config{SigmaS: 0.83, SigmaR: 0.85, SigmaM: 0.95, RA: 2, RB: 2})
	if err != nil {
		t.Fatal(err)
	}
	if d.Report.Reassigned == 0 || d.Report.Dropped == 0 || d.Report.Merged == 0 {
		t.Fatalf("want cases of every kind, got %+v", d.Report)
	}
	return d
}

func TestApplyWritesWhatWasDecided(t *testing.T) {
	ids, truth := noisySequence(3, 60)
	ds := dataset(t, ids, truth)
	d := decide(t, ds)
	got, err := Truth(context.Background(), ds)
	if err != nil || !cmp.Equal(got, truth) {
		t.Fatalf("truth: want %v, got %v, %v", truth, got, err)
	}
	dir := t.TempDir()
	apply(t, context.Background(), d, ds, dir)
	out, err := parquet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if out.NumIdentities() != d.Report.IdentitiesOut || out.NumRows() != d.Report.Kept+d.Report.Reassigned {
		t.Errorf("want %d rows of %d identities, got %d of %d", d.Report.Kept+d.Report.Reassigned, d.Report.IdentitiesOut, out.NumRows(), out.NumIdentities())
	}
	var want []*parquet.Row
	for g := range d.Groups() {
		for _, s := range g.Samples {
			r, err := ds.Row(context.Background(), s, parquet.ColAll)
			if err != nil {
				t.Fatal(err)
			}
			r.ID = g.ID
			want = append(want, r)
		}
	}
	err = out.Scan(context.Background(), parquet.ColAll, 0, func(i int64, r *parquet.Row) error {
		if diff := cmp.Diff(want[i], r); diff != "" {
			return fmt.Errorf("row %d (-want +got):\n%s", i, diff)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// apply runs the second pass into dir and closes it; cancelled, it leaves the
// directory unfinished and reports false.
func apply(t *testing.T, ctx context.Context, d *Decisions, ds *parquet.Dataset, dir string) bool {
	t.Helper()
	w, err := parquet.Create(context.Background(), dir, writerOptions(32))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := d.Apply(ctx, ds, w, parquet.ColAll); err != nil {
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		return false
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return true
}

func TestApplyResumes(t *testing.T) {
	ids, truth := noisySequence(4, 60)
	ds := dataset(t, ids, truth)
	d := decide(t, ds)
	parquettest.Resumes(t, 180, 30, func(ctx context.Context, dir string) bool { return apply(t, ctx, d, ds, dir) })
}

func TestWriteLog(t *testing.T) {
	x, y, z := []float32{1, 0, 0}, []float32{0, 1, 0}, []float32{0, 0, 1}
	ids := []Identity{{7, [][]float32{x, y, x}}, {8, [][]float32{y}}, {9, [][]float32{y, z}}}
	ds := dataset(t, ids, make([]int64, 6))
	d, err := Run(context.Background(), Identities(context.Background(), ds), Config{SigmaS: 0.5, SigmaR: 0.9, SigmaM: 0.9, RA: 1, RB: 1})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := d.WriteLog(context.Background(), ds, &b); err != nil {
		t.Fatal(err)
	}
	want := `{"sample":0,"file_path":"7/0.png","id":7,"decision":"kept","to":7}
{"sample":1,"file_path":"7/1.png","id":7,"decision":"reassigned","to":8,"similarity":0,"nearest":8,"nearest_similarity":1}
{"sample":2,"file_path":"7/2.png","id":7,"decision":"kept","to":7}
{"sample":3,"file_path":"8/3.png","id":8,"decision":"kept","to":8}
{"sample":4,"file_path":"9/4.png","id":9,"decision":"merged","to":8}
{"sample":5,"file_path":"9/5.png","id":9,"decision":"dropped","similarity":0,"nearest":8,"nearest_similarity":0}
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	other := dataset(t, ids[:2], make([]int64, 4))
	if err := d.WriteLog(context.Background(), other, &b); err == nil || !strings.Contains(err.Error(), "want the 6 rows that were decided on, got 4") {
		t.Errorf("want an error about other rows, got %v", err)
	}
}
