package parquet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRejectsResume lists some inputs, stops between marks, and goes on.
func TestRejectsResume(t *testing.T) {
	dir := t.TempDir()
	o := DefaultWriterOptions()
	o.ShardBytes = 1 // a shard an identity
	write := func(w *Writer, id int64) {
		t.Helper()
		if err := w.Write(t.Context(), &Row{Image: []byte{1}, FilePath: "a.jpg", ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	add := func(w *Writer, path, reason string) {
		t.Helper()
		if err := w.Rejects().Add(path, reason, "d\n"); err != nil {
			t.Fatal(err)
		}
	}
	w, err := Create(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	add(w, "0.jpg", "truncated") // input 0
	write(w, 1)                  // input 1
	w.Mark(2)
	add(w, "2.jpg", "bomb") // input 2, after the mark: read again by the next run
	write(w, 3)             // input 3 closes the shard of identity 1
	w.Abort()

	w, err = Create(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if w.Consumed() != 2 || w.Rejects().Total() != 1 {
		t.Fatalf("resume: want 2 inputs with 1 reject, got %d with %d", w.Consumed(), w.Rejects().Total())
	}
	add(w, "2.jpg", "bomb")
	write(w, 3)
	w.Mark(4)
	m, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if m.Rejects != 2 || m.Rows != 2 {
		t.Errorf("want 2 rejects and 2 rows, got %d and %d", m.Rejects, m.Rows)
	}
	if diff := cmp.Diff(map[string]int64{"truncated": 1, "bomb": 1}, w.Rejects().Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	got, err := os.ReadFile(filepath.Join(dir, rejectsName))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"path":"0.jpg","reason":"truncated","detail":"d\n"}
{"path":"2.jpg","reason":"bomb","detail":"d\n"}
`
	if string(got) != want {
		t.Errorf("want\n%sgot\n%s", want, got)
	}
}

// TestRejectsLost refuses to go on without entries that whole shards count on.
func TestRejectsLost(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(t.Context(), dir, fullOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := writeWithRejects(t, w, madeRows(100)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{manifestName, rejectsName} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Create(t.Context(), dir, fullOptions()); err == nil || !strings.Contains(err.Error(), "rejects.jsonl") {
		t.Errorf("want an error that names the file, got %v", err)
	}
}

func TestRejectsBuffer(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(t.Context(), dir, fullOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	detail := strings.Repeat("x", 1000)
	for range 3000 {
		if err := w.Rejects().Add("a.jpg", "truncated", detail); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.Rejects().buf.Len(); n > flushRejectsBytes {
		t.Errorf("buffer: want at most %d bytes, got %d", flushRejectsBytes, n)
	}
	m, err := w.Close()
	if err != nil || m.Rejects != 3000 {
		t.Errorf("want 3000 rejects, got %+v and %v", m, err)
	}
	if problems, err := Verify(t.Context(), dir, nil); err != nil || len(problems) > 0 {
		t.Errorf("want no problem, got %v and %v", problems, err)
	}
}

// TestRejectsAbort stops a stage at every input, twice, and compares what the last
// run leaves with an undisturbed one: no line of rejects.jsonl is lost or doubled.
// Whole identities are left out at the beginning, in the middle and at the end,
// and details are long enough to reach the disk between two shards.
func TestRejectsAbort(t *testing.T) {
	const inputs, each = 40, 4 // images, images of an identity
	detail := strings.Repeat("x", flushRejectsBytes/3)
	stage := func(dir string, stop int64) {
		t.Helper()
		o := DefaultWriterOptions()
		o.ShardBytes = 60 // a few identities
		w, err := Create(t.Context(), dir, o)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Abort()
		for i := w.Consumed(); i < inputs; i++ {
			if i == stop {
				return
			}
			if i%each == 0 {
				w.Mark(i)
			}
			identity := i / each
			path := string(rune('a'+identity)) + "/" + string(rune('a'+i%each)) + ".jpg"
			if identity == 0 || identity == 4 || identity == 9 || i%5 == 0 {
				err = w.Rejects().Add(path, "truncated", detail[:1+i%7*(flushRejectsBytes/21)])
			} else {
				err = w.Write(t.Context(), &Row{Image: []byte("0123456789"), FilePath: path, ID: identity})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		w.Mark(inputs)
		if stop == inputs {
			return
		}
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	undisturbed := t.TempDir()
	stage(undisturbed, -1)
	m, err := ReadManifest(undisturbed)
	if err != nil || m.Rejects < 12 || len(m.Shards) < 3 {
		t.Fatalf("want 12 rejects and 3 shards or more for this test, got %+v and %v", m, err)
	}
	for first := int64(0); first <= inputs; first++ {
		dir := t.TempDir()
		stage(dir, first)
		stage(dir, (first+inputs)/2)
		stage(dir, -1)
		compareDirs(t, undisturbed, dir)
		if t.Failed() {
			t.Fatalf("stopped at inputs %d and %d", first, (first+inputs)/2)
		}
	}
}
