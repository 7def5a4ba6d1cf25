package report

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func dirNames(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.html")
	for _, text := range []string{"old", "new and longer", ""} {
		if err := replaceFile(context.Background(), path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("want %q, got %q, %v", text, got, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("want mode 0644, got %v, %v", info.Mode(), err)
	}
	if names := dirNames(t, dir); len(names) != 1 {
		t.Errorf("want the file alone, got %q", names)
	}
}

// A directory in the target's place makes the rename fail after the data is written.
func TestReplaceFileFailureLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.html")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(context.Background(), path, []byte("x")); err == nil {
		t.Error("want an error, got none")
	}
	if names := dirNames(t, dir); len(names) != 1 {
		t.Errorf("want the directory alone, got %q", names)
	}
}

func TestCancelKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.html")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, err := range map[string]error{
		"report": Write(ctx, path, sampleReport(t)),
		"empty":  Write(ctx, path, Report{}),
		"json":   WriteJSON(ctx, path, sampleFigures()),
		"search": WriteSearch(ctx, path, sampleSearch(t)),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: want context.Canceled, got %v", name, err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("want the old file, got %q, %v", got, err)
	}
	if names := dirNames(t, dir); len(names) != 1 {
		t.Errorf("want the file alone, got %q", names)
	}
}
