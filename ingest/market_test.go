package ingest

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pngPicture is what some releases keep under the names of JPEG files.
func pngPicture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 9, 21))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func marketCase() layoutCase {
	const root = "Market-1501-v15.09.15"
	return layoutCase{
		name: "market1501",
		build: func(t *testing.T, dir string) {
			dir = filepath.Join(dir, root)
			buildFolders(t, dir,
				"bounding_box_train/0002_c1s1_000451_03.jpg", "bounding_box_train/0002_c1s1_000551_01.jpg", "bounding_box_train/0002_c6s4_002068_01.jpg",
				"bounding_box_train/0007_c2s3_070952_01.jpg",
				"bounding_box_test/-1_c1s1_000401_03.jpg", "bounding_box_test/-1_c3s1_000401_03.jpg",
				"bounding_box_test/0000_c1s1_000151_01.jpg", "bounding_box_test/0001_c1s1_001051_03.jpg", "bounding_box_test/0001_c2s1_000301_00.jpg",
				"query/0001_c1s1_001051_00.jpg", "query/0001_c4s6_810825_00.jpg",
				"gt_bbox/0001_c1s1_001051_00.jpg", "gt_query/0001_c1s1_001051_00.jpg",
			)
			writeFile(t, dir, "bounding_box_train/0010_c6s1_000001_00.jpg", pngPicture(t))
			writeFile(t, dir, "images/0000_c5s1_000002_00.jpg", picture(t, 77)) // added distractors
			for _, folder := range []string{"bounding_box_train", "bounding_box_test", "query"} {
				writeFile(t, dir, folder+"/Thumbs.db", []byte("\xd0\xcf\x11\xe0"))
			}
			writeFile(t, dir, "readme.txt", []byte("not an image"))
		},
		open: openAs("market1501"),
		file: below(root),
		want: []identityLines{
			{-1, [][]string{{"bounding_box_test/-1_c1s1_000401_03.jpg", "camera 1", "gallery"}, {"bounding_box_test/-1_c3s1_000401_03.jpg", "camera 3", "gallery"}}},
			{0, [][]string{{"bounding_box_test/0000_c1s1_000151_01.jpg", "camera 1", "gallery"}, {"images/0000_c5s1_000002_00.jpg", "camera 5", "gallery"}}},
			{1, [][]string{
				{"bounding_box_test/0001_c1s1_001051_03.jpg", "camera 1", "gallery"}, {"bounding_box_test/0001_c2s1_000301_00.jpg", "camera 2", "gallery"},
				{"query/0001_c1s1_001051_00.jpg", "camera 1", "query"}, {"query/0001_c4s6_810825_00.jpg", "camera 4", "query"}}},
			{2, [][]string{
				{"bounding_box_train/0002_c1s1_000451_03.jpg", "camera 1", "train"}, {"bounding_box_train/0002_c1s1_000551_01.jpg", "camera 1", "train"},
				{"bounding_box_train/0002_c6s4_002068_01.jpg", "camera 6", "train"}}},
			{7, [][]string{{"bounding_box_train/0007_c2s3_070952_01.jpg", "camera 2", "train"}}},
			{10, [][]string{{"bounding_box_train/0010_c6s1_000001_00.jpg", "camera 6", "train"}}},
		},
	}
}

func dukeCase() layoutCase {
	const root = "DukeMTMC-reID"
	return layoutCase{
		name: "dukemtmc",
		build: func(t *testing.T, dir string) {
			buildFolders(t, filepath.Join(dir, root),
				"bounding_box_train/0001_c2_f0046182.jpg", "bounding_box_train/0001_c2_f0046302.jpg", "bounding_box_train/0009_c8_f0001234.jpg",
				"bounding_box_test/0005_c2_f0046985.jpg", "bounding_box_test/7140_c4_f0175141.jpg", "query/0005_c5_f0051341.jpg",
				"bounding_box_test/7140_c4_f0175261.jpg", "bounding_box_train/0009_c8_f0001354.jpg",
			)
			writeFile(t, dir, root+"/CITATION.txt", []byte("text"))
		},
		open: openAs("dukemtmc"),
		file: below(root),
		want: []identityLines{
			{1, [][]string{{"bounding_box_train/0001_c2_f0046182.jpg", "camera 2", "train"}, {"bounding_box_train/0001_c2_f0046302.jpg", "camera 2", "train"}}},
			{5, [][]string{{"bounding_box_test/0005_c2_f0046985.jpg", "camera 2", "gallery"}, {"query/0005_c5_f0051341.jpg", "camera 5", "query"}}},
			{9, [][]string{{"bounding_box_train/0009_c8_f0001234.jpg", "camera 8", "train"}, {"bounding_box_train/0009_c8_f0001354.jpg", "camera 8", "train"}}},
			{7140, [][]string{{"bounding_box_test/7140_c4_f0175141.jpg", "camera 4", "gallery"}, {"bounding_box_test/7140_c4_f0175261.jpg", "camera 4", "gallery"}}},
		},
	}
}

func cuhk03Case() layoutCase {
	return layoutCase{
		name: "cuhk03-np",
		build: func(t *testing.T, dir string) {
			buildFolders(t, dir+"/labeled", // PNG by name only
				"bounding_box_train/0003_c1_21.png", "bounding_box_train/0003_c2_10323.png", "bounding_box_train/0004_c1_1.png",
				"bounding_box_test/0010_c1_5.png", "query/0010_c2_6.png", "bounding_box_train/0004_c2_2.png",
				"bounding_box_test/0011_c1_7.png", "query/0011_c2_8.png",
			)
			writeFile(t, dir, "README.md", []byte("text"))
		},
		open: openAs("cuhk03-np"),
		file: below("labeled"),
		want: []identityLines{
			{3, [][]string{{"bounding_box_train/0003_c1_21.png", "camera 1", "train"}, {"bounding_box_train/0003_c2_10323.png", "camera 2", "train"}}},
			{4, [][]string{{"bounding_box_train/0004_c1_1.png", "camera 1", "train"}, {"bounding_box_train/0004_c2_2.png", "camera 2", "train"}}},
			{10, [][]string{{"bounding_box_test/0010_c1_5.png", "camera 1", "gallery"}, {"query/0010_c2_6.png", "camera 2", "query"}}},
			{11, [][]string{{"bounding_box_test/0011_c1_7.png", "camera 1", "gallery"}, {"query/0011_c2_8.png", "camera 2", "query"}}},
		},
	}
}

func TestCropNames(t *testing.T) {
	for _, c := range []struct {
		form   cropName
		name   string
		person int64
		camera int32
		ok     bool
	}{
		{marketName(), "0002_c1s1_000451_03.jpg", 2, 1, true},
		{marketName(), "-1_c6s10_000451_03.jpg", -1, 6, true},
		{marketName(), "1501_c6s3_1_0.JPG", 1501, 6, true},
		{marketName(), "-2_c1s1_000451_03.jpg", 0, 0, false},
		{marketName(), "--1_c1s1_000451_03.jpg", 0, 0, false},
		{marketName(), "+2_c1s1_000451_03.jpg", 0, 0, false},
		{marketName(), "0002_c1_000451_03.jpg", 0, 0, false},
		{marketName(), "0002_c1s1_000451.jpg", 0, 0, false},
		{marketName(), "0002_c1s1_000451_03_x.jpg", 0, 0, false},
		{marketName(), "0002_c1s1_00a451_03.jpg", 0, 0, false},
		{marketName(), "0002_c1s_000451_03.jpg", 0, 0, false},
		{marketName(), "99999999999999999999_c1s1_000451_03.jpg", 0, 0, false},
		{dukeName(), "0005_c2_f0046985.jpg", 5, 2, true},
		{dukeName(), "-1_c2_f0046985.jpg", 0, 0, false},
		{dukeName(), "0005_c2_0046985.jpg", 0, 0, false},
		{dukeName(), "0005_c2s1_f0046985.jpg", 0, 0, false},
		{cuhk03Name(), "0003_c1_21.png", 3, 1, true},
		{cuhk03Name(), "0003_c1_.png", 0, 0, false},
		{msmt17Name(), "1040_c15_0030.jpg", 1040, 15, true},
		{msmt17Name(), "1040_x15_0030.jpg", 0, 0, false},
	} {
		person, camera, ok := c.form.parse(c.name)
		if ok != c.ok || ok && (person != c.person || camera != c.camera) {
			t.Errorf("%s as %s: want %d, %d, %t, got %d, %d, %t", c.name, c.form.example, c.person, c.camera, c.ok, person, camera, ok)
		}
	}
}

// TestMarketUnfit has one of everything that is listed but not read.
func TestMarketUnfit(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	buildFolders(t, dir, "bounding_box_train/0002_c1s1_000451_03.jpg", "bounding_box_train/0002.jpg", "bounding_box_train/0003_c1_21.png", "query/a_c1s1_000451_03.jpg")
	buildFolders(t, outside, "x.jpg")
	if err := os.Symlink(filepath.Join(outside, "x.jpg"), filepath.Join(dir, "query/0004_c1s1_000451_03.jpg")); err != nil {
		t.Fatal(err)
	}
	s, notes := openNoting(t, "market1501", dir, SourceOptions{})
	want := map[string]string{
		"bounding_box_train/0002.jpg": ReasonNoIdentity, "bounding_box_train/0003_c1_21.png": ReasonNoIdentity,
		"query/a_c1s1_000451_03.jpg": ReasonNoIdentity, "query/0004_c1s1_000451_03.jpg": ReasonPathEscape,
	}
	if diff := cmp.Diff(want, reasons(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if m := writeAll(t, s, t.TempDir(), testOptions()); m.Rows != 1 || m.Rejects != 4 {
		t.Errorf("want 1 row and 4 rejects, got %d and %d", m.Rows, m.Rejects)
	}
	if len(notes) != 1 || notes[0] != "no folder bounding_box_test: read without it" {
		t.Errorf("notes: got %q", notes)
	}
}

// TestMarketLinkedFolder: a link to a folder is not followed, and said.
func TestMarketLinkedFolder(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	buildFolders(t, dir, "bounding_box_train/0002_c1s1_000451_03.jpg")
	buildFolders(t, outside, "0003_c1s1_000451_03.jpg")
	for _, name := range []string{"query", "bounding_box_test"} {
		if err := os.Symlink(outside, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s, notes := openNoting(t, "market1501", dir, SourceOptions{})
	if n := s.Layout().Images; n != 1 {
		t.Errorf("want the image that is no link away, got %d", n)
	}
	if got := strings.Join(notes, "; "); got != "no folder bounding_box_test: read without it; no folder query: read without it" {
		t.Errorf("notes: got %q", got)
	}
}

// TestMarketCensus counts as the release does.
func TestMarketCensus(t *testing.T) {
	s, _ := marketCase().source(t)
	c, err := TakeCensus(t.Context(), s, marketFormat().Published, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][2]int64{}
	for _, n := range c.Splits {
		got[n.Split] = [2]int64{n.Identities, n.Images}
		if p := n.Published; n.Split != "" && (p == nil || p.Split != n.Split) {
			t.Errorf("%q: got published %+v", n.Split, p)
		}
	}
	if diff := cmp.Diff(map[string][2]int64{"train": {3, 5}, "query": {1, 2}, "gallery": {3, 6}, "": {6, 13}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c.Straddling != 1 || c.Single != 2 {
		t.Errorf("want 1 person in two splits and 2 of one image, got %d and %d", c.Straddling, c.Single)
	}
}
