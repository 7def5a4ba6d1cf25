// Package parquettest holds what the tests of stages share: the files that a
// stage wrote, and its interruption at every place.
package parquettest

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Files returns the text of every file below dir by its slash-separated path.
func Files(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		all[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// countdown is cancelled after its error was asked for n times.
type countdown struct {
	context.Context
	n int
}

func (c *countdown) Err() error {
	if c.n--; c.n < 0 {
		return context.Canceled
	}
	return nil
}

// Resumes runs a stage to its end in one folder, and in another one interrupts it
// time and again: first after the context's error was asked for n times, then
// after step more each time, until run reports the end. Both folders must hold the
// same files, and two interruptions or more must have come.
func Resumes(t *testing.T, n, step int, run func(ctx context.Context, dir string) (done bool)) {
	t.Helper()
	whole, parts := t.TempDir(), t.TempDir()
	if !run(context.Background(), whole) {
		t.Fatal("want the end of an undisturbed run, got none")
	}
	stops := 0
	for ; !run(&countdown{context.Background(), n}, parts); n += step {
		if stops++; stops > 200 {
			t.Fatal("no end in 200 runs")
		}
	}
	if stops < 2 {
		t.Errorf("want two interruptions or more, got %d", stops)
	}
	if diff := cmp.Diff(Files(t, whole), Files(t, parts)); diff != "" {
		t.Errorf("after %d interruptions (-undisturbed +resumed):\n%s", stops, diff)
	}
}
