package ingest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// openList writes one file of annotations and opens it; notes are what it told.
func openList(t *testing.T, format, file, text string) (s Source, notes *[]string, err error) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, dir, file, []byte(text))
	notes = &[]string{}
	s, err = openFormat(t.Context(), format, filepath.Join(dir, file), SourceOptions{Note: func(text string) { *notes = append(*notes, text) }})
	if err == nil {
		t.Cleanup(func() { s.Close() })
	} else {
		err = errors.New(strings.ReplaceAll(err.Error(), dir+"/", ""))
	}
	return s, notes, err
}

// lastError is what the stream of a list ends in, without the list's folder.
func lastError(t *testing.T, s Source) (last error) {
	t.Helper()
	for _, err := range s.Identities(t.Context()) {
		last = err
	}
	if list, ok := s.(*textSource); ok && last != nil {
		last = errors.New(strings.ReplaceAll(last.Error(), filepath.Dir(list.files[0].name)+"/", ""))
	}
	return last
}

// spellErr is spell with the reason of what is unfit.
func spellErr(identities []*Identity) string {
	var out []string
	for _, identity := range identities {
		for _, s := range identity.Samples {
			words := append([]string{fmt.Sprint(identity.ID)}, spellSample(s)...)
			if s.Err != nil {
				words = append(words, "!"+s.Err.Reason)
			}
			out = append(out, strings.Join(words, " "))
		}
	}
	return strings.Join(out, "; ")
}

// TestTextRules has a case for every rule of text-reid.md, section 5.8, that the
// miniature copies do not show.
func TestTextRules(t *testing.T) {
	for _, c := range []struct {
		name, format, file, text, want string
		notes                          []string
	}{
		{name: "path keys by priority", format: "jsonl", file: "a.jsonl",
			text: `{"image": "c.jpg", "img_path": "b.jpg", "file_path": "a.jpg", "id": 1} {"image": "c.jpg", "img_path": "b.jpg", "id": 1} {"image": "c.jpg", "img_path": null, "id": 1}`,
			want: "1 a.jpg; 1 b.jpg; 1 c.jpg"},
		{name: "paths that leave the root", format: "cuhk-pedes", file: "reid_raw.json",
			text: `[{"split": "test", "id": 1, "captions": [], "file_path": "../a.jpg"}, {"split": "test", "id": 1, "captions": [], "file_path": "/etc/b.jpg"},
				{"split": "test", "id": 1, "captions": [], "file_path": "c/../d.jpg"}, {"split": "test", "id": 1, "captions": [], "file_path": "C:/e.jpg"},
				{"split": "test", "id": 1, "captions": [], "file_path": "f\\g.jpg"}, {"split": "test", "id": 1, "captions": [], "file_path": "./"}, {"split": "test", "id": 1, "captions": [], "file_path": "..a/b..c.jpg"}]`,
			want: `1 ../a.jpg test !path_escape; 1 /etc/b.jpg test !path_escape; 1 c/../d.jpg test !path_escape; 1 C:/e.jpg test !path_escape; 1 f\g.jpg test !bad_path; 1 ./ test !bad_path; 1 ..a/b..c.jpg test`},
		{name: "captions of one string, empty ones counted", format: "rstpreid", file: "data_captions.json",
			text:  `[{"split": "val", "id": 1, "captions": "One. ", "img_path": "a.jpg"}, {"split": "val", "id": 2, "captions": ["", "Two.", "\n", "Two."], "img_path": "b.jpg"}]`,
			want:  "1 a.jpg valid One. ; 2 b.jpg valid Two. Two.",
			notes: []string{"empty captions: left out 2"}},
		{name: "the last of two equal keys", format: "jsonl", file: "a.jsonl", text: `{"image": "a.jpg", "id": 1, "\u0069d": 2}`, want: "2 a.jpg"},
		{name: "keys are told apart by case", format: "jsonl", file: "a.jsonl", text: `{"image": "a.jpg", "id": 1, "ID": "x", "Split": 3}`, want: "1 a.jpg"},
		{name: "escapes", format: "jsonl", file: "a.jsonl", text: `{"image": "\u00e4\/b.jpg", "caption": "\ud83d\ude00 \"}]", "id": 1}`, want: `1 ä/b.jpg 😀 "}]`},
		{name: "one image, one row", format: "jsonl", file: "a.jsonl",
			text: `{"image": "a.jpg", "id": 1, "caption": "A"} {"image": "./a.jpg", "id": 1, "caption": "B"}`, want: "1 a.jpg A B"},
		{name: "one image, two ids", format: "jsonl", file: "a.jsonl",
			text: `{"image": "a.jpg", "id": 2, "caption": "A"} {"image": "a.jpg", "id": 1, "caption": "B"} {"image": "a.jpg", "id": 2, "caption": "C"}`,
			want: "1 a.jpg B !duplicate_path; 2 a.jpg A C"},
		{name: "one image, two splits", format: "jsonl", file: "a.jsonl",
			text: `{"image": "a.jpg", "id": 1, "split": "train"} {"image": "a.jpg", "id": 1, "split": "test"} {"image": "b.jpg", "id": 1}`,
			want: "1 a.jpg train; 1 a.jpg test !duplicate_path; 1 b.jpg"},
		{name: "unknown keys first", format: "jsonl", file: "a.jsonl", text: `{"quality": [1, {}], "image": "a.jpg", "id": 1}`, want: "1 a.jpg"},
		{name: "no ids", format: "jsonl", file: "a.jsonl", text: `{"image": "b.jpg"} {"image": "a.jpg", "caption": "A"} {"image": "b.jpg", "caption": "B"}`, want: "1 a.jpg A; 2 b.jpg B"},
		{name: "an array is a list too", format: "jsonl", file: "a.jsonl", text: "\n [{\"image\": \"a.jpg\"}]\n", want: "1 a.jpg"},
		{name: "six attributes or as they are", format: "synth-pedes", file: "synthpedes-dataset.json", text: synthRecords,
			want:  "2 Part1/2/0.jpg One. Two.; 2 Part1/2/1.jpg Three.; 3 Part1/3/0.jpg; 30 Part11/30/0.jpg Four.; 31 Part11/31/0.jpg Five.; 32 Part11/32/0.jpg Six.",
			notes: []string{"attributes that are not six values: kept as they are in 1 records"}},
		{name: "another format's records", format: "icfg-pedes", file: "ICFG-PEDES.json",
			text: `[{"split": "val", "id": 1, "captions": "A", "img_path": "0_c1_1.jpg"}]`, want: "1 0_c1_1.jpg valid A",
			notes: []string{"ICFG-PEDES.json looks like rstpreid; read as icfg-pedes"}},
		{name: "semicolons", format: "csv", file: "a.csv", text: "image;caption\na.jpg;One, two.\n", want: "1 a.jpg One, two."},
		{name: "tabs", format: "csv", file: "a.tsv", text: "caption\tfile_path\timage\nOne.\ta.jpg\tb.jpg", want: "1 a.jpg One."},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, notes, err := openList(t, c.format, c.file, c.text)
			if err != nil {
				t.Fatal(err)
			}
			all := collect(t, s)
			if got := spellErr(all); got != c.want {
				t.Errorf("want %s\ngot  %s", c.want, got)
			}
			if diff := cmp.Diff(c.notes, slices.Clip(*notes), cmp.Transformer("none", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			images := 0
			for _, identity := range all {
				images += len(identity.Samples)
			}
			if got := s.Layout().Images; got != int64(images) {
				t.Errorf("images of the layout: want the %d of the stream, got %d", images, got)
			}
		})
	}
}

// TestTextErrors has files that are refused, as a whole or behind their good records.
func TestTextErrors(t *testing.T) {
	const good = `{"split": "train", "id": 1, "file_path": "a.jpg", "captions": ["A"]}`
	for _, c := range []struct{ name, format, file, text, want string }{
		{"caption_all", "cuhk-pedes", "caption_all.json", `[{"id": 1, "file_path": "cam_a/1.jpg", "captions": ["A"]}]`,
			`annotations: caption_all.json: byte 1: record 0: key "split" is missing, as in CUHK-PEDES' caption_all.json, which cannot be split by itself: want reid_raw.json, or the split of each record from an external list put into it`},
		{"no split", "rstpreid", "x.json", `[{"id": 1, "img_path": "1.jpg", "captions": ["A"]}]`,
			`annotations: x.json: byte 1: record 0: want a split under the key split, or train, val or test in the file's name, got keys img_path, id, captions`},
		{"unknown split", "cuhk-pedes", "x.json", `[` + good + `, {"split": "query", "id": 1, "file_path": "b.jpg", "captions": ["A"]}]`,
			`annotations: x.json: byte 71: record 1: key "split": want train, val, valid, validation or test, got "query"`},
		{"unknown split of one's own", "jsonl", "x.jsonl", `{"image": "a.jpg", "split": "dev"}`, `annotations: x.jsonl: byte 0: record 0: key "split": want train, val, valid, validation or test, got "dev"`},
		{"negative id", "cuhk-pedes", "x.json", `[{"split": "train", "id": -1, "file_path": "b.jpg", "captions": ["A"]}]`, `annotations: x.json: byte 1: record 0: key "id": want a whole number from 0, got -1`},
		{"id of a float", "jsonl", "x.jsonl", `{"image": "a.jpg", "id": 1.5}`, `annotations: x.jsonl: byte 0: record 0: key "id": want a whole number or a string, got 1.5`},
		{"id too large", "jsonl", "x.jsonl", `{"image": "a.jpg", "id": 9223372036854775808}`, `annotations: x.jsonl: byte 0: record 0: key "id": want a whole number from 0, got 9223372036854775808`},
		{"id of a name", "cuhk-pedes", "x.json", `[{"split": "train", "id": "p1", "file_path": "b.jpg", "captions": ["A"]}]`, `annotations: x.json: byte 1: record 0: want a whole number from 0 as id, got "p1"`},
		{"no id", "cuhk-pedes", "x.json", `[{"split": "train", "file_path": "b.jpg", "captions": ["A"]}]`, `annotations: x.json: byte 1: record 0: want an id under the key id or image_id, got keys file_path, split, captions`},
		{"an id with some", "jsonl", "x.jsonl", `{"image": "a.jpg", "id": 1} {"image": "b.jpg"}`, `annotations: x.jsonl: byte 28: record 1: want an id with every record or with none, got keys image`},
		{"id of no folder", "synth-pedes", "x.json", `{"Part1/x/0.jpg": ["A"]}`, `annotations: x.json: byte 1: record 0: want an id, or an image in the folder of its id, got keys file_path, captions and "Part1/x/0.jpg"`},
		{"no captions", "cuhk-pedes", "x.json", `[{"split": "train", "id": 1, "file_path": "b.jpg"}]`, `annotations: x.json: byte 1: record 0: want captions under the key captions, caption or sentence, got keys file_path, id, split`},
		{"captions of a number", "cuhk-pedes", "x.json", `[{"split": "train", "id": 1, "file_path": "b.jpg", "captions": [3]}]`, `annotations: x.json: byte 1: record 0: key "captions": want a string, got "3"`},
		{"no path", "cuhk-pedes", "x.json", `[{"split": "train", "id": 1, "captions": []}]`, `annotations: x.json: byte 1: record 0: want a path under the key file_path, img_path or image, got none (keys: id, split, captions)`},
		{"a record of a string", "cuhk-pedes", "x.json", `[` + good + `, "b"]`, `annotations: x.json: byte 71: record 1: want an object, got "\"b\""`},
		{"labels", "mals", "x.json", `[{"image": "a.jpg", "image_id": 1, "caption": "A", "label": [1, 0]}]`, `annotations: x.json: byte 1: record 0: key "label": want 27 values, got 2`},
		{"a bad value", "cuhk-pedes", "x.json", `[` + good + `,{"split":}]`, `annotations: x.json: byte 79: record 1: invalid character '}' looking for beginning of value`},
		{"a bad word", "cuhk-pedes", "x.json", `[` + good + `,{"split":nul}]`, `annotations: x.json: byte 82: record 1: invalid character '}' in literal null (expecting 'l')`},
		{"cut in a record", "cuhk-pedes", "x.json", `[` + good + `,{"split": "tr`, `annotations: x.json: byte 83: record 1: want the rest of a value, got the end of the file`},
		{"cut after a record", "cuhk-pedes", "x.json", `[` + good, `annotations: x.json: byte 69: want ',' or ']', got the end of the file`},
		{"cut after a comma", "cuhk-pedes", "x.json", `[` + good + `,`, `annotations: x.json: byte 70: record 1: want the rest of a value, got the end of the file`},
		{"more behind the array", "cuhk-pedes", "x.json", `[` + good + `] x`, `annotations: x.json: byte 71: want the end of the file, got 'x'`},
		{"no comma", "cuhk-pedes", "x.json", `[` + good + good + `]`, `annotations: x.json: byte 69: want ',' or ']', got '{'`},
		{"no JSON", "cuhk-pedes", "x.json", `<html>`, `annotations: x.json: byte 0: want an array or object of records, got '<'`},
		{"no records", "cuhk-pedes", "x.json", `[ ]`, `annotations: x.json: want records, got none`},
		{"a map cut short", "synth-pedes", "x.json", `{"Part1/1/0.jpg": ["A"`, `annotations: x.json: byte 22: want ',' or '}', got the end of the file`},
		{"no columns", "csv", "x.csv", "", `annotations: x.csv: byte 0: want a first line that names the column image or file_path, got ""`},
		{"no image column", "csv", "x.csv", "name,id\na.jpg,1\n", `annotations: x.csv: byte 0: want a first line that names the column image or file_path, got "name,id"`},
		{"too many cells", "csv", "x.csv", "image,id\na.jpg,1\nb.jpg,2,3\n", `annotations: x.csv: byte 17: record 1: line 3: column 1: wrong number of fields`},
		{"no path in a line", "csv", "x.csv", "image,id\n,1\n", `annotations: x.csv: byte 9: record 0: column "image": want a path, got none`},
		{"no id in a line", "csv", "x.csv", "image,id\na.jpg,1\nb.jpg,\n", `annotations: x.csv: byte 17: record 1: column "id": want a number or a name, got ""`},
		{"a quote that is open", "csv", "x.csv", "image,id\n\"a.jpg,1\n", `annotations: x.csv: byte 9: record 0: line 2: column 10: extraneous or missing " in quoted-field`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _, err := openList(t, c.format, c.file, c.text)
			if err == nil {
				err = lastError(t, s)
			}
			if err == nil || err.Error() != c.want {
				t.Errorf("want %s\ngot  %v", c.want, err)
			}
		})
	}
}

// TestTextRecordSize ends at a record that would fill the memory.
func TestTextRecordSize(t *testing.T) {
	for _, c := range []struct{ format, text string }{
		{"cuhk-pedes", `[{"captions": ["` + strings.Repeat("a", maxRecordBytes)},
		{"cuhk-pedes", `[{"captions": ["` + strings.Repeat("a", maxRecordBytes) + `"]}]`},
		{"jsonl", `{"captions": ` + strings.Repeat("[", maxRecordBytes)},
		{"synth-pedes", `{"` + strings.Repeat("a", maxRecordBytes)},
		{"csv", "image,caption\na.jpg,\"" + strings.Repeat("a", maxRecordBytes+1<<20) + "\"\n"},
	} {
		_, _, err := openList(t, c.format, "x", c.text)
		if err == nil || !strings.Contains(err.Error(), "record larger than 16 MiB") {
			t.Errorf("%s: %.20s...: want a record that is too large, got %v", c.format, c.text, err)
		}
	}
}

func TestTextAttributes(t *testing.T) {
	s, _, err := openList(t, "synth-pedes", "x.json", synthRecords)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, identity := range collect(t, s) {
		for _, sample := range identity.Samples {
			got = append(got, sample.Row.Attributes, sample.Row.PromptCaption)
		}
	}
	want := [][]string{
		{"woman", "long black hair", "white shirt", "unknown", "unknown", "red bag"}, {"A woman.With a bag. "},
		{"woman,a,b"}, nil,
		{"man", "unknown", "unknown", "jeans", "unknown", "unknown"}, {"A man."},
		{"man", "bald", "coat", "jeans", "boots", "bag"}, {"A man."},
		nil, nil, nil, nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes and prompt captions (-want +got):\n%s", diff)
	}
}

func TestTextLabels(t *testing.T) {
	s, _ := malsCase().source(t)
	l := s.Layout()
	if !l.Labels || len(l.LabelNames) != 27 || l.LabelNames[26] != "label_26" {
		t.Errorf("labels: want 27 up to label_26, got %v", l.LabelNames)
	}
	all := collect(t, s)
	first := all[0].Samples[0].Row.Labels
	if len(first) != 27 || first[0] != 0 || first[25] != 1 || first[26] != -1 {
		t.Errorf("labels of the first image: want 0 ... 1 -1, got %v", first)
	}
	if last := all[3].Samples[0].Row.Labels; last != nil {
		t.Errorf("labels of an image without: want none, got %v", last)
	}
}

// TestTextMALSRoot opens the list from all the places that a person may name.
func TestTextMALSRoot(t *testing.T) {
	dir := t.TempDir()
	malsCase().build(t, dir)
	for _, src := range []string{"", "gene_attrs", "gene_attrs/g_4x_attrs.json"} {
		s, err := openFormat(t.Context(), "mals", filepath.Join(dir, src), SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(t.Context(), &collect(t, s)[0].Samples[0]); err != nil {
			t.Errorf("SRC %q: %v", src, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestTextImages looks for images at the root, below imgs and where a person says.
func TestTextImages(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "lists/reid_raw.json", []byte(`[{"split": "train", "id": 1, "file_path": "a.jpg", "captions": ["A"]}, {"split": "train", "id": 1, "file_path": "b/c.jpg", "captions": ["A"]},
		{"split": "train", "id": 1, "file_path": "d.jpg", "captions": ["A"]}, {"split": "train", "id": 1, "file_path": "e", "captions": ["A"]}, {"split": "train", "id": 2, "file_path": "../f.jpg", "captions": ["A"]}]`))
	writeFile(t, dir, "data/a.jpg", []byte("root"))
	writeFile(t, dir, "data/imgs/a.jpg", []byte("imgs"))
	writeFile(t, dir, "data/imgs/b/c.jpg", []byte("imgs"))
	if err := os.MkdirAll(filepath.Join(dir, "data/imgs/e"), 0o777); err != nil {
		t.Fatal(err)
	}
	var notes []string
	s, err := openFormat(t.Context(), "cuhk-pedes", filepath.Join(dir, "lists"), SourceOptions{Images: filepath.Join(dir, "data"), Note: func(text string) { notes = append(notes, text) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	samples := collect(t, s)[0].Samples
	for i, want := range []string{"root", "imgs", "missing: no such file", "not_regular: want a file, got d---------"} {
		got, err := s.Read(t.Context(), &samples[i])
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != want {
			t.Errorf("%s: want %s, got %s", samples[i].Row.FilePath, want, got)
		}
	}
	census, err := TakeCensus(t.Context(), s, []Published{{"train", 5, 6, 7}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]UnfitCount{{ReasonMissing, ".", 1}, {ReasonNotRegular, ".", 1}, {ReasonPathEscape, "..", 1}}, census.Unfit); diff != "" {
		t.Errorf("unfit (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"images are in imgs below the folder that the paths start from"}, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestTextFind(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "two/a.jsonl", nil)
	writeFile(t, dir, "two/b.jsonl", nil)
	writeFile(t, dir, "all/caption_all.json", []byte(`[{"id": 1, "file_path": "a.jpg", "captions": ["A"]}]`))
	for _, c := range []struct{ format, src, want string }{
		{"cuhk-pedes", "empty", "annotations in empty: want a file reid_raw.json or caption_all.json, got none"},
		{"jsonl", "two", "annotations in two: want one *.jsonl, got 2: name the file"},
		{"cuhk-pedes", "all", `annotations: all/caption_all.json: byte 1: record 0: key "split" is missing`},
		{"csv", "none", "annotations: stat none: no such file or directory"},
	} {
		_, err := openFormat(t.Context(), c.format, filepath.Join(dir, c.src), SourceOptions{})
		if err == nil || !strings.HasPrefix(strings.ReplaceAll(err.Error(), dir+"/", ""), c.want) {
			t.Errorf("%s %s: want %s, got %v", c.format, c.src, c.want, err)
		}
	}
}

func TestTextDetect(t *testing.T) {
	want := map[string]string{"textreid": "cuhk-pedes", "ham-pedes": "synth-pedes", "aptm": "mals"}
	src := map[string]string{"textreid": "cuhk_train.json", "ham-pedes": "ham.json", "aptm": "icfg_test.json", "rstpreid": "data_captions.json"}
	for _, c := range []layoutCase{cuhkCase(), textReIDCase(), icfgCase(), rstpCase(), synthCase(), hamCase(), ufineCase(), malsCase(), aptmCase(), jsonlCase(), csvCase()} {
		name := c.name
		if want[name] != "" {
			name = want[name]
		}
		dir := t.TempDir()
		c.build(t, dir)
		if f, err := Detect(filepath.Join(dir, src[c.name])); err != nil || f.Name != name {
			t.Errorf("%s: want %s, got %v, %v", c.name, name, f, err)
		}
	}
	dir := t.TempDir()
	buildFolders(t, dir, "1/a.jpg")
	writeFile(t, dir, "notes.csv", []byte("folder,person\n1,Anna\n"))
	writeFile(t, dir, "rejects.jsonl", []byte(`{"path": "a", "reason": "b"}`))
	if f, err := Detect(dir); err != nil || f.Name != "folders" {
		t.Errorf("folders with lists that are not of images: want folders, got %v, %v", f, err)
	}
	writeFile(t, dir, "bad.json", []byte(`[{"split":`))
	if f, err := Detect(filepath.Join(dir, "bad.json")); err == nil || !strings.Contains(err.Error(), "byte 10: record 0: want the rest of a value") {
		t.Errorf("a list that is cut short: want its place, got %v, %v", f, err)
	}
}

// TestTextChanged has a list that is not the same any more when it is read again.
func TestTextChanged(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "x.jsonl", []byte(`{"image": "a.jpg", "id": 1} {"image": "b.jpg", "id": 2}`))
	s, err := openFormat(t.Context(), "jsonl", dir, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	writeFile(t, dir, "x.jsonl", []byte(`{"image": "a.jpg", "id": 1} {"image": "", "idx": "222"}`))
	var last error
	for _, err := range s.Identities(t.Context()) {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), "x.jsonl: byte 28: a record that changed since it was listed: want a path") {
		t.Errorf("want the place of the record that changed, got %v", last)
	}
}

// TestTextMemory reads 200 MB of records in no order within 24 MiB, of which the
// index holds 4, and 8 while one sorter fills the next; all of it would be 18.
func TestTextMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes and reads 200 MB")
	}
	const bytes, bound = 200 << 20, 24 << 20
	dir := t.TempDir()
	records := writeSynth(t, filepath.Join(dir, "synthpedes-dataset.json"), bytes)
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := openFormat(t.Context(), "synth-pedes", dir, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	greatest := uint64(0)
	measure := func() {
		runtime.ReadMemStats(&now)
		greatest = max(greatest, now.HeapSys-now.HeapReleased)
	}
	measure()
	images, identities := 0, 0
	for identity, err := range s.Identities(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		images += len(identity.Samples)
		if identities++; identities%5000 == 0 {
			measure()
		}
	}
	measure()
	if images != records || s.Layout().Images != int64(records) {
		t.Errorf("images: want %d, got %d and %d of the layout", records, images, s.Layout().Images)
	}
	grown := int64(greatest) - int64(before.HeapSys-before.HeapReleased)
	t.Logf("%d records of %d identities in %d MiB: heap grew by %d KiB", records, identities, bytes>>20, grown>>10)
	if grown > bound {
		t.Errorf("heap: want at most %d more, got %d", bound, grown)
	}
}

// writeSynth writes a list of some bytes in which identities come in no order.
func writeSynth(t testing.TB, file string, size int64) (records int) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	buf := []byte("[")
	for written := int64(0); written < size; records++ {
		n := len(buf)
		if records > 0 {
			buf = append(buf, ',', '\n')
		}
		id := records * 7919 % 20011
		buf = fmt.Appendf(buf, `{"id": %d, "file_path": "Part%d/%d/%d.jpg", "attributes": ["man,short black hair,white long sleeve shirt,dark blue jeans,white shoes,unknown"], `+
			`"captions": ["A man with short black hair is wearing a white long sleeve shirt tucked into dark blue jeans and a pair of white shoes.", `+
			`"The man wears a white shirt with long sleeves.He has dark blue jeans on and carries nothing in his hands."], `+
			`"prompt_caption": ["The man with short black hair is dressed in white long sleeve shirt, dark blue jeans and white shoes. "]}`, id, id%11+1, id, records)
		written += int64(len(buf) - n)
		if len(buf) > 1<<20 {
			if _, err := f.Write(buf); err != nil {
				t.Fatal(err)
			}
			buf = buf[:0]
		}
	}
	if _, err := f.Write(append(buf, ']')); err != nil {
		t.Fatal(err)
	}
	return records
}
