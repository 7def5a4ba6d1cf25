package parquet

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
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
	parts, err := PartDirs([]string{root}, false)
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
	if _, err := PartDirs([]string{root}, false); err == nil || !strings.Contains(err.Error(), "want 3 parts, got none with number 0") {
		t.Errorf("want the missing part named, got %v", err)
	}
}

// TestPartDirs lists parts as a shell gives them, and names what is missing.
func TestPartDirs(t *testing.T) {
	root := t.TempDir()
	job := func(name string, n int, parts ...int) string {
		dir := filepath.Join(root, name)
		for _, i := range parts {
			if err := os.MkdirAll(PartDir(dir, i, n), 0o777); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	whole, holes, mixed := job("whole", 12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), job("holes", 9, 2, 4, 8), job("mixed", 2, 0, 1)
	single := filepath.Join(root, "single")
	if err := os.Mkdir(single, 0o777); err != nil {
		t.Fatal(err)
	}
	glob, err := filepath.Glob(whole + "/part-*-of-12")
	if err != nil {
		t.Fatal(err)
	}
	inOrder, err := PartDirs([]string{whole}, false)
	if err != nil || len(inOrder) != 12 || inOrder[10] != PartDir(whole, 10, 12) {
		t.Fatalf("want 12 parts in order, got %v and %v", inOrder, err)
	}
	job("mixed", 3, 0)
	for _, c := range []struct {
		name    string
		dirs    []string
		partial bool
		want    []string
		err     string
	}{
		{name: "a shell's order", dirs: glob, want: inOrder},
		{name: "among others", dirs: append([]string{single}, glob...), want: append([]string{single}, inOrder...)},
		{name: "one is not named", dirs: append(slices.Clone(glob[:3]), glob[4:]...), err: whole + ": want 12 parts, got none with number 11"},
		{name: "holes", dirs: []string{holes}, err: holes + ": want 9 parts, got none with number 0-1, 3, 5-7"},
		{name: "holes, named", dirs: []string{PartDir(holes, 8, 9), PartDir(holes, 2, 9)}, err: holes + ": want 9 parts, got none with number 0-1, 3-7"},
		{name: "partial", dirs: []string{PartDir(holes, 8, 9), PartDir(holes, 2, 9)}, partial: true, want: []string{PartDir(holes, 2, 9), PartDir(holes, 8, 9)}},
		{name: "a part twice", dirs: []string{whole, PartDir(whole, 3, 12)}, want: inOrder},
		{name: "two jobs in one folder", dirs: []string{mixed}, err: mixed + ": want the parts of one job, got parts of 2 and of 3"},
		{name: "no folder", dirs: []string{filepath.Join(root, "none")}, err: "no such file"},
	} {
		got, err := PartDirs(c.dirs, c.partial)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: want the error %q, got %v and %v", c.name, c.err, got, err)
			}
		} else if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: want %v, got %v and %v", c.name, c.want, got, err)
		}
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
