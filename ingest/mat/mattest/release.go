package mattest

import (
	"fmt"

	"plip/ingest/mat"
)

// Release is a miniature of an attribute dataset (attributes.md, section 5): the
// variables and shapes of the real one with a few images and attributes, and each
// oddity.
type Release struct {
	File      string // where the annotations lie, slash-separated
	Variables []Variable
	Images    []string // where the images lie, in the order of the annotations
}

// more is how many plain images end each miniature, so that there are enough for
// several shards.
const more = 8

// PETA has sixteen images in four of the ten datasets, and two partitions. Of its
// five attributes four are evaluated. Its images are those of the renamed pack.
func PETA() Release {
	rows := [][]int{
		{1, 1, 1, 1, 1, 0, 0, 1, 1},
		{2, 1, 1, 1, 1, 0, 0, 1, 1},
		{3, 2, 3, 2, 0, 1, 0, 0, 0},
		{4, 3, 3, 11, 0, 0, 1, 1, 0},
		{5, 5, 5, 10, 1, 1, 1, 0, 1}, // byte order of names puts person 10 before 9
		{6, 5, 5, 10, 1, 1, 1, 0, 1},
		{7, 4, 5, 9, 0, 0, 0, 0, 0},
		{8, 6, 10, 0, 0, 1, 0, 1, 0},
	}
	train, second := []int{2, 1, 8, 5}, []int{8, 6, 5}
	for i := range more {
		rows = append(rows, []int{9 + i, 7 + i, 10, 1 + i, 0, 0, 0, 0, 1})
		train, second = append(train, 9+i), append(second, 9+i)
	}
	r := Release{File: "PETA.mat", Variables: []Variable{{"peta", One(
		Field{"data", Rows(rows)},
		Field{"attribute", Column("personalLess30", "carryingBackpack", "accessoryHat", "personalMale", "upperBodyBlack")},
		Field{"selected_attribute", Indices(false, 5, 6, 7, 8)},
		Field{"partion_attribute", Cells{Dims: []int{2, 1}, Values: []Value{
			One(Field{"train", Indices(true, train...)}, Field{"val", Indices(true, 3)}, Field{"test", Indices(true, 7, 4, 6)}),
			One(Field{"train", Indices(true, 3, 4, 7)}, Field{"val", Indices(true, 1, 2)}, Field{"test", Indices(true, second...)}),
		}}},
	)}}}
	for i := range rows {
		r.Images = append(r.Images, fmt.Sprintf("images/%05d.png", i+1))
	}
	return r
}

// PETAArchive is the same with the images of the original release.
func PETAArchive() Release {
	r := PETA()
	r.Images = []string{
		"PETA dataset/3DPeS/archive/1_a.bmp", "PETA dataset/3DPeS/archive/1_b.bmp",
		"PETA dataset/CUHK/archive/0002.png", "PETA dataset/CUHK/archive/0011.png",
		"PETA dataset/i-LID/archive/10_a.jpg", "PETA dataset/i-LID/archive/10_b.jpg", "PETA dataset/i-LID/archive/9_a.jpg",
		"PETA dataset/VIPeR/archive/000_45.bmp",
	}
	for i := range more {
		r.Images = append(r.Images, fmt.Sprintf("PETA dataset/VIPeR/archive/%03d_45.bmp", 1+i))
	}
	return r
}

// PA100K has fourteen images and three attributes.
func PA100K() Release {
	names := []string{"000001.jpg", "000002.jpg", "000003.jpg"}
	labels := [][]int{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	for i := range more {
		names = append(names, fmt.Sprintf("%06d.jpg", 4+i))
		labels = append(labels, []int{0, 0, 0})
	}
	r := Release{File: "annotation.mat", Variables: []Variable{
		{"attributes", Column("Female", "Hat", "Skirt&Dress")},
		{"test_images_name", Column("000013.jpg", "000014.jpg")},
		{"test_label", Rows([][]int{{0, 1, 1}, {1, 1, 1}})},
		{"train_images_name", Column(names...)},
		{"train_label", Rows(labels)},
		{"val_images_name", Column("000012.jpg")},
		{"val_label", Rows([][]int{{1, 0, 1}})},
	}}
	for _, name := range append(names, "000012.jpg", "000013.jpg", "000014.jpg") {
		r.Images = append(r.Images, "data/"+name)
	}
	return r
}

// rap is what both releases of RAP have in common.
func rap(names []string, fields ...Field) Release {
	r := Release{File: "RAP_annotation/RAP_annotation.mat", Variables: []Variable{{"RAP_annotation", One(fields...)}}}
	for _, name := range names {
		r.Images = append(r.Images, "RAP_dataset/"+name)
	}
	return r
}

// RAP1 is the first release of RAP: twelve images and four attributes, three of
// them evaluated.
func RAP1() Release {
	names := []string{"CAM01_2014-02-15_tarid0-frame218-line1.png", "CAM03_2014-02-15_tarid7-frame9-line1.png",
		"CAM01_2014-02-15_tarid0-frame100-line1.png", "CAM02_2014-02-17_tarid1-frame1-line1.png"}
	labels := [][]int{{0, 1, 0, 1}, {2, 0, 0, 1}, {1, 1, 1, 0}, {0, 0, 1, 0}}
	first, second := []int{4, 2, 1}, []int{3, 4}
	var boxes [][]int
	for i := range more {
		names = append(names, fmt.Sprintf("CAM04_2014-02-15_tarid2-frame%d-line1.png", 1+i))
		labels = append(labels, []int{0, 0, 0, 0})
		first, second = append(first, 5+i), append(second, 5+i)
	}
	for range names {
		boxes = append(boxes, []int{1, 2, 30, 60})
	}
	part := func(train, test []int) Value {
		return One(Field{"train_index", Indices(false, train...)}, Field{"test_index", Indices(false, test...)})
	}
	return rap(names,
		Field{"partion", Cells{Dims: []int{2, 1}, Values: []Value{part(first, []int{3}), part(second, []int{1, 2})}}},
		Field{"label", Rows(labels)},
		Field{"attribute_chinese", Column("女性", "秃头", "长裤", "黑")},
		Field{"attribute_eng", Column("Female", "hs-BaldHead", "lb-LongTrousers", "up-Black")},
		Field{"position", Rows(boxes)},
		Field{"imagesname", Column(names...)},
		Field{"attribute_exp", Column("F", "Bald", "Long")},
	)
}

// RAP2 is the second release of RAP: thirteen images and four attributes, three of
// them evaluated and not the first three. Two images show person 7, one shows
// person 0; from the fifth on nobody is known, as in the release's second half.
func RAP2() Release {
	names := []string{"CAM01-2013-12-23-tarid7-frame1-line1.png", "CAM02-2013-12-23-tarid8-frame1-line1.png",
		"CAM03-2013-12-24-tarid9-frame1-line2.png", "CAM01-2013-12-20-tarid1-frame5-line1.png", "CAM01-2013-12-23-tarid0-frame7-line1.png"}
	labels := [][]int{{0, 1, 0, 2}, {1, 1, 0, 0}, {0, 0, 1, 1}, {1, 0, 2, 0}, {0, 1, 0, 1}}
	train, second := []int{1, 4}, []int{2, 3}
	for i := range more {
		names = append(names, fmt.Sprintf("CAM04-2013-12-23-tarid0-frame%d-line1.png", 1+i))
		labels = append(labels, []int{1, 0, 0, 0})
		train, second = append(train, 6+i), append(second, 6+i)
	}
	return rap(names,
		Field{"name", Column(names...)},
		Field{"data", Rows(labels)},
		Field{"attribute", Column("Female", "up-Black", "hs-Hat", "action-Pushing")},
		Field{"selected_attribute", Indices(false, 1, 3, 4)},
		Field{"partition_attribute", Cells{Dims: []int{1, 2}, Values: []Value{
			One(Field{"train", Indices(false, train...)}, Field{"val", Indices(false, 2)}, Field{"test", Indices(false, 3, 5)}),
			One(Field{"train", Indices(false, second...)}, Field{"val", Indices(false, 5)}, Field{"test", Indices(false, 1, 4)}),
		}}},
		Field{"person_identity", Numbers{Class: mat.Double, Stored: Int8, Dims: []int{4, 1}, Values: []float64{7, -1, 7, 0}}},
	)
}
