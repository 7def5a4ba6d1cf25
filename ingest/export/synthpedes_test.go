package export

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"plip/ingest"
	"plip/parquet"
	"plip/parquet/parquettest"
)

// synthRecord is what a loader of SYNTH-PEDES takes from a record.
type synthRecord struct {
	ID            int64    `json:"id"`
	FilePath      string   `json:"file_path"`
	Attributes    []string `json:"attributes"`
	Captions      []string `json:"captions"`
	PromptCaption []string `json:"prompt_caption"`
}

func exportFiles(t *testing.T, rows []parquet.Row, format int) (map[string]string, Summary) {
	t.Helper()
	dir := t.TempDir()
	s, err := Write(t.Context(), writeRows(t, rows), Formats()[format], dir, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return parquettest.Files(t, dir), s
}

// TestSynthPedes reads the records as a loader does, by the file they are named
// after, and finds the rows again.
func TestSynthPedes(t *testing.T) {
	rows := madeRows(t, 21)
	got, _ := exportFiles(t, rows, 0)
	var records []synthRecord
	if err := json.Unmarshal([]byte(got[synthPedesName]), &records); err != nil {
		t.Fatal(err)
	}
	if len(records) != len(rows) {
		t.Fatalf("want %d records, got %d", len(rows), len(records))
	}
	for i, record := range records {
		r := rows[i]
		want := synthRecord{
			ID:            r.ID,
			FilePath:      fmt.Sprintf("Part%d/%d/%d%s", 1+i/9, r.ID, i%3, []string{".jpg", ".jpg", ".png"}[i%3]),
			Attributes:    []string{},
			Captions:      list(r.Captions),
			PromptCaption: list(r.PromptCaption),
		}
		if len(r.Attributes) > 0 {
			want.Attributes = []string{"man,short hair,red shirt,unknown,white shoes,bag"}
		}
		if diff := cmp.Diff(want, record); diff != "" {
			t.Errorf("record %d (-want +got):\n%s", i, diff)
		}
		if got[record.FilePath] != string(r.Image) {
			t.Errorf("%s: want the %d bytes of the row, got %d", record.FilePath, len(r.Image), len(got[record.FilePath]))
		}
	}
	first, _, _ := strings.Cut(got[synthPedesName], "},")
	want := `[
{"id": 0, "file_path": "Part1/0/0.jpg", "attributes": ["man,short hair,red shirt,unknown,white shoes,bag"], "captions": [], "prompt_caption": ["A man <in> a red shirt & white shoes. "]`
	if first != want {
		t.Errorf("first record: want\n%s\ngot\n%s", want, first)
	}
	line, _, _ := strings.Cut(got[provenanceName], "\n")
	want = `{"file_path": "Part1/0/0.jpg", "original_path": "cam/0.jpg", "camera": 0, "split": "train", "source": "made", "width": 3, "height": 5, "labels": [0,-1], "embedding": [0,-1.5]}`
	if line != want {
		t.Errorf("first provenance: want\n%s\ngot\n%s", want, line)
	}
}

// TestSynthPedesAside has texts that a reader of the records would not get back.
func TestSynthPedesAside(t *testing.T) {
	six := []string{"man", "hat", "red shirt", "jeans", "unknown", "bag"}
	change := func(i int, v string) []string {
		c := append([]string(nil), six...)
		c[i] = v
		return c
	}
	for _, test := range []struct {
		row  parquet.Row
		want string // the end of its line of provenance.jsonl
	}{
		{parquet.Row{Attributes: six, Captions: []string{"a, b"}, PromptCaption: []string{" "}}, `"embedding": null}`},
		{parquet.Row{Attributes: change(2, "")}, `"embedding": null}`},
		{parquet.Row{Attributes: change(2, "red, blue")}, `"attributes": ["man","hat","red, blue","jeans","unknown","bag"], "labels": null, "embedding": null}`},
		{parquet.Row{Attributes: change(5, " bag")}, `"attributes": ["man","hat","red shirt","jeans","unknown"," bag"], "labels": null, "embedding": null}`},
		{parquet.Row{Attributes: six[:2]}, `"attributes": ["man","hat"], "labels": null, "embedding": null}`},
		{parquet.Row{Captions: []string{"a", ""}}, `"captions": ["a",""], "labels": null, "embedding": null}`},
		{parquet.Row{PromptCaption: []string{""}}, `"prompt_caption": [""], "labels": null, "embedding": null}`},
	} {
		test.row.Image, test.row.FilePath, test.row.ID = picture(t, 0), "a.jpg", 1
		got, s := exportFiles(t, []parquet.Row{test.row}, 0)
		if line := strings.TrimSuffix(got[provenanceName], "\n"); !strings.HasSuffix(line, test.want) {
			t.Errorf("%v: want a line that ends in\n%s\ngot\n%s", test.row, test.want, line)
		}
		if aside := strings.Contains(test.want, "["); aside != (s.Aside == 1) {
			t.Errorf("%v: texts kept aside: want %v, got %d", test.row, aside, s.Aside)
		}
	}
}

func TestEmpty(t *testing.T) {
	for i, want := range []string{synthPedesName, cardName, cardName} {
		got, s := exportFiles(t, nil, i)
		if s != (Summary{}) || got[want] == "" {
			t.Errorf("%s: want %s and a summary of nothing, got %+v and %v", Formats()[i].Name, want, s, got)
		}
	}
}

// TestImageFolder checks that each picture has one line, beside its split.
func TestImageFolder(t *testing.T) {
	rows := madeRows(t, 21)
	got, _ := exportFiles(t, rows, 1)
	at := map[string]int{} // lines read of each split
	for i, r := range rows {
		split := r.Split
		if split == "" {
			split = unsplit
		}
		lines := strings.Split(got[split+"/"+metadataName], "\n")
		var line struct {
			FileName string    `json:"file_name"`
			ID       int64     `json:"id"`
			FilePath string    `json:"file_path"`
			Split    *string   `json:"split"`
			Camera   *int32    `json:"camera"`
			Labels   []int8    `json:"labels"`
			Captions []string  `json:"captions"`
			Vector   []float32 `json:"embedding"`
		}
		if err := json.Unmarshal([]byte(lines[at[split]]), &line); err != nil {
			t.Fatal(err)
		}
		at[split]++
		if line.ID != r.ID || line.FilePath != r.FilePath || !cmp.Equal(line.Camera, r.Camera) || !cmp.Equal(line.Labels, r.Labels) ||
			!cmp.Equal(line.Captions, list(r.Captions)) || !cmp.Equal(line.Vector, r.Embedding) || (line.Split == nil) != (r.Split == "") {
			t.Errorf("row %d: want %+v, got %+v", i, r, line)
		}
		if want := fmt.Sprintf("%d/%d", r.ID, i%3); strings.TrimSuffix(line.FileName, path.Ext(line.FileName)) != want {
			t.Errorf("row %d: want file name %s, got %s", i, want, line.FileName)
		}
		if got[split+"/"+line.FileName] != string(r.Image) {
			t.Errorf("row %d: want its picture at %s, got another or none", i, line.FileName)
		}
	}
	for split, n := range at {
		if lines := strings.Count(got[split+"/"+metadataName], "\n"); lines != n {
			t.Errorf("%s: want %d lines, got %d", split, n, lines)
		}
	}
	want := "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: query\n    path: query/**\n  - split: train\n    path: train/**\n  - split: unsplit\n    path: unsplit/**\n---\n"
	if !strings.HasPrefix(got[cardName], want) {
		t.Errorf("card: want\n%s\ngot\n%s", want, got[cardName])
	}
}

// TestSynthPedesBack reads an export with the reader of the release: ids, pictures
// and texts are those of the rows.
func TestSynthPedesBack(t *testing.T) {
	rows := madeRows(t, 21)
	dir := t.TempDir()
	if _, err := Write(t.Context(), writeRows(t, rows), Formats()[0], dir, testOptions()); err != nil {
		t.Fatal(err)
	}
	format, err := ingest.FormatByName("auto", dir)
	if err != nil || format.Name != "synth-pedes" {
		t.Fatalf("detect: want synth-pedes, got %+v, %v", format, err)
	}
	s, err := format.Open(t.Context(), dir, ingest.SourceOptions{Note: func(text string) { t.Errorf("want no note, got %q", text) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	i := 0
	for identity, err := range s.Identities(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, sample := range identity.Samples {
			image, err := s.Read(t.Context(), &sample)
			if err != nil {
				t.Fatal(err)
			}
			got := parquet.Row{ID: identity.ID, Image: image, Attributes: sample.Row.Attributes, Captions: sample.Row.Captions, PromptCaption: sample.Row.PromptCaption}
			want := parquet.Row{ID: rows[i].ID, Image: rows[i].Image, Attributes: rows[i].Attributes, Captions: rows[i].Captions, PromptCaption: rows[i].PromptCaption}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("row %d (-want +got):\n%s", i, diff)
			}
			i++
		}
	}
	if i != len(rows) {
		t.Errorf("want %d rows, got %d", len(rows), i)
	}
}
