package ingest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/ingest/mat/mattest"
)

// petaCase is the miniature with its images in one of two forms.
func petaCase(name string, release mattest.Release) layoutCase {
	files := release.Images
	c := layoutCase{
		name: name,
		build: func(t *testing.T, dir string) {
			buildFolders(t, dir, files...)
			writeMat(t, dir, release.File, release.Variables)
			for _, sub := range []string{"3DPeS", "CUHK"} {
				for _, other := range []string{"Label.txt", "Thumbs.db", "._1_a.bmp", "readme.txt"} {
					writeFile(t, dir, "PETA dataset/"+sub+"/archive/"+other, []byte("no image"))
				}
			}
		},
		open: openAttributes("peta", SourceOptions{}),
		file: func(p string) string { return p },
		want: []identityLines{
			{1, [][]string{{files[0], "train"}, {files[1], "train"}}},
			{2, [][]string{{files[2], "valid"}}},
			{3, [][]string{{files[3], "test"}}},
			{4, [][]string{{files[6], "test"}}},
			{5, [][]string{{files[4], "train"}, {files[5], "test"}}},
			{6, [][]string{{files[7], "train"}}},
		},
	}
	for i, file := range files[8:] {
		c.want = append(c.want, identityLines{int64(7 + i), [][]string{{file, "train"}}})
	}
	return c
}

func TestPETALabels(t *testing.T) {
	s, dir := petaCase("peta", mattest.PETA()).source(t)
	if diff := cmp.Diff([]string{"personalLess30", "carryingBackpack", "accessoryHat", "personalMale"}, s.Layout().LabelNames); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	want := map[string][]int8{
		"00001": {1, 0, 0, 1}, "00002": {1, 0, 0, 1}, "00003": {0, 1, 0, 0}, "00004": {0, 0, 1, 1},
		"00005": {1, 1, 1, 0}, "00006": {1, 1, 1, 0}, "00007": {0, 0, 0, 0}, "00008": {0, 1, 0, 1},
	}
	for i := 9; i <= 16; i++ {
		want[fmt.Sprintf("%05d", i)] = []int8{0, 0, 0, 0}
	}
	if diff := cmp.Diff(want, labelsOf(t, s)); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}

	o := SourceOptions{Partition: 1, AllLabels: true}
	notes := notesOf(&o)
	all, err := openAttributes("peta", o)(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	if got := all.Layout().LabelNames; len(got) != 5 || got[4] != "upperBodyBlack" {
		t.Errorf("all names: want the fifth last, got %q", got)
	}
	if got := labelsOf(t, all)["00005"]; !cmp.Equal(got, []int8{1, 1, 1, 0, 1}) {
		t.Errorf("all labels of image 5: got %v", got)
	}
	if all.Layout().Fingerprint == s.Layout().Fingerprint {
		t.Error("want another fingerprint for another partition")
	}
	splits := map[string]string{}
	for _, identity := range collect(t, all) {
		for _, sample := range identity.Samples {
			splits[stemOf(sample.Row.FilePath)] = sample.Row.Split
		}
	}
	wantSplits := map[string]string{"00001": "valid", "00002": "valid", "00003": "train", "00004": "train", "00005": "test", "00006": "test", "00007": "train", "00008": "test"}
	for i := 9; i <= 16; i++ {
		wantSplits[fmt.Sprintf("%05d", i)] = "test"
	}
	if diff := cmp.Diff(wantSplits, splits); diff != "" {
		t.Errorf("partition 1 (-want +got):\n%s", diff)
	}
	if len(*notes) != 1 || !strings.HasPrefix((*notes)[0], "partition 1 of 2 (peta.partion_attribute{2})") {
		t.Errorf("notes: want the partition, got %q", *notes)
	}
	if _, err := openAttributes("peta", SourceOptions{Partition: 2})(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "partition: want 0 to 1, got 2") {
		t.Errorf("partition 2: got %v", err)
	}
}

func TestPETABadFiles(t *testing.T) {
	base := func() []mattest.Variable { return mattest.PETA().Variables }
	rows := [][]int{{1, 1, 1, 1, 1, 0, 0, 1, 1}}
	data := func(change func(row []int)) mattest.Value {
		row := append([]int(nil), rows[0]...)
		change(row)
		return mattest.Rows([][]int{row})
	}
	part := func(train ...int) mattest.Value {
		return mattest.Cells{Dims: []int{1, 1}, Values: []mattest.Value{mattest.One(
			mattest.Field{Name: "train", Value: mattest.Indices(true, train...)}, mattest.Field{Name: "val", Value: mattest.Indices(true, 3)},
			mattest.Field{Name: "test", Value: mattest.Indices(true)})}}
	}
	checkBad(t, "peta", "PETA.mat", petaCase("peta", mattest.PETA()), []badMat{
		{"no struct", mattest.PA100K().Variables, `want a variable "peta", got ["attributes"`},
		{"text", []mattest.Variable{{Name: "peta", Value: mattest.Text("x")}}, "peta: want a struct, got 1x1 char"},
		{"no data", editMat(base(), "data", nil), `peta: want a field data, got ["attribute"`},
		{"columns", editMat(base(), "attribute", mattest.Column("a", "b")), "peta.data: want ?x6 numbers, got 16x9 double"},
		{"name twice", editMat(base(), "attribute", mattest.Column("a", "b", "c", "d", "b")), `peta.attribute: cell 5: want a name of its own, got that of cell 2: "b"`},
		{"name empty", editMat(base(), "attribute", mattest.Column("a", "b", "c", "", "e")), "peta.attribute: cell 4: want a line of text, got 0x0 char"},
		{"label 2", editMat(base(), "data", data(func(r []int) { r[6] = 2 })), "peta.data: row 1, column 3: want a label of 0 to 1, got 2"},
		{"image number", editMat(base(), "data", data(func(r []int) { r[0] = 9 })), "peta.data: row 1, column 1: want the image's number, 1, got 9"},
		{"selected", editMat(base(), "selected_attribute", mattest.Indices(false, 5, 4)), "peta.selected_attribute: want columns of data past the first 4, got column 4"},
		{"selected twice", editMat(base(), "selected_attribute", mattest.Indices(false, 5, 5)), "peta.selected_attribute: element 2: want a number of its own, got 5 again"},
		{"selected beyond", editMat(base(), "selected_attribute", mattest.Indices(false, 10)), "peta.selected_attribute: element 1: want 1 to 9, got 10"},
		{"no partition", editMat(base(), "partion_attribute", nil), "peta: want a field partion_attribute or partition_attribute, got"},
		{"partition's kind", editMat(base(), "partion_attribute", mattest.Text("x")), "peta.partion_attribute: want cells, got 1x1 char"},
		{"image 0", editMat(base(), "partion_attribute", part(0)), "peta.partion_attribute{1}.train: number 1: want an image of 1 to 16, got 0"},
		{"image 17", editMat(base(), "partion_attribute", part(1, 17)), "peta.partion_attribute{1}.train: number 2: want an image of 1 to 16, got 17"},
		{"image in two", editMat(base(), "partion_attribute", part(3)), "peta.partion_attribute{1}.val: number 1: want an image once, got image 3, which is in train already"},
	})
}

// TestPETAArchive has archives that do not fit PETA.mat: what the rows are cannot
// be known then.
func TestPETAArchive(t *testing.T) {
	c := petaCase("peta", mattest.PETAArchive())
	for name, b := range map[string]struct {
		change func(t *testing.T, dir string)
		want   string
	}{
		"no dataset": {func(t *testing.T, dir string) { removeBelow(t, dir, "PETA dataset/CUHK") }, `want the folder CUHK of the original release in "PETA dataset"`},
		"one fewer":  {func(t *testing.T, dir string) { removeBelow(t, dir, "PETA dataset/i-LID/archive/9_a.jpg") }, "PETA dataset/i-LID/archive: want the 3 images of rows 5 to 7, got 2"},
		"one more":   {func(t *testing.T, dir string) { buildFolders(t, dir, "PETA dataset/VIPeR/archive/9.bmp") }, "PETA dataset/VIPeR/archive: want the 9 images of rows 8 to 16, got 10"},
		"another person": {func(t *testing.T, dir string) {
			removeBelow(t, dir, "PETA dataset/CUHK/archive/0011.png")
			buildFolders(t, dir, "PETA dataset/CUHK/archive/0012.png")
		}, `PETA dataset/CUHK/archive: row 4: want an image of person 11, got "0012.png"`},
		"no number": {func(t *testing.T, dir string) {
			removeBelow(t, dir, "PETA dataset/CUHK/archive/0011.png")
			buildFolders(t, dir, "PETA dataset/CUHK/archive/x11.png")
		}, `row 4: want an image of person 11, got "x11.png"`},
		"no images": {func(t *testing.T, dir string) { removeBelow(t, dir, "PETA dataset") }, `want images such as "00001.png" in images or .`},
	} {
		dir := t.TempDir()
		c.build(t, dir)
		b.change(t, dir)
		if _, err := c.open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), b.want) {
			t.Errorf("%s: want %q in the error, got %v", name, b.want, err)
		}
	}
}
