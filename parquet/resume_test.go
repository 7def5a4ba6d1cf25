package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// compareDirs fails unless both directories hold the same files with the same
// bytes.
func compareDirs(t *testing.T, want, got string) {
	t.Helper()
	wantFiles, gotFiles := readDir(t, want), readDir(t, got)
	for name, data := range wantFiles {
		if other, ok := gotFiles[name]; !ok {
			t.Errorf("want file %s, got none", name)
		} else if !bytes.Equal(data, other) {
			t.Errorf("%s: want the same bytes, got others (%d and %d bytes)", name, len(data), len(other))
		}
	}
	for name := range gotFiles {
		if _, ok := wantFiles[name]; !ok {
			t.Errorf("want no file %s, got one", name)
		}
	}
}

func readDir(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		files[strings.TrimPrefix(p, dir)] = data
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// limitedDisk gives out files that share a number of bytes. What happens when
// they are used up is up to full.
type limitedDisk struct {
	left int64
	full func() error
}

type limitedFile struct {
	*os.File
	disk *limitedDisk
}

func (d *limitedDisk) create(name string) (outputFile, error) {
	f, err := os.Create(name)
	return &limitedFile{f, d}, err
}

func (f *limitedFile) Write(p []byte) (int, error) {
	n := min(int64(len(p)), f.disk.left)
	written, err := f.File.Write(p[:n])
	f.disk.left -= n
	if err == nil && n < int64(len(p)) {
		err = f.disk.full()
	}
	return written, err
}

// writeWithRejects is a stage that leaves out every 17th input.
func writeWithRejects(t testing.TB, w *Writer, rows []Row) error {
	for i := w.Consumed(); i < int64(len(rows)); i++ {
		if i > 0 && rows[i].ID != rows[i-1].ID {
			w.Mark(i)
		}
		if i%17 == 3 {
			if err := w.Rejects().Add(rows[i].FilePath, "truncated", "want more"); err != nil {
				return err
			}
			continue
		}
		if err := w.Write(t.Context(), &rows[i]); err != nil {
			return err
		}
	}
	w.Mark(int64(len(rows)))
	_, err := w.Close()
	return err
}

func TestDeterministic(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	rows := madeRows(300)
	writeDataset(t, a, fullOptions(), rows)
	m := writeDataset(t, b, fullOptions(), rows)
	if len(m.Shards) < 3 {
		t.Fatalf("shards: want 3 or more for this test to say something, got %d", len(m.Shards))
	}
	compareDirs(t, a, b)
}

func TestFullDisk(t *testing.T) {
	rows := madeRows(200)
	want := t.TempDir()
	w, err := Create(t.Context(), want, fullOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := writeWithRejects(t, w, rows); err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	for attempt := 0; ; attempt++ {
		if attempt == 20 {
			t.Fatal("want an end after a few disks, got none")
		}
		disk := &limitedDisk{left: 90 << 10, full: func() error { return unix.ENOSPC }}
		w, err := create(t.Context(), dir, fullOptions(), disk.create)
		if err != nil {
			t.Fatal(err)
		}
		err = writeWithRejects(t, w, rows)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "make room") || !strings.Contains(err.Error(), "part-0") {
			t.Fatalf("want an error that names the shard and the way out, got %v", err)
		}
		if again := w.Write(t.Context(), &rows[len(rows)-1]); !errors.Is(again, unix.ENOSPC) {
			t.Errorf("second write: want the first error again, got %v", again)
		}
		w.Abort()
		for name := range readDir(t, dir) {
			if strings.Contains(name, temporaryPrefix) {
				t.Errorf("want no unfinished file after an abort, got %s", name)
			}
		}
	}
	compareDirs(t, want, dir)
}

// TestKill kills a child process after a random number of bytes, starts it again
// until it gets through, and compares with an undisturbed run.
func TestKill(t *testing.T) {
	if dir := os.Getenv("PLIP_TEST_KILL_DIR"); dir != "" {
		killChild(t, dir)
		return
	}
	rows := madeRows(200)
	want := t.TempDir()
	w, err := Create(t.Context(), want, fullOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := writeWithRejects(t, w, rows); err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, data := range readDir(t, want) {
		total += int64(len(data))
	}
	rng := rand.New(rand.NewPCG(7, 11))
	for round := range 4 {
		dir := t.TempDir()
		kills := 0
		for finished := false; !finished; {
			limit := rng.Int64N(total/2) + 1
			if kills >= 6 {
				limit = 1 << 40
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKill$")
			cmd.Env = append(os.Environ(), "PLIP_TEST_KILL_DIR="+dir, "PLIP_TEST_KILL_BYTES="+strconv.FormatInt(limit, 10))
			out, err := cmd.CombinedOutput()
			switch exit := (*exec.ExitError)(nil); {
			case err == nil:
				finished = true
			case errors.As(err, &exit) && !exit.Exited():
				kills++
			default:
				t.Fatalf("round %d: child: %v\n%s", round, err, out)
			}
		}
		if kills == 0 {
			t.Errorf("round %d: want a kill or more, got none", round)
		}
		compareDirs(t, want, dir)
	}
}

func killChild(t *testing.T, dir string) {
	limit, err := strconv.ParseInt(os.Getenv("PLIP_TEST_KILL_BYTES"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	disk := &limitedDisk{left: limit, full: func() error {
		return unix.Kill(os.Getpid(), unix.SIGKILL)
	}}
	w, err := create(t.Context(), dir, fullOptions(), disk.create)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeWithRejects(t, w, madeRows(200)); err != nil {
		t.Fatal(err)
	}
}

// TestResumeSteps stops after every few rows, by Abort.
func TestResumeSteps(t *testing.T) {
	rows := madeRows(120)
	want := t.TempDir()
	writeDataset(t, want, fullOptions(), rows)
	for _, stop := range []int{0, 1, 37, 38, 39, 61, 119, 120} {
		t.Run(fmt.Sprintf("stop=%d", stop), func(t *testing.T) {
			dir := t.TempDir()
			w, err := Create(t.Context(), dir, fullOptions())
			if err != nil {
				t.Fatal(err)
			}
			if err := writeRows(t.Context(), w, rows[:stop]); err != nil {
				t.Fatal(err)
			}
			w.Abort()
			if _, err := Open(dir); !errors.Is(err, ErrUnfinished) {
				t.Errorf("open: want %v, got %v", ErrUnfinished, err)
			}
			w, err = Create(t.Context(), dir, fullOptions())
			if err != nil {
				t.Fatal(err)
			}
			if stop > 61 && w.Consumed() == 0 {
				t.Errorf("consumed: want the whole shards kept, got 0")
			}
			if err := writeRows(t.Context(), w, rows); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Close(); err != nil {
				t.Fatal(err)
			}
			compareDirs(t, want, dir)
		})
	}
}

// TestResumeBeforeManifest resumes a run that was stopped between its last shard
// and the manifest.
func TestResumeBeforeManifest(t *testing.T) {
	rows := madeRows(120)
	want, dir := t.TempDir(), t.TempDir()
	writeDataset(t, want, fullOptions(), rows)
	writeDataset(t, dir, fullOptions(), rows)
	if err := os.Remove(filepath.Join(dir, manifestName)); err != nil {
		t.Fatal(err)
	}
	w, err := Create(t.Context(), dir, fullOptions())
	if err != nil {
		t.Fatal(err)
	}
	if w.Consumed() != int64(len(rows)) {
		t.Errorf("consumed: want %d, got %d", len(rows), w.Consumed())
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	compareDirs(t, want, dir)
}

// TestResumeDamaged flips one byte of a shard of an unfinished run.
func TestResumeDamaged(t *testing.T) {
	rows := madeRows(300)
	want := t.TempDir()
	m := writeDataset(t, want, fullOptions(), rows)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 10 {
		dir := t.TempDir()
		writeDataset(t, dir, fullOptions(), rows)
		if err := os.Remove(filepath.Join(dir, manifestName)); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, shardName(1))
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		at := 4 + rng.IntN(int(m.Shards[1].Bytes)*9/10) // before the page index, which no checksum covers
		data[at] ^= 0x10
		if err := os.WriteFile(file, data, 0o666); err != nil {
			t.Fatal(err)
		}
		w, err := Create(t.Context(), dir, fullOptions())
		if err != nil {
			t.Fatal(err)
		}
		if w.Consumed() != m.Shards[0].Rows {
			t.Errorf("byte %d: consumed: want the %d rows of the first shard, got %d", at, m.Shards[0].Rows, w.Consumed())
		}
		if err := writeRows(t.Context(), w, rows); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
		compareDirs(t, want, dir)
	}
}

// TestUnmarked keeps no shard of a run that never said how far it had read.
func TestUnmarked(t *testing.T) {
	rows := madeRows(120)
	dir := t.TempDir()
	w, err := Create(t.Context(), dir, fullOptions())
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if err := w.Write(t.Context(), &rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.manifest.Shards) == 0 {
		t.Fatal("want whole shards for this test to say something, got none")
	}
	w.Abort()
	w, err = Create(t.Context(), dir, fullOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if w.Consumed() != 0 || len(w.manifest.Shards) != 0 {
		t.Errorf("want nothing kept, got %d inputs in %d shards", w.Consumed(), len(w.manifest.Shards))
	}
}

// TestRareMarks marks every fifth identity: shards end there, so that a run that
// was stopped keeps what it has.
func TestRareMarks(t *testing.T) {
	rows := madeRows(200)
	feed := func(w *Writer, end int64) {
		t.Helper()
		for i := w.Consumed(); i < end; i++ {
			if i > 0 && i%15 == 0 {
				w.Mark(i)
			}
			if err := w.Write(t.Context(), &rows[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	want, got := t.TempDir(), t.TempDir()
	var last *Manifest
	for dir, stop := range map[string]int64{want: 0, got: 140} {
		w, err := Create(t.Context(), dir, fullOptions())
		if err != nil {
			t.Fatal(err)
		}
		if stop > 0 {
			feed(w, stop)
			w.Abort()
			if w, err = Create(t.Context(), dir, fullOptions()); err != nil {
				t.Fatal(err)
			}
			if w.Consumed() != 120 {
				t.Errorf("consumed: want the last mark that closed a shard, 120, got %d", w.Consumed())
			}
		}
		feed(w, 200)
		w.Mark(200)
		if last, err = w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	compareDirs(t, want, got)
	if last.Rows != 200 {
		t.Errorf("rows: want 200, got %d", last.Rows)
	}
}
