package runlog

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestFollow: after every change of the file a follower has what ReadMetrics reads.
func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), MetricsFile)
	f := Follow(path)
	if _, _, err := f.Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("want fs.ErrNotExist, got %v", err)
	}
	for _, content := range []string{
		"",
		`{"step":1,"loss":3}` + "\n" + `{"step":2,"lo`,
		`{"step":1,"loss":3}` + "\n" + `{"step":2,"loss":2}` + "\n",
		`{"step":1,"loss":3}` + "\n" + `{"step":2,"loss":2}` + "\n" + `{"step":3,"loss":1}` + "\n",
		`{"step":1,"loss":3}` + "\n" + `{"step":2,"loss":2}` + "\n" + `{"step":3,"loss":9}` + "\n" + `{"step":4,"loss":9}` + "\n", // went back to 2
		`{"step":1,"loss":3}` + "\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		got, changed, err := f.Read()
		if err != nil {
			t.Fatal(err)
		}
		want, err := ReadMetrics(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) || changed.IsZero() {
			t.Fatalf("%q: want %v, got %v of %v", content, want, got, changed)
		}
		for i := range want {
			if got[i].Step != want[i].Step || got[i].Fields[0] != want[i].Fields[0] {
				t.Fatalf("%q: record %d: want %v, got %v", content, i, want[i], got[i])
			}
		}
	}
	if err := os.WriteFile(path, []byte("what\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Read(); err == nil {
		t.Error("want an error for a line that is no record")
	}
}
