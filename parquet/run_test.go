package parquet

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFinished(t *testing.T) {
	dir := t.TempDir()
	writeDataset(t, dir, fullOptions(), madeRows(10))
	if _, err := Create(t.Context(), dir, fullOptions()); !errors.Is(err, ErrFinished) {
		t.Errorf("same configuration: want %v, got %v", ErrFinished, err)
	}
	other := fullOptions()
	other.Config = map[string]string{"rate": "0.1"}
	other.Camera = false
	_, err := Create(t.Context(), dir, other)
	var mismatch *ConfigMismatchError
	if !errors.As(err, &mismatch) {
		t.Fatalf("other configuration: want %T, got %v", mismatch, err)
	}
	want := []ConfigDiff{
		{"rate", "(none)", "0.1"},
		{"seed", "1", "(none)"},
		{"shards.columns", "camera,split,labels,embedding,truth_id,truth_attributes", "split,labels,embedding,truth_id,truth_attributes"},
	}
	if diff := cmp.Diff(want, mismatch.Diffs); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}

	other.Camera, other.Force = true, true
	mine := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if m := writeDataset(t, dir, other, madeRows(4)); m.Rows != 4 {
		t.Errorf("force: want 4 rows, got %d", m.Rows)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Errorf("force: want other files left alone, got %v", err)
	}
	if problems, err := Verify(t.Context(), dir, nil); err != nil || len(problems) > 0 {
		t.Errorf("force: want no leftovers, got %v and %v", problems, err)
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(t.Context(), dir, fullOptions())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(t.Context(), dir, fullOptions()); !errors.Is(err, ErrLocked) {
		t.Errorf("second writer: want %v, got %v", ErrLocked, err)
	}
	w.Abort()
	w, err = Create(t.Context(), dir, fullOptions())
	if err != nil {
		t.Fatalf("after abort: want a writer, got %v", err)
	}
	w.Abort()
}

func TestForeignFolderIsNotClaimed(t *testing.T) {
	dir := t.TempDir()
	copyFile(t, filepath.Join("testdata", "foreign", "bytes.parquet"), filepath.Join(dir, "part-00000.parquet"))
	if _, err := Create(t.Context(), dir, fullOptions()); err == nil || !strings.Contains(err.Error(), "want an empty folder or an unfinished run") {
		t.Errorf("want a folder with other Parquet files refused, got %v", err)
	}
}

func TestOptions(t *testing.T) {
	var o WriterOptions
	o.Embedding = true
	o.LabelNames = []string{"hat"}
	_, err := Create(t.Context(), t.TempDir(), o)
	for _, want := range []string{"shard bytes: want 1 or more, got 0", "row group bytes: want 1", "embedding dim: want more than 0", "label names: want none"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q named, got %v", want, err)
		}
	}
}
