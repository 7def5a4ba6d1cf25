package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"plip/parquet"
	"plip/parquet/parquettest"
)

// listed is a record of a list of one's own.
type listed struct{ path, id, split string }

// line writes it. An id of "" is none; every record has its number as caption.
func (r listed) line(i int) string {
	text := fmt.Sprintf(`{"image": %q, "caption": "%d"`, r.path, i)
	if r.id != "" {
		text += fmt.Sprintf(`, "id": %q`, r.id)
	}
	if r.split != "" {
		text += fmt.Sprintf(`, "split": %q`, r.split)
	}
	return text + "}\n"
}

func textOf(list []listed) string {
	var b strings.Builder
	for i, r := range list {
		b.WriteString(r.line(i))
	}
	return b.String()
}

// randomList is a list in which ids, paths and splits meet again. kind 0 has
// numbers for ids, 1 numbers and names, 2 none.
func randomList(r *rand.Rand, kind, n int) []listed {
	var list []listed
	ids := 1 + r.IntN(n)
	for range n {
		k := r.IntN(ids)
		e := listed{path: fmt.Sprintf("%d/%d.jpg", r.IntN(3), k*3+r.IntN(3))}
		if r.IntN(10) == 0 {
			k = r.IntN(ids) // the path may be another identity's
		}
		switch {
		case kind == 0:
			e.id = fmt.Sprint(k)
		case kind == 1 && k%3 > 0:
			e.id = fmt.Sprintf("p%d", k)
		case kind == 1:
			e.id = fmt.Sprint(k)
		}
		if r.IntN(4) == 0 {
			e.split = []string{"train", "test"}[r.IntN(2)]
		}
		list = append(list, e)
	}
	if kind == 1 {
		list[r.IntN(n)].id = "name" // there is one
	}
	return list
}

// modelOf is the stream of a list, worked out with all of it at hand.
func modelOf(list []listed) string {
	named := slices.ContainsFunc(list, func(r listed) bool { return r.id == "" || !isDigits(r.id) })
	name := func(r listed) string { return cmp.Or(r.id, r.path) }
	least := map[string]string{}
	var names []string // as they come
	owner := map[string]listed{}
	for _, r := range list {
		if _, ok := least[name(r)]; !ok {
			least[name(r)] = r.path
			names = append(names, name(r))
		}
		least[name(r)] = min(least[name(r)], r.path)
		if _, ok := owner[r.path]; !ok {
			owner[r.path] = r
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		if named {
			return strings.Compare(least[a], least[b])
		}
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	var out []string
	for number, of := range names {
		id := of
		if named {
			id = fmt.Sprint(number + 1)
		}
		at := map[string]int{}
		for i, r := range list {
			first := owner[r.path]
			switch there, ok := at[r.path]; {
			case name(r) != of:
			case name(first) != of || first.split != r.split:
				out = append(out, fmt.Sprintf("%s %s %s[%d] duplicate_path", id, r.path, r.split, i))
			case ok:
				out[there] = strings.TrimSuffix(out[there], "] ") + fmt.Sprintf(" %d] ", i)
			default:
				at[r.path] = len(out)
				out = append(out, fmt.Sprintf("%s %s %s[%d] ", id, r.path, r.split, i))
			}
		}
	}
	return strings.Join(out, "\n")
}

// streamOf spells a source as modelOf does.
func streamOf(t *testing.T, s Source) string {
	t.Helper()
	var out []string
	for _, identity := range collect(t, s) {
		for _, sample := range identity.Samples {
			reason := ""
			if sample.Err != nil {
				reason = sample.Err.Reason
			}
			out = append(out, fmt.Sprintf("%d %s %s%v %s", identity.ID, sample.Row.FilePath, sample.Row.Split, sample.Row.Captions, reason))
		}
	}
	return strings.Join(out, "\n")
}

// TestIndexOfAnyOrder opens random lists with an index in memory and with one on
// disk, of runs of one record and of a few, and holds the stream against a model.
func TestIndexOfAnyOrder(t *testing.T) {
	for seed := range uint64(45) {
		r := rand.New(rand.NewPCG(seed, 3))
		list := randomList(r, int(seed%3), 1+r.IntN(70))
		want := modelOf(list)
		file := filepath.Join(t.TempDir(), "own.jsonl")
		writeFile(t, filepath.Dir(file), "own.jsonl", []byte(textOf(list)))
		for _, memory := range []int{0, 1, 300} {
			s, err := openFormat(t.Context(), "jsonl", file, SourceOptions{sorterMemory: memory, Scratch: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if diff := gocmp.Diff(want, streamOf(t, s)); diff != "" {
					t.Fatalf("seed %d, memory %d (-model +stream):\n%s", seed, memory, diff)
				}
			}
			if got, want := s.Layout().Images, int64(strings.Count(want, "\n")+1); got != want {
				t.Errorf("seed %d, memory %d: images: want %d, got %d", seed, memory, want, got)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// writeIndexed ingests a list of its own from dir with an index of some memory.
func writeIndexed(t *testing.T, dir, out string, o SourceOptions) error {
	t.Helper()
	s, err := openFormat(t.Context(), "jsonl", filepath.Join(dir, "own.jsonl"), o)
	if err != nil {
		return err
	}
	defer s.Close()
	w := testOptions()
	w.ShardBytes, w.RowGroupBytes = 4000, 4000
	w.MaxRejectRatio = 1
	_, err = Write(t.Context(), s, out, w)
	if errors.Is(err, parquet.ErrFinished) {
		return nil
	}
	return err
}

// indexedList writes a random list with its pictures into a folder.
func indexedList(t *testing.T, seed uint64, kind, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	list := randomList(rand.New(rand.NewPCG(seed, 5)), kind, n)
	writeFile(t, dir, "own.jsonl", []byte(textOf(list)))
	for i, r := range list {
		if i%9 > 0 { // some are missing
			writeFile(t, dir, r.path, noise(t, uint64(i)))
		}
	}
	return dir
}

// TestIndexKeepsBytes writes the same shards whether the index is in memory or not.
func TestIndexKeepsBytes(t *testing.T) {
	for kind := range 3 {
		dir, whole := indexedList(t, uint64(kind), kind, 80), t.TempDir()
		if err := writeIndexed(t, dir, whole, SourceOptions{}); err != nil {
			t.Fatal(err)
		}
		want := parquettest.Files(t, whole)
		if len(want) < 6 {
			t.Fatalf("want several shards, got %d files", len(want))
		}
		for _, memory := range []int{1, 200} {
			out := t.TempDir()
			if err := writeIndexed(t, dir, out, SourceOptions{sorterMemory: memory, Scratch: out}); err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(want, parquettest.Files(t, out)); diff != "" {
				t.Errorf("kind %d, memory %d (-in memory +on disk):\n%s", kind, memory, diff)
			}
		}
	}
}

// TestIndexFullDisk has no room for the index: at whatever byte that shows, the
// error names the file and the way out, there is no shard, and with room the same run is whole.
func TestIndexFullDisk(t *testing.T) {
	for kind := range 3 {
		dir, whole, out := indexedList(t, 7, kind, 60), t.TempDir(), t.TempDir()
		if err := writeIndexed(t, dir, whole, SourceOptions{}); err != nil {
			t.Fatal(err)
		}
		fails := 0
		for room := 0; ; room += 700 {
			left := room
			err := writeIndexed(t, dir, out, SourceOptions{sorterMemory: 300, Scratch: out, createScratch: func(dir string) (scratchFile, error) {
				f, err := createScratch(dir)
				return &fullFile{f, &left}, err
			}})
			if err == nil {
				break
			}
			fails++
			var bad *RecordError
			if !errors.Is(err, unix.ENOSPC) || errors.As(err, &bad) || !strings.Contains(err.Error(), "annotations: index of the list: write "+out+"/"+scratchName) || !strings.HasSuffix(err.Error(), "make room and run the same command again") {
				t.Fatalf("kind %d, room %d: want the file and the way out, got %v", kind, room, err)
			}
			if files := parquettest.Files(t, out); len(files) > 0 {
				t.Fatalf("kind %d, room %d: want nothing yet, got %d files", kind, room, len(files))
			}
		}
		if fails < 4 {
			t.Errorf("kind %d: want a disk that is full time and again, got %d times", kind, fails)
		}
		if diff := gocmp.Diff(parquettest.Files(t, whole), parquettest.Files(t, out)); diff != "" {
			t.Errorf("kind %d (-whole +with room):\n%s", kind, diff)
		}
	}
}

// killedIndexEnv has the folders of the process that TestIndexKilled kills.
const killedIndexEnv = "INGEST_KILLED_INDEX"

// TestIndexKilled kills a process with its index on disk at random moments: no
// trace of the index stays, and the run that goes on leaves the same bytes.
func TestIndexKilled(t *testing.T) {
	if in, out, ok := strings.Cut(os.Getenv(killedIndexEnv), ":"); ok {
		if err := writeIndexed(t, in, out, SourceOptions{sorterMemory: 400, Scratch: filepath.Dir(out)}); err != nil {
			t.Fatal(err)
		}
		return
	}
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir, whole := indexedList(t, 11, 1, 500), t.TempDir()
	if err := writeIndexed(t, dir, whole, SourceOptions{}); err != nil {
		t.Fatal(err)
	}
	above := t.TempDir()
	out := filepath.Join(above, "out")
	run := func(after time.Duration) (killed bool) {
		c := exec.Command(os.Args[0], "-test.run=^TestIndexKilled$")
		c.Env = append(os.Environ(), killedIndexEnv+"="+dir+":"+out)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if after > 0 {
			timer := time.AfterFunc(after, func() { c.Process.Kill() }) // one that has ended cannot be killed
			defer timer.Stop()
		}
		err := c.Wait()
		killed = c.ProcessState.ExitCode() < 0
		if err != nil && !killed {
			t.Fatal(err)
		}
		return killed
	}
	began := time.Now()
	run(0)
	took := time.Since(began)
	if err := os.RemoveAll(out); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	hits := 0
	for range 10 {
		if run(1 + time.Duration(random.Int64N(int64(took)))) {
			hits++
		} else if err := os.RemoveAll(out); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(above)
		if err != nil || len(entries) > 1 || len(entries) == 1 && entries[0].Name() != "out" {
			t.Fatalf("seed %d: want the output alone, got %v, %v", seed, entries, err)
		}
		for name := range parquettest.Files(t, above) {
			if strings.Contains(name, scratchName) {
				t.Fatalf("seed %d: %s is there after a kill", seed, name)
			}
		}
	}
	run(0)
	t.Logf("seed %d: killed %d times of a run of %v", seed, hits, took.Round(time.Millisecond))
	if diff := gocmp.Diff(parquettest.Files(t, whole), parquettest.Files(t, out)); diff != "" {
		t.Errorf("seed %d, %d kills (-undisturbed +killed):\n%s", seed, hits, diff)
	}
}
