package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// testSpace is a scratch space below a folder of the test, of so many bytes of
// memory, that counts the files that are open.
func testSpace(t *testing.T, memory int) (s scratchSpace, open, greatest *int) {
	t.Helper()
	open, greatest = new(int), new(int)
	return scratchSpace{memory: memory, dir: t.TempDir(), create: func(dir string) (scratchFile, error) {
		f, err := createScratch(dir)
		if err != nil {
			return nil, err
		}
		*open++
		*greatest = max(*greatest, *open)
		return &countedFile{f, open}, nil
	}}, open, greatest
}

type countedFile struct {
	scratchFile
	open *int
}

func (f *countedFile) Close() error {
	*f.open--
	return f.scratchFile.Close()
}

// sorted is all that a sorter gives.
func sorted(t *testing.T, s *sorter) []string {
	t.Helper()
	all := []string{}
	for b, err := range s.all() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(b))
	}
	return all
}

// randomStrings are of few letters, so that many are equal, begin alike or are empty.
func randomStrings(r *rand.Rand, n int) []string {
	all := make([]string, n)
	for i := range all {
		b := make([]byte, r.IntN(20))
		for k := range b {
			b[k] = "\x00\x01a\xff"[r.IntN(4)]
		}
		all[i] = string(b)
	}
	return all
}

// TestSorter sorts with memory for one string to memory for all.
func TestSorter(t *testing.T) {
	for _, memory := range []int{1, 70, 1000, 1 << 20} {
		for _, n := range []int{0, 1, 2, mergeRuns - 1, mergeRuns, mergeRuns + 1, 1000, mergeRuns*mergeRuns + 7} {
			if n > 1000 && memory == 70 {
				continue // three levels of runs come of memory for one string alone
			}
			t.Run(fmt.Sprintf("memory=%d/n=%d", memory, n), func(t *testing.T) {
				space, open, greatest := testSpace(t, memory)
				s := newSorter(space)
				want := randomStrings(rand.New(rand.NewPCG(uint64(n), uint64(memory))), n)
				for _, text := range want {
					if err := s.add([]byte(text)); err != nil {
						t.Fatal(err)
					}
				}
				if err := s.finish(); err != nil {
					t.Fatal(err)
				}
				slices.Sort(want)
				for range 2 { // it may be read again
					if diff := cmp.Diff(want, sorted(t, s)); diff != "" {
						t.Fatalf("(-want +got):\n%s", diff)
					}
				}
				for range s.all() {
					break // a reader may stop
				}
				if entries, err := os.ReadDir(space.dir); len(entries) > 0 || err != nil {
					t.Errorf("want files without a name, got %v, %v", entries, err)
				}
				if err := s.close(); err != nil || *open != 0 {
					t.Errorf("close: want no file open, got %d, %v", *open, err)
				}
				if most := 3*mergeRuns + 1; *greatest > most {
					t.Errorf("want at most %d files at a time, got %d", most, *greatest)
				}
				if spilled := *greatest > 0; memory == 1 && n > 1 && !spilled || memory == 1<<20 && spilled {
					t.Errorf("files: got %d", *greatest)
				}
			})
		}
	}
}

// TestSorterMemory holds no more than it may, whatever comes.
func TestSorterMemory(t *testing.T) {
	const memory = 4000
	space, _, _ := testSpace(t, memory)
	s := newSorter(space)
	defer s.close()
	for i := range 10_000 {
		if err := s.add(fmt.Appendf(nil, "%d", i*7919%10_000)); err != nil {
			t.Fatal(err)
		}
		if got := len(s.held) + len(s.items)*sortItemBytes; got > memory {
			t.Fatalf("string %d: want at most %d bytes held, got %d", i, memory, got)
		}
	}
	if err := s.finish(); err != nil || s.held != nil || s.items != nil {
		t.Errorf("finish: want nothing held beside runs, got %d bytes, %v", len(s.held), err)
	}
}

// TestScratchIsGone writes and reads a file that has no name.
func TestScratchIsGone(t *testing.T) {
	dir := t.TempDir()
	f, err := createScratch(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("text")); err != nil {
		t.Fatal(err)
	}
	var b [4]byte
	if _, err := f.ReadAt(b[:], 0); err != nil || string(b[:]) != "text" || !strings.HasPrefix(f.Name(), dir) {
		t.Errorf("want the text of a file in %s, got %q of %s, %v", dir, b, f.Name(), err)
	}
	if entries, err := os.ReadDir(dir); len(entries) > 0 || err != nil {
		t.Errorf("want no name, got %v, %v", entries, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := createScratch(dir + "/none"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), dir) {
		t.Errorf("no folder: want its name, got %v", err)
	}
}

// damagedFile gives other bytes, or fewer, than were written.
type damagedFile struct {
	scratchFile
	damage func(b []byte, at int64) (n int, err error)
}

func (f *damagedFile) ReadAt(b []byte, at int64) (int, error) {
	n, err := f.scratchFile.ReadAt(b, at)
	if m, bad := f.damage(b[:n], at); bad != nil {
		return m, bad
	}
	return n, err
}

// TestSorterDamage has runs that are not what was written.
func TestSorterDamage(t *testing.T) {
	for name, damage := range map[string]func(b []byte, at int64) (int, error){
		"a byte": func(b []byte, at int64) (int, error) { b[len(b)/2] ^= 4; return len(b), nil },
		"a length": func(b []byte, at int64) (int, error) {
			if at == 0 {
				b[0] = 0xff
			}
			return len(b), nil
		},
		"nothing of it": func(b []byte, at int64) (int, error) { clear(b); return len(b), nil },
		"an error":      func([]byte, int64) (int, error) { return 0, &fs.PathError{Op: "read", Path: "run", Err: unix.EIO} },
	} {
		space, _, _ := testSpace(t, 100)
		inner := space.create
		space.create = func(dir string) (scratchFile, error) {
			f, err := inner(dir)
			return &damagedFile{f, damage}, err
		}
		s := newSorter(space)
		for i := range 10 {
			if err := s.add(bytes.Repeat([]byte{byte(i)}, 20)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.finish(); err != nil {
			t.Fatal(err)
		}
		var last error
		for _, err := range s.all() {
			last = err
		}
		want := space.dir + "/" + scratchName
		if name == "an error" {
			want = "read run: input/output error"
		}
		if last == nil || !strings.Contains(last.Error(), want) {
			t.Errorf("%s: want %q in the error, got %v", name, want, last)
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}
}

// fullFile is on a disk with little room.
type fullFile struct {
	scratchFile
	room *int
}

func (f *fullFile) Write(b []byte) (int, error) {
	if *f.room -= len(b); *f.room < 0 {
		return 0, &fs.PathError{Op: "write", Path: f.Name(), Err: unix.ENOSPC}
	}
	return f.scratchFile.Write(b)
}
