package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plip/parquet"
)

// TestSecondRunIsRefused runs every command of dataset construction on a folder that another run writes to.
func TestSecondRunIsRefused(t *testing.T) {
	dir := t.TempDir()
	writeKillInputs(t, dir, 6)
	for _, s := range killedStages(dir) {
		out := filepath.Join(dir, "locked", s.name)
		lockedDir := out
		if s.name == "split-shards" { // three datasets, the first of which is taken
			lockedDir = filepath.Join(out, "train")
		}
		if err := os.MkdirAll(lockedDir, 0o777); err != nil {
			t.Fatal(err)
		}
		lock, err := parquet.LockDir(lockedDir)
		if err != nil {
			t.Fatal(err)
		}
		err = run(t.Context(), append(s.args, out), strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{})
		if !errors.Is(err, parquet.ErrLocked) || exitStatus(err) != 1 || !strings.Contains(err.Error(), lockedDir) {
			t.Errorf("%s: want %v with the folder, got %v", s.name, parquet.ErrLocked, err)
		}
		if left := readTree(t, out); len(left) > 0 {
			t.Errorf("%s: want nothing written, got %d files", s.name, len(left))
		}
		if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
		if err := run(t.Context(), append(s.args, out), strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}); err != nil {
			t.Errorf("%s: after the other run: %v", s.name, err)
		}
	}
}
