package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"plip/parquet"
)

// stageKills is how often TestKilledStages kills where PLIP_KILLS does not say.
const stageKills = 10

// killedStage is a command that is killed. Its output is a folder, the last argument.
type killedStage struct {
	name string
	args []string
}

// killedStages are the commands of dataset construction, on the files of writeKillInputs. Small shards give a run many
// borders to be killed at.
func killedStages(in string) []killedStage {
	at := func(name string) string { return filepath.Join(in, name) }
	return []killedStage{
		{"ingest-folders", []string{"ingest", "folders", at("tracks"), "--shard-bytes", "400000", "-o"}},
		{"ingest-jsonl", []string{"ingest", "jsonl", at("list.jsonl"), "--images", at("tracks"), "--shard-bytes", "400000", "--workers", "2", "-o"}},
		{"filter", []string{"filter", at("shards"), "--shard-bytes", "400000", "-o"}},
		{"distribute", []string{"distribute", at("shards"), "--shard-bytes", "400000", "-o"}},
		{"split-shards", []string{"split", at("shards"), "--shard-bytes", "400000", "-o"}},
		{"split-annotations", []string{"split", at("reid_raw.json"), "--depart", "--name", "own", "-o"}},
		{"export-synth-pedes", []string{"export", "synth-pedes", at("shards"), "--part-identities", "40", "-o"}},
		{"export-imagefolder", []string{"export", "imagefolder", at("shards"), "-o"}},
		{"export-webdataset", []string{"export", "webdataset", at("shards"), "--tar-bytes", "300000", "-o"}},
	}
}

// TestKilledStages kills the commands of dataset construction at uniformly random moments of their run, and of the run
// that goes on. After every kill each file under a final name is what the undisturbed run has there, and in the end the
// same command leaves the same bytes and nothing else. PLIP_KILLS sets the number of kills, which fall on the commands
// in turn; the log says where each hit.
func TestKilledStages(t *testing.T) {
	if testing.Short() {
		t.Skip("runs commands many times")
	}
	kills, tracks := stageKills, 100
	if v := os.Getenv("PLIP_KILLS"); v != "" {
		var err error
		if kills, err = strconv.Atoi(v); err != nil || kills < 1 {
			t.Fatalf("PLIP_KILLS: want a number from 1, got %q", v)
		}
		tracks = 600 // the more time is there to be hit in, beside that of starting a process
	}
	dir := t.TempDir()
	writeKillInputs(t, dir, tracks)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	stages := killedStages(dir)
	var wholes []*undisturbed
	for _, s := range stages {
		wholes = append(wholes, newUndisturbed(t, s, filepath.Join(dir, "whole", s.name)))
	}
	hits := 0
	for turn := 0; hits < kills; turn++ {
		whole := wholes[turn%len(wholes)]
		out := filepath.Join(dir, "killed", whole.stage.name)
		for again := true; again && hits < kills; again = random.IntN(2) == 0 {
			after := time.Duration(random.Int64N(int64(whole.took)))
			if !runStage(t, whole.stage, out, after) {
				break // it was faster this time
			}
			hits++
			t.Logf("kill %d: %s after %v of %v: %s", hits, whole.stage.name, after.Round(time.Millisecond), whole.took.Round(time.Millisecond), whole.judge(t, out))
		}
		if runStage(t, whole.stage, out, 0) {
			t.Fatal("killed by nobody")
		}
		whole.compare(t, out)
		if err := os.RemoveAll(out); err != nil {
			t.Fatal(err)
		}
	}
}

// undisturbed is what a command leaves that nobody kills.
type undisturbed struct {
	stage killedStage
	took  time.Duration
	files map[string]string
}

func newUndisturbed(t *testing.T, s killedStage, out string) *undisturbed {
	t.Helper()
	began := time.Now()
	runStage(t, s, out, 0)
	u := &undisturbed{s, time.Since(began), readTree(t, out)}
	if len(u.files) < 3 {
		t.Fatalf("%s: want several files, got %d", s.name, len(u.files))
	}
	return u
}

// judge compares the files under their final names after a kill, and tells what was there.
func (u *undisturbed) judge(t *testing.T, out string) string {
	t.Helper()
	whole, left := 0, map[string]bool{}
	for name, data := range readTree(t, out) {
		want, known := u.files[name]
		switch {
		case isTemporary(name):
			left[strings.SplitN(name, "/new/", 2)[0]] = true
		case filepath.Base(name) == "rejects.jsonl" && strings.HasPrefix(want, data):
			whole++ // a list that grows, and is cut to the last whole shard
		case !known:
			t.Errorf("%s: %s is there after a kill, and not in an undisturbed run", u.stage.name, name)
		case data != want:
			t.Errorf("%s: %s has %d bytes after a kill that are not the %d of an undisturbed run", u.stage.name, name, len(data), len(want))
		default:
			whole++
		}
	}
	var names []string
	for name := range left {
		names = append(names, name)
	}
	slices.Sort(names)
	return fmt.Sprintf("%d of %d files, half-written %s", whole, len(u.files), strings.Join(names[:min(3, len(names))], " "))
}

// compare holds the output that a killed run ended with against the undisturbed one.
func (u *undisturbed) compare(t *testing.T, out string) {
	t.Helper()
	got := readTree(t, out)
	for name, want := range u.files {
		if got[name] != want {
			t.Errorf("%s: %s: want the %d bytes of the undisturbed run, got %d others", u.stage.name, name, len(want), len(got[name]))
		}
	}
	for name := range got {
		if _, known := u.files[name]; !known {
			t.Errorf("%s: %s is left, which an undisturbed run does not leave", u.stage.name, name)
		}
	}
}

// isTemporary reports whether a file is under a name that says that it is not finished.
func isTemporary(name string) bool {
	for _, part := range strings.Split(name, "/") {
		if strings.HasPrefix(part, ".tmp-") || strings.HasSuffix(part, ".tmp") {
			return true
		}
	}
	return false
}

// runStage runs the command and kills it after a while; 0 lets it end. It reports whether the kill hit.
func runStage(t *testing.T, s killedStage, out string, after time.Duration) (killed bool) {
	t.Helper()
	plip, err := exec.LookPath("plip")
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	c := exec.Command(plip, append(slices.Clone(s.args), out)...)
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if after > 0 {
		timer := time.AfterFunc(after, func() {
			if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Error(err)
			}
		})
		defer timer.Stop()
	}
	err = c.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return false
	case after > 0 && errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		return true
	}
	t.Fatalf("%v: %v\n%s", s.args, err, &stderr)
	return false
}

// readTree are the files below dir by their paths.
func readTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == "." || err == nil && e.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// writeKillInputs makes what killedStages read: tracks of 8 pictures, some of them unfit, as folders, as a list, and as
// shards with captions and embeddings.
func writeKillInputs(t *testing.T, dir string, tracks int) {
	t.Helper()
	const pictures, dim = 8, 32
	random := rand.New(rand.NewPCG(4, 4))
	picture := tinyPicture(t)
	var list, records bytes.Buffer
	o := parquet.DefaultWriterOptions()
	o.Source, o.Split, o.Embedding, o.EmbeddingDim = "test", true, true, dim
	o.ShardBytes, o.RowGroupBytes = 600_000, 200_000
	w, err := parquet.Create(t.Context(), filepath.Join(dir, "shards"), o)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for i := range tracks * pictures {
		track := i / pictures
		name := fmt.Sprintf("%04d/%d.jpg", track, i%pictures)
		image := slices.Clone(picture)
		for range 3000 { // bytes behind the end of the picture: no reader looks at them
			image = append(image, byte(random.Uint32()))
		}
		row := &parquet.Row{
			Image: image, ImagePath: filepath.Base(name), ID: int64(track), FilePath: name, Source: "test", Width: 8, Height: 8,
			Split:         []string{"train", "test", "val"}[track%3],
			Attributes:    []string{[]string{"man", "woman"}[track%2], "black hair", "red shirt", "blue jeans", "unknown", "unknown"},
			Captions:      []string{fmt.Sprintf("Somebody in a red shirt walks past shop %d.", i), "A red shirt and blue jeans."},
			PromptCaption: []string{"A person in a red shirt."},
		}
		for k := range dim { // every tenth picture is of the next track
			person := rand.New(rand.NewPCG(uint64(track+i%10/9), uint64(k)))
			row.Embedding = append(row.Embedding, float32(person.NormFloat64()+0.3*random.NormFloat64()))
		}
		if err := w.Write(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		if i%211 == 5 {
			image = image[:10] // a reject
		}
		file := filepath.Join(dir, "tracks", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, image, 0o666)); err != nil {
			t.Fatal(err)
		}
		record := fmt.Sprintf(`{"id": %d, "file_path": %q, "captions": [%q, "ünïcode"], "split": %q, "processed_tokens": [%s0]}`,
			track, name, row.Captions[0], row.Split, strings.Repeat("1.25, ", 1000))
		list.WriteString(record + "\n")
		records.WriteString([]string{"[", ","}[min(i, 1)] + record)
	}
	records.WriteString("]")
	_, err = w.Close()
	err = errors.Join(err, os.WriteFile(filepath.Join(dir, "list.jsonl"), list.Bytes(), 0o666), os.WriteFile(filepath.Join(dir, "reid_raw.json"), records.Bytes(), 0o666))
	if err != nil {
		t.Fatal(err)
	}
}
