package ingest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/ingest/mat/mattest"
)

const rapFile = "RAP_annotation/RAP_annotation.mat"

// rapCase is a miniature of which each line says the image, by its place in the
// release, and the rest of what is wanted.
func rapCase(name string, release mattest.Release, want []identityLines) layoutCase {
	return layoutCase{
		name: name,
		build: func(t *testing.T, dir string) {
			buildFolders(t, dir, release.Images...)
			writeMat(t, dir, release.File, release.Variables)
		},
		open: openAttributes("rap", SourceOptions{}),
		file: func(p string) string { return p },
		want: want,
	}
}

// rap1Case numbers its images in the order of their paths.
func rap1Case() layoutCase {
	r := mattest.RAP1()
	want := []identityLines{
		{1, [][]string{{r.Images[2], "camera 1", "test"}}},
		{2, [][]string{{r.Images[0], "camera 1", "train"}}},
		{3, [][]string{{r.Images[3], "camera 2", "train"}}},
		{4, [][]string{{r.Images[1], "camera 3", "train"}}},
	}
	for i, file := range r.Images[4:] {
		want = append(want, identityLines{int64(5 + i), [][]string{{file, "camera 4", "train"}}})
	}
	return rapCase("rap v1", r, want)
}

// rap2Case numbers images of nobody on, in the order of their paths.
func rap2Case() layoutCase {
	r := mattest.RAP2()
	want := []identityLines{
		{0, [][]string{{r.Images[3], "camera 1", "train"}}},
		{7, [][]string{{r.Images[0], "camera 1", "train"}, {r.Images[2], "camera 3", "test"}}},
		{8, [][]string{{r.Images[4], "camera 1", "test"}}},
		{9, [][]string{{r.Images[1], "camera 2", "valid"}}},
	}
	for i, file := range r.Images[5:] {
		want = append(want, identityLines{int64(10 + i), [][]string{{file, "camera 4", "train"}}})
	}
	return rapCase("rap v2", r, want)
}

func TestRAPLabels(t *testing.T) {
	s1, _ := rap1Case().source(t)
	if diff := cmp.Diff([]string{"Female", "hs-BaldHead", "lb-LongTrousers"}, s1.Layout().LabelNames); diff != "" {
		t.Errorf("v1: names (-want +got):\n%s", diff)
	}
	want := map[string][]int8{
		"CAM01_2014-02-15_tarid0-frame218-line1": {0, 1, 0}, "CAM03_2014-02-15_tarid7-frame9-line1": {2, 0, 0},
		"CAM01_2014-02-15_tarid0-frame100-line1": {1, 1, 1}, "CAM02_2014-02-17_tarid1-frame1-line1": {0, 0, 1},
	}
	for i := 1; i <= 8; i++ {
		want[fmt.Sprintf("CAM04_2014-02-15_tarid2-frame%d-line1", i)] = []int8{0, 0, 0}
	}
	if diff := cmp.Diff(want, labelsOf(t, s1)); diff != "" {
		t.Errorf("v1: labels (-want +got):\n%s", diff)
	}

	s2, dir := rap2Case().source(t)
	if diff := cmp.Diff([]string{"Female", "hs-Hat", "action-Pushing"}, s2.Layout().LabelNames); diff != "" {
		t.Errorf("v2: names (-want +got):\n%s", diff)
	}
	if got := labelsOf(t, s2)["CAM01-2013-12-23-tarid7-frame1-line1"]; !cmp.Equal(got, []int8{0, 0, 2}) {
		t.Errorf("v2: labels of the first image: got %v", got)
	}
	o := SourceOptions{AllLabels: true}
	notes := notesOf(&o)
	all, err := openAttributes("rap", o)(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	if diff := cmp.Diff([]string{"Female", "hs-Hat", "action-Pushing", "up-Black"}, all.Layout().LabelNames); diff != "" {
		t.Errorf("v2: all names, the evaluated ones first (-want +got):\n%s", diff)
	}
	if got := labelsOf(t, all)["CAM01-2013-12-23-tarid7-frame1-line1"]; !cmp.Equal(got, []int8{0, 0, 2, 1}) {
		t.Errorf("v2: all labels of the first image: got %v", got)
	}
	if len(*notes) != 2 || !strings.HasPrefix((*notes)[0], "RAP v2, published with 84928 images") {
		t.Errorf("notes: want the release and the partition, got %q", *notes)
	}
}

// TestRAPPlaces reads fields of other names by their places in the release.
func TestRAPPlaces(t *testing.T) {
	renamed := renameMat(renameMat(mattest.RAP1().Variables, "partion", "partition"), "attribute_eng", "attribute_english")
	for _, c := range []struct {
		layoutCase
		vs []mattest.Variable
	}{{rap1Case(), renamed}, {rap2Case(), renameMat(mattest.RAP2().Variables, "partition_attribute", "partion_attribute")}} {
		dir := t.TempDir()
		c.build(t, dir)
		writeMat(t, dir, rapFile, c.vs)
		if diff := cmp.Diff(c.want, spell(collect(t, c.reopen(t, dir)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestRAPCameras has a name without a camera: the column goes.
func TestRAPCameras(t *testing.T) {
	dir := t.TempDir()
	buildFolders(t, dir, "RAP_dataset/x.png")
	writeMat(t, dir, rapFile, editMat(mattest.RAP1().Variables, "imagesname", mattest.Column("CAM1.png", "CAM.png", "x.png", "CAM9x.png", "CAM2.png", "CAM3.png",
		"CAM4.png", "CAM5.png", "CAM6.png", "CAM7.png", "CAM8.png", "CAM10.png")))
	s, err := openAttributes("rap", SourceOptions{})(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Layout().Camera {
		t.Error("want no column for cameras")
	}
	for name, want := range map[string]int32{"CAM01-2013.png": 1, "CAM30_x": 30, "CAM": -1, "x": -1, "CAM99999999999": -1} {
		if got := cameraRAP(name); got != want {
			t.Errorf("%s: want camera %d, got %d", name, want, got)
		}
	}
}

func TestRAPBadFiles(t *testing.T) {
	spoiled := make([][]int, len(mattest.RAP1().Images))
	for i := range spoiled {
		spoiled[i] = make([]int, 4)
	}
	spoiled[2][1] = 3
	checkBad(t, "rap", rapFile, rap1Case(), []badMat{
		{"no release", []mattest.Variable{{Name: "RAP_annotation", Value: mattest.One(mattest.Field{Name: "x", Value: mattest.Text("y")})}}, `RAP_annotation: want a field label (v1) or data (v2), got ["x"]`},
		{"rows", editMat(mattest.RAP1().Variables, "label", mattest.Rows([][]int{{0, 1, 0, 1}})), "RAP_annotation.label: want 12x4 numbers, got 1x4 double"},
		{"label 3", editMat(mattest.RAP1().Variables, "label", mattest.Rows(spoiled)), "RAP_annotation.label: row 3, column 2: want a label of 0 to 2, got 3"},
		{"short names", editMat(mattest.RAP1().Variables, "attribute_exp", mattest.Column("a", "b", "c", "d", "e")), "RAP_annotation.attribute_exp: want at most the 4 attributes, got 5x1 cell"},
		{"partition", editMat(mattest.RAP1().Variables, "partion", mattest.Cells{Dims: []int{1, 1}, Values: []mattest.Value{mattest.Text("x")}}), `RAP_annotation.partion{1}: want a struct with the field "train_index", got 1x1 char`},
		{"one part", editMat(mattest.RAP1().Variables, "partion", mattest.Cells{Dims: []int{1, 1}, Values: []mattest.Value{mattest.One(mattest.Field{Name: "train_index", Value: mattest.Indices(false, 1)})}}), `RAP_annotation.partion{1}: want a field test_index, got ["train_index"]`},
		{"v2: selected", editMat(mattest.RAP2().Variables, "selected_attribute", mattest.Indices(false, 5)), "RAP_annotation.selected_attribute: element 1: want 1 to 4, got 5"},
		{"v2: persons", editMat(mattest.RAP2().Variables, "person_identity", mattest.Indices(true, make([]int, 14)...)), "RAP_annotation.person_identity: want at most one for each of 13 images, got 14x1 double"},
		{"v2: person's kind", editMat(mattest.RAP2().Variables, "person_identity", mattest.Column("x")), "RAP_annotation.person_identity: want numbers, got 1x1 cell"},
	})
}
