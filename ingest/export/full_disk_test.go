package export

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"plip/parquet/parquettest"
)

// TestFullDisk lets the disk be full at every tenth step, makes room, and compares with an undisturbed export.
func TestFullDisk(t *testing.T) {
	d := writeRows(t, madeRows(t, 20))
	for _, f := range Formats() {
		whole := t.TempDir()
		if _, err := Write(t.Context(), d, f, whole, testOptions()); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		for full := 0; ; full++ {
			left := 10
			_, err := write(t.Context(), d, f, dir, testOptions(), func(what string) error {
				if left--; left < 0 {
					return &fs.PathError{Op: "write", Path: strings.Fields(what)[0], Err: unix.ENOSPC}
				}
				return nil
			})
			if err == nil {
				if full == 0 {
					t.Errorf("%s: want a full disk, got room for all", f.Name)
				}
				break
			}
			if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "make room") || !strings.Contains(err.Error(), dir) {
				t.Fatalf("%s: want an error that names the folder and the way out, got %v", f.Name, err)
			}
			if full > 3 { // a batch takes more steps than there is room for: room is made
				if _, err := Write(t.Context(), d, f, dir, testOptions()); err != nil {
					t.Fatal(err)
				}
				break
			}
		}
		compareFiles(t, parquettest.Files(t, whole), parquettest.Files(t, dir))
	}
}
