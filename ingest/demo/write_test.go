package demo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/parquet"
	"plip/parquet/parquettest"
)

// files reads the shards and the manifest of a dataset.
func TestWriteDoesNotDependOnWorkersOrInterruption(t *testing.T) {
	c := small(t)
	ctx := context.Background()
	for _, name := range []string{"captioned", "raw"} {
		p := part(t, c, name)
		straight := t.TempDir()
		if _, err := p.Write(ctx, straight, WriteOptions{Workers: 1, ShardBytes: 200_000}); err != nil {
			t.Fatal(err)
		}
		want := parquettest.Files(t, straight)
		if _, ok := want["part-00002.parquet"]; !ok {
			t.Fatalf("want three shards or more, got %d files", len(want))
		}

		broken := t.TempDir()
		stop, cancel := context.WithCancel(ctx)
		_, err := p.Write(stop, broken, WriteOptions{Workers: 3, ShardBytes: 200_000, Progress: func(done, total int) {
			if total != p.Tracks() {
				t.Errorf("progress: want total %d, got %d", p.Tracks(), total)
			}
			if done == 2*total/3 {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("want the cancellation, got %v", err)
		}
		if _, err := os.Stat(filepath.Join(broken, "dataset.json")); err == nil {
			t.Fatal("an interrupted run left a manifest")
		}
		first := -1
		if _, err := p.Write(ctx, broken, WriteOptions{Workers: 4, ShardBytes: 200_000, Progress: func(done, total int) {
			if first < 0 {
				first = done
			}
		}}); err != nil {
			t.Fatal(err)
		}
		if first < 2 {
			t.Errorf("%s: the run was not continued but begun anew: first progress %d", name, first)
		}
		if diff := cmp.Diff(want, parquettest.Files(t, broken)); diff != "" {
			t.Errorf("%s: an interrupted run with other workers wrote other files", name)
		}
		if _, err := p.Write(ctx, straight, WriteOptions{ShardBytes: 200_000}); !errors.Is(err, parquet.ErrFinished) {
			t.Errorf("a finished directory: want ErrFinished, got %v", err)
		}
	}
}

func TestWriteKeepsEverything(t *testing.T) {
	c := small(t)
	ctx := context.Background()
	for _, p := range c.Parts() {
		dir := t.TempDir()
		m, err := p.Write(ctx, dir, WriteOptions{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		d, err := parquet.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if m == nil || d.NumRows() != int64(p.Images()) || d.NumIdentities() != int64(p.Tracks()) {
			t.Errorf("%s: want %d rows of %d identities, got %d of %d", p.Name(), p.Images(), p.Tracks(), d.NumRows(), d.NumIdentities())
		}
		want, err := p.Render(3)
		if err != nil {
			t.Fatal(err)
		}
		var got []parquet.Row
		err = d.Scan(ctx, parquet.ColAll, 0, func(_ int64, r *parquet.Row) error {
			if r.ID == want[0].ID {
				got = append(got, *r)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if diff := cmp.Diff(*want[i].row(p), got[i]); diff != "" {
				t.Errorf("%s: row %d (-drawn +read):\n%s", p.Name(), i, diff)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
