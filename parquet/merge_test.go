package parquet

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writePart is task i of n: it takes every identity whose turn it is.
func writePart(t *testing.T, dir string, i, n int, rows []Row) {
	t.Helper()
	o := fullOptions()
	o.Config = map[string]string{"seed": "1", "shard": filepath.Base(dir)}
	w, err := Create(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for j := range rows {
		if int(rows[j].ID)/7*n/(len(rows)/3) != i {
			continue
		}
		if err := w.Write(t.Context(), &rows[j]); err != nil {
			t.Fatal(err)
		}
		w.Mark(int64(j + 1))
	}
	if err := w.Rejects().Add(filepath.Base(dir), "truncated", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestMerge(t *testing.T) {
	root := t.TempDir()
	rows := madeRows(180)
	for i := range 3 {
		writePart(t, PartDir(root, i, 3), i, 3, rows)
	}
	parts, err := PartDirs(root)
	if err != nil || len(parts) != 3 {
		t.Fatalf("want 3 parts, got %v and %v", parts, err)
	}
	out := filepath.Join(root, "all")
	m, err := Merge(t.Context(), parts, out)
	if err != nil {
		t.Fatal(err)
	}
	if m.Rows != 180 || m.Identities != 60 || m.Rejects != 3 || m.Config["seed"] != "1" {
		t.Errorf("want 180 rows of 60 identities and 3 rejects with seed 1, got %+v", m)
	}
	if _, ok := m.Config["shard"]; ok {
		t.Errorf("want no key of one part, got shard %q", m.Config["shard"])
	}
	if diff := diffRows(rows, readDataset(t, out)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if problems, err := Verify(t.Context(), out, nil); err != nil || len(problems) > 0 {
		t.Errorf("want no problem, got %v and %v", problems, err)
	}
	if _, err := Merge(t.Context(), parts, out); !errors.Is(err, ErrFinished) {
		t.Errorf("again: want %v, got %v", ErrFinished, err)
	}
	if _, err := Open(root); err == nil || !strings.Contains(err.Error(), "merge them first") {
		t.Errorf("open the parts as one: want an error, got %v", err)
	}
	// Parts may go; the merged dataset must not.
	if err := os.RemoveAll(parts[0]); err != nil {
		t.Fatal(err)
	}
	if got := readDataset(t, out); len(got) != 180 {
		t.Errorf("after a part is gone: want 180 rows, got %d", len(got))
	}
	if _, err := PartDirs(root); err == nil || !strings.Contains(err.Error(), "want 3 parts, got none with number 0") {
		t.Errorf("want the missing part named, got %v", err)
	}
}

// TestMergeInterrupted merges over what a killed merge left.
func TestMergeInterrupted(t *testing.T) {
	root := t.TempDir()
	rows := madeRows(60)
	var parts []string
	for i := range 2 {
		parts = append(parts, PartDir(root, i, 2))
		writePart(t, parts[i], i, 2, rows)
	}
	want, got := filepath.Join(root, "want"), filepath.Join(root, "got")
	for _, out := range []string{want, got} {
		if _, err := Merge(t.Context(), parts, out); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{manifestName, shardName(1), rejectsName} {
		if err := os.Remove(filepath.Join(got, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(got, temporaryPrefix+shardName(1)), []byte("half"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Merge(t.Context(), parts, got); err != nil {
		t.Fatal(err)
	}
	compareDirs(t, want, got)
}

func TestMergeRefuses(t *testing.T) {
	root := t.TempDir()
	rows := madeRows(60)
	a, b, c := filepath.Join(root, "a"), filepath.Join(root, "b"), filepath.Join(root, "c")
	writePart(t, a, 0, 2, rows)
	writePart(t, b, 0, 2, rows)
	o := fullOptions()
	o.Config = map[string]string{"seed": "2"}
	writeDataset(t, c, o, nil)
	if _, err := Merge(t.Context(), []string{a, b}, filepath.Join(root, "x")); err == nil || !strings.Contains(err.Error(), "got identity 0 of an earlier part again") {
		t.Errorf("common identities: want an error, got %v", err)
	}
	var mismatch *ConfigMismatchError
	if _, err := Merge(t.Context(), []string{a, c}, filepath.Join(root, "x")); !errors.As(err, &mismatch) || mismatch.Diffs[0] != (ConfigDiff{"seed", "1", "2"}) {
		t.Errorf("other seed: want it named, got %v", err)
	}
	if _, err := Merge(t.Context(), []string{a}, a); err == nil {
		t.Errorf("into itself: want an error, got none")
	}
}
