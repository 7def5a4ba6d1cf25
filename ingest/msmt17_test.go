package ingest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// msmt17Case is V1: ids of both sets from 0, images of one folder in both lists.
func msmt17Case() layoutCase {
	const root = "MSMT17_V1"
	return layoutCase{
		name: "msmt17-v1",
		build: func(t *testing.T, dir string) {
			dir = filepath.Join(dir, root)
			buildFolders(t, dir,
				"train/0000/0000_000_01_0303morning_0008_0.jpg", "train/0000/0000_001_01_0303morning_0008_1_ex.jpg", "train/0000/0000_002_15_0303noon_0008_2.jpg",
				"train/0001/0001_000_07_0113afternoon_1_0.jpg", "train/0001/unlisted.jpg",
				"test/0000/0000_000_02_0303morning_0100_0.jpg", "test/0000/0000_001_03_0303morning_0101_1.jpg", "test/0012/0012_000_02_0303morning_0100_0.jpg",
			)
			writeFile(t, dir, "list_train.txt", []byte("0000/0000_000_01_0303morning_0008_0.jpg 0\n0000/0000_002_15_0303noon_0008_2.jpg 0\r\n\n0001/0001_000_07_0113afternoon_1_0.jpg 1\n"))
			writeFile(t, dir, "list_val.txt", []byte("0000/0000_001_01_0303morning_0008_1_ex.jpg 0\n0001/0001_000_07_0113afternoon_1_0.jpg 1\n"))
			writeFile(t, dir, "list_query.txt", []byte("0000/0000_001_03_0303morning_0101_1.jpg\t0\n"))
			writeFile(t, dir, "list_gallery.txt", []byte("./0000/0000_000_02_0303morning_0100_0.jpg 0\n0012/0012_000_02_0303morning_0100_0.jpg 12"))
		},
		open: openAs("msmt17"),
		file: below(root),
		want: []identityLines{
			{1, [][]string{{"test/0000/0000_000_02_0303morning_0100_0.jpg", "camera 2", "gallery"}, {"test/0000/0000_001_03_0303morning_0101_1.jpg", "camera 3", "query"}}},
			{2, [][]string{{"test/0012/0012_000_02_0303morning_0100_0.jpg", "camera 2", "gallery"}}},
			{3, [][]string{
				{"train/0000/0000_000_01_0303morning_0008_0.jpg", "camera 1", "train"}, {"train/0000/0000_001_01_0303morning_0008_1_ex.jpg", "camera 1", "valid"},
				{"train/0000/0000_002_15_0303noon_0008_2.jpg", "camera 15", "train"}}},
			{4, [][]string{{"train/0001/0001_000_07_0113afternoon_1_0.jpg", "camera 7", "train"}}},
		},
	}
}

// msmt17V2Case is V2, its ids of the test set continued, with no list_val.txt and
// names as a repackaged copy has them.
func msmt17V2Case() layoutCase {
	return layoutCase{
		name: "msmt17-v2",
		build: func(t *testing.T, dir string) {
			buildFolders(t, dir, "mask_train_v2/0000/0000_c1_0001.jpg", "mask_train_v2/0000/0000_c15_0002.jpg", "mask_train_v2/0001/0001_c2_0001.jpg", "mask_train_v2/0001/0001_c2_0002.jpg", "mask_train_v2/0002/0002_c2_0001.jpg", "mask_train_v2/0002/0002_c2_0002.jpg", "mask_test_v2/0000/0000_c3_0001.jpg", "mask_test_v2/0000/0000_c4_0001.jpg")
			writeFile(t, dir, "list_train.txt", []byte("0000/0000_c1_0001.jpg 0\n0000/0000_c15_0002.jpg 0\n0001/0001_c2_0001.jpg 1\n0001/0001_c2_0002.jpg 1\n0002/0002_c2_0001.jpg 2\n0002/0002_c2_0002.jpg 2\n"))
			writeFile(t, dir, "list_query.txt", []byte("0000/0000_c3_0001.jpg 1041\n"))
			writeFile(t, dir, "list_gallery.txt", []byte("0000/0000_c4_0001.jpg 1041\n"))
		},
		open: openAs("msmt17"),
		file: func(p string) string { return p },
		want: []identityLines{
			{1, [][]string{{"mask_test_v2/0000/0000_c3_0001.jpg", "camera 3", "query"}, {"mask_test_v2/0000/0000_c4_0001.jpg", "camera 4", "gallery"}}},
			{2, [][]string{{"mask_train_v2/0000/0000_c15_0002.jpg", "camera 15", "train"}, {"mask_train_v2/0000/0000_c1_0001.jpg", "camera 1", "train"}}},
			{3, [][]string{{"mask_train_v2/0001/0001_c2_0001.jpg", "camera 2", "train"}, {"mask_train_v2/0001/0001_c2_0002.jpg", "camera 2", "train"}}},
			{4, [][]string{{"mask_train_v2/0002/0002_c2_0001.jpg", "camera 2", "train"}, {"mask_train_v2/0002/0002_c2_0002.jpg", "camera 2", "train"}}},
		},
	}
}

// msmt17RepackagedCase has Market-1501's folders.
func msmt17RepackagedCase() layoutCase {
	return layoutCase{
		name: "msmt17-repackaged",
		build: func(t *testing.T, dir string) {
			buildFolders(t, dir,
				"bounding_box_train/0000_c1_0000.jpg", "bounding_box_train/0000_c14_0001.jpg", "bounding_box_train/0001_c1_0000.jpg",
				"bounding_box_test/0000_c2_0000.jpg", "query/0000_c3_0001.jpg", "bounding_box_train/0001_c9_0001.jpg",
				"bounding_box_train/0002_c1_0000.jpg", "bounding_box_train/0002_c9_0001.jpg")
		},
		open: openAs("msmt17"),
		file: func(p string) string { return p },
		want: []identityLines{
			{1, [][]string{{"bounding_box_test/0000_c2_0000.jpg", "camera 2", "gallery"}, {"query/0000_c3_0001.jpg", "camera 3", "query"}}},
			{2, [][]string{{"bounding_box_train/0000_c14_0001.jpg", "camera 14", "train"}, {"bounding_box_train/0000_c1_0000.jpg", "camera 1", "train"}}},
			{3, [][]string{{"bounding_box_train/0001_c1_0000.jpg", "camera 1", "train"}, {"bounding_box_train/0001_c9_0001.jpg", "camera 9", "train"}}},
			{4, [][]string{{"bounding_box_train/0002_c1_0000.jpg", "camera 1", "train"}, {"bounding_box_train/0002_c9_0001.jpg", "camera 9", "train"}}},
		},
	}
}

// TestMSMT17Unfit has one of everything that a list can name in vain.
func TestMSMT17Unfit(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	buildFolders(t, dir, "train/0000/0000_000_01_x_0_0.jpg", "train/folder.jpg/x.jpg")
	buildFolders(t, outside, "x.jpg")
	if err := os.Symlink(outside, filepath.Join(dir, "train/away")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("0000_000_01_x_0_0.jpg", filepath.Join(dir, "train/0000/link.jpg")); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "list_train.txt", []byte("0000/0000_000_01_x_0_0.jpg 0\n0000/link.jpg 0\n0000/gone.jpg 0\nfolder.jpg 1\naway/x.jpg 2\n../x.jpg 3\n/etc/x.jpg 4\n0000/link.jpg 0\n"))
	s, notes := openNoting(t, "msmt17", dir, SourceOptions{})
	got := reasons(t, s)
	stater := s.(Stater)
	for _, identity := range collect(t, s) {
		for _, sample := range identity.Samples {
			if sample.Err != nil {
				continue
			}
			err := stater.Stat(t.Context(), &sample)
			_, errRead := s.Read(t.Context(), &sample)
			var reject, rejectRead *RejectError
			if errors.As(err, &reject) {
				got[sample.Row.FilePath] = reject.Reason
			}
			if err != nil && (reject == nil || !errors.As(errRead, &rejectRead) || rejectRead.Reason != reject.Reason) || err == nil && errRead != nil {
				t.Errorf("%s: stat %v, read %v", sample.Row.FilePath, err, errRead)
			}
		}
	}
	want := map[string]string{
		"train/0000/gone.jpg": ReasonMissing, "train/folder.jpg": ReasonNotRegular, "train/away/x.jpg": ReasonPathEscape,
		"train/../x.jpg": ReasonPathEscape, "train//etc/x.jpg": ReasonPathEscape,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if m := writeAll(t, s, t.TempDir(), testOptions()); m.Rows != 2 || m.Rejects != 5 {
		t.Errorf("want 2 rows and 5 rejects, got %d and %d", m.Rows, m.Rejects)
	}
	wantNotes := []string{
		"list_train.txt: 1 images are named before, there or in another list, and stay what they are by the first",
		"no list list_val.txt: read without it", "no list list_query.txt: read without it", "no list list_gallery.txt: read without it",
	}
	if diff := cmp.Diff(wantNotes, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// TestMSMT17Images: the lists may lie apart from the images.
func TestMSMT17Images(t *testing.T) {
	dir, images := t.TempDir(), t.TempDir()
	buildFolders(t, images, "train/0000/0000_000_01_x_0_0.jpg")
	writeFile(t, dir, "list_train.txt", []byte("0000/0000_000_01_x_0_0.jpg 0\n"))
	s, _ := openNoting(t, "msmt17", dir, SourceOptions{Images: images})
	if m := writeAll(t, s, t.TempDir(), testOptions()); m.Rows != 1 || m.Rejects != 0 {
		t.Errorf("want 1 row, got %d and %d rejects", m.Rows, m.Rejects)
	}
}

func TestMSMT17BadLists(t *testing.T) {
	for list, want := range map[string]string{
		"0000/a.jpg 0\n0000/b.jpg\n":             `list_train.txt: line 2: want a path and a person's number, got "0000/b.jpg"`,
		"7\n":                                    "list_train.txt: line 1: want a path",
		"a.jpg -1":                               "line 1: want a path and a person's number",
		"a.jpg 1.5":                              "line 1: want a path and a person's number",
		"a.jpg 99999999999999999999":             "line 1: want a path and a person's number",
		"a.jpg 0\n" + strings.Repeat("a", 70000): "line 2: bufio.Scanner: token too long",
		"\n\n":                                   "want lists that name images, got empty ones",
	} {
		dir := t.TempDir()
		buildFolders(t, dir, "train/a.jpg")
		writeFile(t, dir, "list_train.txt", []byte(list))
		s, err := openAs("msmt17")(t.Context(), dir)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: want %q, got %v", list, want, err)
		}
	}
}

// FuzzMSMT17List: any bytes are refused by line or give paths without space
// around them and numbers from 0.
func FuzzMSMT17List(f *testing.F) {
	f.Add([]byte("0000/0000_000_01_0303morning_0008_0.jpg 0\r\n\n a b.jpg\t12"))
	f.Add([]byte("../x 1\n/etc/passwd 2\n"))
	f.Add([]byte(" 1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		err := scanMSMT17List(strings.NewReader(string(data)), func(file string, person int64) {
			if file == "" || file != strings.TrimSpace(file) || person < 0 {
				t.Errorf("got %q, %d", file, person)
			}
			l := msmt17Lists[0]
			if c := l.crop("train", file, person); c.err == nil && !filepath.IsLocal(c.path) {
				t.Errorf("%q: got path %q", file, c.path)
			}
		})
		if err != nil && !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("got %v", err)
		}
	})
}
