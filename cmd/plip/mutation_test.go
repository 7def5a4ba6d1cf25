package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"plip/ingest/mat/mattest"
	"plip/internal/pixels"
)

// maxMutantBytes is the most that reading one mutated file may allocate in all: a picture of 64 MP as pixels, and what
// surrounds it. The files themselves have a few thousand bytes.
const maxMutantBytes = 512 << 20

// mutated is a command that reads a file of which mutants are made.
type mutated struct {
	name    string
	args    func(dir string) []string
	build   func(t *testing.T, dir string)
	file    string // of dir
	mutants int
}

// mutatedFiles are a thousand mutants of every format that comes from outside. Pictures are in TestMutatedPictures.
func mutatedFiles() []mutated {
	check := func(format, src string, more ...string) func(dir string) []string {
		return func(dir string) []string {
			return append([]string{"ingest", format, filepath.Join(dir, src), "--check"}, more...)
		}
	}
	text := func(name, data string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) { writeMutable(t, dir, name, []byte(data)) }
	}
	const records = `[{"split": "train", "captions": ["A m\u00e4n.", "x"], "file_path": "cam_a/1.png", "id": 1, "processed_tokens": [["a", "m"]]},
{"split": "val", "captions": ["b"], "file_path": "cam_a/2.png", "id": "2", "attributes": ["man,black hair,coat,jeans,shoes,unknown"]}, {"split": "test", "captions": [], "file_path": "p/3.png", "id": 3e0}]`
	lists := strings.ReplaceAll(strings.Replace(records, "3e0", "3", 1), "},\n{", "}, {")
	return []mutated{
		{"cuhk-pedes", check("cuhk-pedes", "reid_raw.json"), text("reid_raw.json", lists), "reid_raw.json", 90},
		{"synth-pedes", check("synth-pedes", "a.json"), text("a.json", strings.ReplaceAll(lists, `"split": `, `"prompt_caption": ["p"], "split": `)), "a.json", 50},
		{"jsonl", check("jsonl", "a.jsonl"), text("a.jsonl", `{"image": "a/1.jpg", "id": 4, "caption": "c", "split": "test"}`+"\n"+`{"image": "a/2.jpg", "id": 4, "captions": ["c", "d"]}`), "a.jsonl", 50},
		{"csv", check("csv", "a.csv"), text("a.csv", "image,id,caption,split\na/1.jpg,4,\"a, b\",train\na/2.jpg,5,c,\n"), "a.csv", 50},
		{"annotations", check("folders", "tracks", "--annotations"), buildAnnotated, "annotations.json", 50},
		{"split", func(dir string) []string {
			return []string{"split", filepath.Join(dir, "r.json"), "--depart", "--force", "-o", filepath.Join(dir, "out")}
		}, text("r.json", records), "r.json", 80},
		{"peta", check("peta", ""), buildMAT(mattest.PETA(), true), mattest.PETA().File, 60},
		{"pa100k", check("pa100k", ""), buildMAT(mattest.PA100K(), false), mattest.PA100K().File, 60},
		{"rap1", check("rap", ""), buildMAT(mattest.RAP1(), false), mattest.RAP1().File, 50},
		{"rap2", check("rap", ""), buildMAT(mattest.RAP2(), true), mattest.RAP2().File, 50},
		{"luperson-detections", check("luperson-nl", ""), buildLUPerson("../../ingest/testdata/luperson/detections-4.pkl", "dets/cn+a+v.pkl"), "dets/cn+a+v.pkl", 80},
		{"luperson-keys", check("luperson-nl", ""), buildLUPerson("../../ingest/testdata/luperson/keys.pkl", "lupnl_lmdb/keys.pkl"), "lupnl_lmdb/keys.pkl", 60},
		{"weights", func(dir string) []string { return []string{"model", "info", filepath.Join(dir, "w.pth")} },
			buildWeights, "w.pth", 70},
		{"parquet", func(dir string) []string {
			return []string{"ingest", "parquet", filepath.Join(dir, "shards/part-00000.parquet"), "--force", "-o", filepath.Join(dir, "out")}
		}, buildMutableShards, "shards/part-00000.parquet", 100},
		{"shard", func(dir string) []string { return []string{"verify", filepath.Join(dir, "shards")} }, buildMutableShards, "shards/part-00000.parquet", 50},
		{"manifest", func(dir string) []string { return []string{"verify", filepath.Join(dir, "shards")} }, buildMutableShards, "shards/dataset.json", 50},
	}
}

// TestMutatedFiles reads mutants of every format. None may panic or take memory out of proportion, and what is refused
// is refused with the name of the file.
func TestMutatedFiles(t *testing.T) {
	for _, m := range mutatedFiles() {
		t.Run(m.name, func(t *testing.T) {
			dir := t.TempDir()
			m.build(t, dir)
			file := filepath.Join(dir, filepath.FromSlash(m.file))
			original, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			args := m.args(dir)
			if m.name == "annotations" {
				args = append(args, file)
			}
			if err := run(t.Context(), args, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}); err != nil {
				t.Fatalf("before any mutation: %v", err)
			}
			refused := 0
			for i := range m.mutants {
				if err := os.WriteFile(file, mutate(original, uint64(i)), 0o666); err != nil {
					t.Fatal(err)
				}
				told, allocated, err := runMutant(t, args)
				if allocated > maxMutantBytes {
					t.Errorf("mutant %d: want at most %d bytes of memory, got %d", i, maxMutantBytes, allocated)
				}
				if err == nil {
					continue
				}
				refused++
				if !strings.Contains(told+err.Error(), filepath.Base(m.file)) {
					t.Errorf("mutant %d: want the name %s with the error, got: %s%v", i, filepath.Base(m.file), told, err)
				}
			}
			if refused == 0 {
				t.Error("want some mutants refused, got none")
			}
			t.Logf("%d of %d refused", refused, m.mutants)
		})
	}
}

// runMutant runs the command. It returns what it printed and how much it allocated.
func runMutant(t *testing.T, args []string) (told string, allocated uint64, err error) {
	t.Helper()
	var before, after runtime.MemStats
	var stdout bytes.Buffer
	runtime.ReadMemStats(&before)
	err = run(t.Context(), args, strings.NewReader(""), &stdout, &bytes.Buffer{})
	runtime.ReadMemStats(&after)
	return stdout.String(), after.TotalAlloc - before.TotalAlloc, err
}

// TestMutatedPictures ingests mutants of pictures, decoding every pixel: each becomes a row or a reject with a reason.
func TestMutatedPictures(t *testing.T) {
	const mutants = 160
	dir := t.TempDir()
	originals, err := filepath.Glob("../../internal/pixels/testdata/formats/*-*x*.*")
	if err != nil {
		t.Fatal(err)
	}
	originals = slices.DeleteFunc(originals, func(name string) bool { return strings.Contains(name, ".want.") })
	for i := range mutants {
		name := originals[i%len(originals)]
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		writeMutable(t, dir, fmt.Sprintf("p%d/%d%s", i%7, i, filepath.Ext(name)), mutate(data, uint64(i)))
	}
	out := filepath.Join(t.TempDir(), "shards")
	var stdout bytes.Buffer
	if err := run(t.Context(), []string{"ingest", "folders", dir, "--verify-pixels", "--json", "-o", out}, strings.NewReader(""), &stdout, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	var r ingestResult
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Rows+r.Rejects != mutants || r.Rows == 0 || r.Rejects == 0 {
		t.Errorf("want rows and rejects, %d in all, got %d and %d", mutants, r.Rows, r.Rejects)
	}
	data, err := os.ReadFile(filepath.Join(out, "rejects.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var reject struct{ Path, Reason, Detail string }
		if err := json.Unmarshal([]byte(line), &reject); err != nil || reject.Path == "" || reject.Reason == "" || reject.Detail == "" {
			t.Errorf("want a path, a reason and a detail, got %s", line)
		}
	}
	t.Logf("%d rows, %d rejects: %v", r.Rows, r.Rejects, r.Reasons)
}

// mutate is a file with one to four changes, which depend on the seed alone.
func mutate(original []byte, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, uint64(len(original))))
	data := slices.Clone(original)
	for range 1 + r.IntN(4) {
		if len(data) == 0 {
			break
		}
		at := r.IntN(len(data))
		end := min(len(data), at+1+r.IntN(64))
		switch r.IntN(8) {
		case 0, 1:
			data[at] ^= 1 << r.IntN(8)
		case 2:
			data[at] = byte(r.Uint32())
		case 3: // a length that is far too large
			for i := at; i < min(len(data), at+4); i++ {
				data[i] = 0xff
			}
		case 4:
			data = slices.Delete(data, at, end)
		case 5:
			data = slices.Insert(data, at, data[at:end:end]...)
		case 6:
			data = slices.Insert(data, at, []byte(strconv.FormatUint(r.Uint64(), r.IntN(27)+10))...)
		case 7:
			data = data[:at]
		}
	}
	return data
}

func writeMutable(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, data, 0o666)); err != nil {
		t.Fatal(err)
	}
}

// buildAnnotated makes tracks and their annotations.
func buildAnnotated(t *testing.T, dir string) {
	writeMutable(t, dir, "tracks/0001/0.jpg", tinyPicture(t))
	writeMutable(t, dir, "tracks/0001/1.jpg", tinyPicture(t))
	writeMutable(t, dir, "annotations.json", []byte(`{"persons": {"p1": {"gender": "man", "hair": "black hair", "upper": "coat", "lower": "jeans"}},
"tracks": [{"track": "0001", "person": "p1", "segments": [{"first": 0, "last": 1, "persons": ["p1"]}], "gender": "man", "upper": "coat", "captions": {"short": "s", "long": "l"}}]}`))
}

func buildMAT(r mattest.Release, compressed bool) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		for _, name := range r.Images {
			writeMutable(t, dir, name, tinyPicture(t))
		}
		writeMutable(t, dir, r.File, mattest.File(mattest.Options{Compressed: compressed}, r.Variables...))
	}
}

// buildLUPerson makes a video's folder and puts a list of the release at name.
func buildLUPerson(list, name string) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		data, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		writeMutable(t, dir, "lup-nl/cn/a/v/000345_0000120_00.jpg", tinyPicture(t))
		writeMutable(t, dir, name, data)
	}
}

func buildWeights(t *testing.T, dir string) {
	data, err := os.ReadFile("../../internal/weights/testdata/pth/tensors.pth.tar")
	if err != nil {
		t.Fatal(err)
	}
	writeMutable(t, dir, "w.pth", data)
}

// buildMutableShards makes a small dataset.
func buildMutableShards(t *testing.T, dir string) {
	for i := range 6 {
		writeMutable(t, dir, fmt.Sprintf("tracks/%d/%d.jpg", i/2, i), tinyPicture(t))
	}
	args := []string{"ingest", "folders", filepath.Join(dir, "tracks"), "-o", filepath.Join(dir, "shards")}
	if err := run(t.Context(), args, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
}

// tinyPicture is a JPEG of 8x8.
func tinyPicture(t *testing.T) []byte {
	t.Helper()
	data, err := pixels.EncodeJPEG(pixels.NewImage(8, 8), 90)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
