package ingest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/parquet"
	"plip/parquet/parquettest"
)

// faultyList makes one list of a format, whole or with a fault before a record.
type faultyList struct {
	format, file string
	record       func(i, id int) string
	open, part   string
	close        string
	fault        string // what stands before the faulty record
}

// faultyLists have every form of annotations, with pictures i.jpg.
func faultyLists() []faultyList {
	return []faultyList{
		{"cuhk-pedes", "reid_raw.json", func(i, id int) string {
			return fmt.Sprintf(`{"split": "train", "id": %d, "file_path": "%03d.jpg", "captions": ["Number %d."]}`, id, i, i)
		}, "[", ",\n", "]", `{"split": tru`},
		{"synth-pedes", "ham.json", func(i, id int) string {
			return fmt.Sprintf(`"%03d.jpg": {"id": %d, "captions": ["Number %d."]}`, i, id, i)
		}, "{", ", ", "}\n", `"x.jpg": {]`},
		{"synth-pedes", "coco.json", func(i, id int) string {
			return fmt.Sprintf(`{"file_path": "%03d.jpg", "id": "%d", "caption": "Number %d."}`, i, id, i)
		}, `{"info": {"id": 3}, "annotations": [`, ",", `], "more": 1}`, "}"},
		{"jsonl", "own.jsonl", func(i, id int) string {
			return fmt.Sprintf(`{"image": "%03d.jpg", "id": %d, "split": "train"}`, i, id)
		}, "", "\n", "\n", "{,}"},
		{"csv", "own.csv", func(i, id int) string { return fmt.Sprintf(`%03d.jpg,%d,"Number %d."`, i, id, i) }, "image,id,caption\n", "\n", "\n", "a\"b,3,\n"},
		{"jsonl", "names.jsonl", func(i, id int) string {
			return fmt.Sprintf(`{"image": "%03d.jpg", "id": "p%d", "caption": "Number %d."}`, i, 1000-id, i)
		}, "", "\n", "\n", "{,}"},
		{"mals", "g_4x_attrs.json", func(i, id int) string {
			return fmt.Sprintf(`{"image": "%03d.jpg", "image_id": "g_%d_x", "caption": "Number %d."}`, i, id, i)
		}, "[", ",", "]", `"x"`},
		{"csv", "noid.csv", func(i, _ int) string { return fmt.Sprintf(`%03d.jpg,"Number %d."`, i, i) }, "image,caption\n", "\n", "\n", ",\n"},
	}
}

// scatteredNames have paths in another order than the list has, of 18 pictures,
// and names that are not met before some numbers.
func scatteredNames() []faultyList {
	return []faultyList{
		{"jsonl", "scattered.jsonl", func(i, id int) string {
			return fmt.Sprintf(`{"image": "%03d.jpg", "id": "p%d", "caption": "Number %d."}`, i*7%18, id, i)
		}, "", "\n", "\n", "]"},
		{"jsonl", "late.jsonl", func(i, id int) string {
			return fmt.Sprintf(`{"image": "%03d.jpg", "id": "%.*s%d"}`, i*5%18, i/8, "pp", id)
		}, "", "\n", "\n", "]"},
		{"csv", "scattered.csv", func(i, _ int) string { return fmt.Sprintf("%03d.jpg", i*11%18) }, "image\n", "\n", "\n", "\"\n"},
	}
}

// text is the list of these ids; at is where its fault goes, -1 for none.
func (l faultyList) text(ids []int, at int) string {
	var b strings.Builder
	b.WriteString(l.open)
	for i, id := range ids {
		if i > 0 {
			b.WriteString(l.part)
		}
		if i == at {
			b.WriteString(l.fault)
		}
		b.WriteString(l.record(i, id))
	}
	return b.String() + l.close
}

// write ingests the list from dir into out.
func (l faultyList) write(t *testing.T, dir, out string) (*parquet.Manifest, error) {
	t.Helper()
	s, err := openFormat(t.Context(), l.format, filepath.Join(dir, l.file), SourceOptions{})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	o := testOptions()
	o.ShardBytes, o.RowGroupBytes = 3000, 3000
	return Write(t.Context(), s, out, o)
}

// TestFaultKeepsShards ends at a fault in a list of ascending ids after the whole
// shards before it, and goes on once the list is mended.
func TestFaultKeepsShards(t *testing.T) {
	const images, perIdentity, at = 24, 2, 17
	var ids []int
	for i := range images {
		ids = append(ids, 5+i/perIdentity)
	}
	for _, l := range faultyLists() {
		t.Run(l.file, func(t *testing.T) {
			dir, out, undisturbed := t.TempDir(), t.TempDir(), t.TempDir()
			for i := range images {
				writeFile(t, dir, fmt.Sprintf("%03d.jpg", i), noise(t, uint64(i)))
			}
			writeFile(t, dir, l.file, []byte(l.text(ids, -1)))
			if _, err := l.write(t, dir, undisturbed); err != nil {
				t.Fatal(err)
			}
			want := parquettest.Files(t, undisturbed)

			var kept []string
			for range 2 { // the second run finds what the first one left
				writeFile(t, dir, l.file, []byte(l.text(ids, at)))
				_, err := l.write(t, dir, out)
				var bad *RecordError
				if !errors.As(err, &bad) || bad.Record != at && bad.Record != -1 || bad.Byte < int64(len(l.text(ids[:at], -1))-len(l.close)) || !strings.Contains(err.Error(), "goes on after the last whole shard") {
					t.Fatalf("want record %d and its place, got %v", at, err)
				}
				kept = nil
				for name, text := range parquettest.Files(t, out) {
					if strings.HasSuffix(name, ".parquet") {
						kept = append(kept, name)
						if text != want[name] {
							t.Errorf("%s: want the shard of the whole list, got another", name)
						}
					}
				}
			}
			// 17 good records are 8 whole identities; a shard is closed by the next one.
			if len(kept) < 3 {
				t.Fatalf("want 3 shards or more, got %v", kept)
			}
			before := map[string]os.FileInfo{}
			for _, name := range kept {
				before[name] = stat(t, filepath.Join(out, name))
			}

			writeFile(t, dir, l.file, []byte(l.text(ids, -1)))
			if m, err := l.write(t, dir, out); err != nil || m.Rows != images {
				t.Fatalf("mended: want %d rows, got %v, %v", images, m, err)
			}
			if diff := cmp.Diff(want, parquettest.Files(t, out)); diff != "" {
				t.Errorf("mended (-undisturbed +got):\n%s", diff)
			}
			for name, info := range before {
				if !os.SameFile(info, stat(t, filepath.Join(out, name))) {
					t.Errorf("%s: want it kept, got it written again", name)
				}
			}
		})
	}
}

func stat(t *testing.T, file string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// TestFaultAnyOrder mends lists whose ids come in any order, with faults at any
// place and one after the other: the end is that of an undisturbed run.
func TestFaultAnyOrder(t *testing.T) {
	const images = 18
	dir := t.TempDir()
	for i := range images {
		writeFile(t, dir, fmt.Sprintf("%03d.jpg", i), noise(t, uint64(i)))
	}
	lists := append(faultyLists(), scatteredNames()...)
	for seed := range uint64(66) {
		r := rand.New(rand.NewPCG(seed, 7))
		l := lists[seed%uint64(len(lists))]
		var ids []int
		for i := range images {
			ids = append(ids, i/2)
		}
		for range r.IntN(5) { // from sorted to shuffled
			i, j := r.IntN(images), r.IntN(images)
			ids[i], ids[j] = ids[j], ids[i]
		}
		out, undisturbed := t.TempDir(), t.TempDir()
		faults := []int{r.IntN(images), r.IntN(images), r.IntN(images)}
		slices.Sort(faults)
		for _, at := range faults {
			writeFile(t, dir, l.file, []byte(l.text(ids, at)))
			var bad *RecordError
			if _, err := l.write(t, dir, out); !errors.As(err, &bad) {
				t.Fatalf("seed %d: fault before record %d: want it, got %v", seed, at, err)
			}
		}
		writeFile(t, dir, l.file, []byte(l.text(ids, -1)))
		for _, to := range []string{undisturbed, out} {
			if _, err := l.write(t, dir, to); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		if diff := cmp.Diff(parquettest.Files(t, undisturbed), parquettest.Files(t, out)); diff != "" {
			t.Errorf("seed %d: ids %v, faults %v (-undisturbed +got):\n%s", seed, ids, faults, diff)
		}
	}
}

// TestFaultOtherList refuses a list that is not the one that was begun, and writes
// anew where the rest of a list has columns that its beginning had not.
func TestFaultOtherList(t *testing.T) {
	const images = 12
	dir, out := t.TempDir(), t.TempDir()
	for i := range images {
		writeFile(t, dir, fmt.Sprintf("%03d.jpg", i), noise(t, uint64(i)))
	}
	ids := []int{1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6}
	l := faultyLists()[4]
	begin := func(text string) {
		writeFile(t, dir, l.file, []byte(text))
		var bad *RecordError
		if _, err := l.write(t, dir, out); !errors.As(err, &bad) {
			t.Fatalf("want the fault, got %v", err)
		}
		if _, err := os.Stat(filepath.Join(out, "part-00000.parquet")); err != nil {
			t.Fatalf("want whole shards, got %v", err)
		}
	}
	begin(l.text(ids, 9))
	writeFile(t, dir, l.file, []byte(strings.Replace(l.text(ids, -1), "Number 2.", "Number two.", 1)))
	var mismatch *parquet.ConfigMismatchError
	if _, err := l.write(t, dir, out); !errors.As(err, &mismatch) || mismatch.Diffs[0].Key != "input" {
		t.Errorf("another beginning: want the input named, got %v", err)
	}

	out = t.TempDir()
	l = faultyLists()[3]
	l.record = func(i, id int) string {
		if i < 8 {
			return fmt.Sprintf(`{"image": "%03d.jpg", "id": %d}`, i, id)
		}
		return fmt.Sprintf(`{"image": "%03d.jpg", "id": %d, "split": "test"}`, i, id)
	}
	begin(l.text(ids, 8))
	writeFile(t, dir, l.file, []byte(l.text(ids, -1)))
	undisturbed := t.TempDir()
	for _, to := range []string{out, undisturbed} {
		if _, err := l.write(t, dir, to); err != nil {
			t.Fatalf("more columns: %v", err)
		}
	}
	if diff := cmp.Diff(parquettest.Files(t, undisturbed), parquettest.Files(t, out)); diff != "" {
		t.Errorf("more columns (-undisturbed +got):\n%s", diff)
	}
}

// TestFaultBeforeNames has a list whose names all come behind its fault: what was
// numbered as numbers is written anew once the list is mended.
func TestFaultBeforeNames(t *testing.T) {
	const images, at = 12, 9
	dir, out, undisturbed := t.TempDir(), t.TempDir(), t.TempDir()
	var ids []int
	for i := range images {
		ids = append(ids, 7+i)
		writeFile(t, dir, fmt.Sprintf("%03d.jpg", i), noise(t, uint64(i)))
	}
	l := faultyLists()[4]
	l.record = func(i, id int) string { return fmt.Sprintf(`%03d.jpg,%.*s%d,`, i, i/10, "p", id) }
	writeFile(t, dir, l.file, []byte(l.text(ids, at)))
	var bad *RecordError
	if _, err := l.write(t, dir, out); !errors.As(err, &bad) {
		t.Fatalf("want the fault, got %v", err)
	}
	before := stat(t, filepath.Join(out, "part-00000.parquet"))
	writeFile(t, dir, l.file, []byte(l.text(ids, -1)))
	for _, to := range []string{out, undisturbed} {
		if _, err := l.write(t, dir, to); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(parquettest.Files(t, undisturbed), parquettest.Files(t, out)); diff != "" {
		t.Errorf("mended (-undisturbed +got):\n%s", diff)
	}
	if os.SameFile(before, stat(t, filepath.Join(out, "part-00000.parquet"))) {
		t.Error("want the shard of other ids written again, got it kept")
	}
	if rows := allRows(t, out); rows[0].ID != 1 || rows[images-1].ID != images {
		t.Errorf("mended: want ids from 1 to %d, got %d to %d", images, rows[0].ID, rows[images-1].ID)
	}
}
