package split

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/parquet"
	"plip/parquet/parquettest"
)

// splits of the identities of the test dataset, four rows each.
var splits = []string{"train", "query", "", "test", "train", "valid", "gallery", "train", "odd"}

// makeDataset writes the test dataset, one shard an identity.
func makeDataset(t *testing.T) *parquet.Dataset {
	t.Helper()
	dir := t.TempDir()
	w, err := parquet.Create(t.Context(), dir, options())
	if err != nil {
		t.Fatal(err)
	}
	for id, split := range splits {
		for k := 0; k < 4; k++ {
			camera := int32(k)
			r := parquet.Row{Image: []byte(fmt.Sprintf("image %d %d", id, k)), ID: int64(id), FilePath: fmt.Sprintf("%d/%d.jpg", id, k),
				Camera: &camera, Split: split, Source: "test", Width: 2, Height: 4, Captions: []string{"a", "b"}[:k%3]}
			if err := w.Write(t.Context(), &r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := parquet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func options() parquet.WriterOptions {
	o := parquet.DefaultWriterOptions()
	o.ShardBytes = 1 // a shard for every identity
	o.Source, o.Camera, o.Split = "test", true, true
	o.Config = map[string]string{"seed": "0"}
	return o
}

func TestShards(t *testing.T) {
	d := makeDataset(t)
	dir := t.TempDir()
	parts, err := Shards(t.Context(), d, all(d), below(dir), options(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []Part{{"train", 12, 3, 9}, {"test", 12, 3, 9}, {"valid", 12, 3, 9}}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Error(diff)
	}
	for k, name := range partNames {
		var want, got []parquet.Row
		collect(t, d, func(r parquet.Row) {
			if partOf(r.Split) == k {
				want = append(want, r)
			}
		})
		part, err := parquet.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		collect(t, part, func(r parquet.Row) { got = append(got, r) })
		part.Close()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	again, err := Shards(t.Context(), d, all(d), below(dir), options(), nil)
	if !errors.Is(err, parquet.ErrFinished) || !cmp.Equal(again, want) {
		t.Errorf("want ErrFinished and the counts, got %v, %v", again, err)
	}
}

// TestShardsResume stops after every number of rows and continues: the files
// are those of the uninterrupted run.
func TestShardsResume(t *testing.T) {
	d := makeDataset(t)
	whole := t.TempDir()
	if _, err := Shards(t.Context(), d, all(d), below(whole), options(), nil); err != nil {
		t.Fatal(err)
	}
	want := parquettest.Files(t, whole)
	for stop := int64(1); stop <= d.NumRows(); stop++ {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Shards(ctx, d, all(d), below(dir), options(), func(done, total int64) {
			if done == stop {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("stop at %d: want context.Canceled, got %v", stop, err)
		}
		if _, err := Shards(t.Context(), d, all(d), below(dir), options(), nil); err != nil {
			t.Fatalf("stop at %d: %v", stop, err)
		}
		if diff := cmp.Diff(want, parquettest.Files(t, dir)); diff != "" {
			t.Errorf("stop at %d: %s", stop, diff)
		}
	}
}

// TestShardsRange splits in two ranges: the rows of both are those of the whole.
func TestShardsRange(t *testing.T) {
	d := makeDataset(t)
	for border := int64(0); border <= d.NumRows(); border += 4 {
		var counts [3]int64
		for _, rows := range []Range{{0, border}, {border, d.NumRows()}} {
			dir := t.TempDir()
			parts, err := Shards(t.Context(), d, rows, below(dir), options(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for k, name := range partNames {
				counts[k] += parts[k].Rows
				part, err := parquet.Open(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				collect(t, part, func(r parquet.Row) {
					if row := 4 * r.ID; row < rows.From || row >= rows.To || partOf(r.Split) != k {
						t.Errorf("%v: %s has identity %d", rows, name, r.ID)
					}
				})
				part.Close()
			}
		}
		if counts != [3]int64{12, 12, 12} {
			t.Errorf("border %d: want 12 rows in each part, got %v", border, counts)
		}
	}
}

// all is the whole of a dataset.
func all(d *parquet.Dataset) Range { return Range{0, d.NumRows()} }

// below names the parts' folders below dir.
func below(dir string) func(string) string {
	return func(part string) string { return filepath.Join(dir, part) }
}

func collect(t *testing.T, d *parquet.Dataset, f func(parquet.Row)) {
	t.Helper()
	err := d.Scan(t.Context(), parquet.ColAll, 0, func(_ int64, r *parquet.Row) error {
		f(*r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// files reads all files below dir.
