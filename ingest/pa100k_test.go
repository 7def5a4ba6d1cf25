package ingest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/ingest/mat/mattest"
)

func pa100kCase() layoutCase {
	release := mattest.PA100K()
	c := layoutCase{
		name: "pa100k",
		build: func(t *testing.T, dir string) {
			buildFolders(t, dir, append(release.Images, "data/000015.jpg")...) // the last one is not listed
			writeMat(t, dir, release.File, release.Variables)
		},
		open: openAttributes("pa100k", SourceOptions{}),
		file: func(p string) string { return p },
	}
	for i, file := range release.Images {
		split := "train"
		switch {
		case i >= 12:
			split = "test"
		case i == 11:
			split = "valid"
		}
		c.want = append(c.want, identityLines{int64(i + 1), [][]string{{file, split}}})
	}
	return c
}

func TestPA100KLabels(t *testing.T) {
	s, _ := pa100kCase().source(t)
	if diff := cmp.Diff([]string{"Female", "Hat", "Skirt&Dress"}, s.Layout().LabelNames); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	want := map[string][]int8{"000001": {1, 0, 0}, "000002": {0, 1, 0}, "000003": {0, 0, 1}, "000012": {1, 0, 1}, "000013": {0, 1, 1}, "000014": {1, 1, 1}}
	for i := 4; i <= 11; i++ {
		want[fmt.Sprintf("%06d", i)] = []int8{0, 0, 0}
	}
	if diff := cmp.Diff(want, labelsOf(t, s)); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestPA100KBadFiles(t *testing.T) {
	base := func() []mattest.Variable { return mattest.PA100K().Variables }
	checkBad(t, "pa100k", "annotation.mat", pa100kCase(), []badMat{
		{"misspelt", append(editMat(base(), "test_images_name", nil), mattest.Variable{Name: "text_images_name", Value: mattest.Column("a")}), `want a variable "test_images_name", got [`},
		{"empty cell", editMat(base(), "val_images_name", mattest.Cells{Dims: []int{1, 1}, Values: []mattest.Value{mattest.Empty{}}}), "val_images_name: cell 1: want a line of text, got 0x0 double"},
		{"no cells", editMat(base(), "val_images_name", mattest.Text("000012.jpg")), "val_images_name: want cells of text, got 1x10 char"},
		{"rows", editMat(base(), "val_label", mattest.Rows([][]int{{1, 0, 1}, {1, 0, 1}})), "val_label: want 1x3 numbers, got 2x3 double"},
		{"columns", editMat(base(), "val_label", mattest.Rows([][]int{{1, 0}})), "val_label: want 1x3 numbers, got 1x2 double"},
		{"label", editMat(base(), "val_label", mattest.Rows([][]int{{1, 0, 3}})), "val_label: row 1, column 3: want a label of 0 to 1, got 3"},
		{"name twice", editMat(base(), "val_images_name", mattest.Column("000002.jpg")), `image 12: want a name of its own, got that of image 2: "000002.jpg"`},
		{"name not clean", editMat(base(), "val_images_name", mattest.Column("a/../000012.jpg")), `image 12: want the name of a file, got "a/../000012.jpg"`},
	})
}
