package ingest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// openAs opens by the name of a format.
func openAs(format string) func(ctx context.Context, dir string) (Source, error) {
	return func(ctx context.Context, dir string) (Source, error) {
		f, err := FormatByName(format, dir)
		if err != nil {
			return nil, err
		}
		return f.Open(ctx, dir, SourceOptions{})
	}
}

// openNoting opens and gives what was noted.
func openNoting(t *testing.T, format, dir string, o SourceOptions) (Source, []string) {
	t.Helper()
	var notes []string
	o.Note = func(text string) { notes = append(notes, text) }
	f, err := FormatByName(format, dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, notes
}

// below is where a row's file lies in a copy that is unpacked into a folder.
func below(folder string) func(string) string {
	return func(p string) string { return folder + "/" + p }
}

// reasons are the paths that a stream lists as unfit, with the reason.
func reasons(t *testing.T, s Source) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, identity := range collect(t, s) {
		for _, sample := range identity.Samples {
			if sample.Err != nil {
				got[sample.Row.FilePath] = sample.Err.Reason
			}
		}
	}
	return got
}

// reidCases are the miniature copies by the format that reads them.
func reidCases() map[string][]layoutCase {
	return map[string][]layoutCase{
		"market1501":  {marketCase()},
		"dukemtmc":    {dukeCase()},
		"cuhk03-np":   {cuhk03Case()},
		"msmt17":      {msmt17Case(), msmt17V2Case(), msmt17RepackagedCase()},
		"lpw":         {lpwCase()},
		"luperson-nl": {lupersonCase()},
	}
}

// TestReIDDetect: auto finds the format of every miniature copy, by the folder
// that it is unpacked into and by its own.
func TestReIDDetect(t *testing.T) {
	for format, cases := range reidCases() {
		for _, c := range cases {
			dir := t.TempDir()
			c.build(t, dir)
			root, _, _ := strings.Cut(c.file("?"), "?")
			for _, src := range []string{dir, filepath.Join(dir, root)} {
				f, err := Detect(src)
				if err != nil || f.Name != format {
					t.Errorf("%s: want %s, got %v, %v", c.name, format, f, err)
				}
			}
			_, file := filepath.Split(firstFile(t, dir))
			if f, err := Detect(filepath.Join(dir, file)); err == nil {
				t.Errorf("%s: a file that is not there: want an error, got %s", c.name, f.Name)
			}
		}
	}
}

// TestReIDDetectMany: a folder of many is not searched one level below, and is
// itself looked at.
func TestReIDDetectMany(t *testing.T) {
	dir := t.TempDir()
	marketCase().build(t, dir)
	for i := range maxSomeEntries {
		writeFile(t, dir, fmt.Sprintf("%d/1.jpg", i), []byte("x"))
	}
	if f, err := Detect(dir); err != nil || f.Name != "folders" {
		t.Errorf("want folders, got %v, %v", f, err)
	}
	root := filepath.Join(dir, marketCase().file(""))
	for i := range maxSomeEntries {
		writeFile(t, root, fmt.Sprintf("%d.txt", i), []byte("x"))
	}
	if f, err := Detect(root); err != nil || f.Name != "market1501" {
		t.Errorf("want market1501, got %v, %v", f, err)
	}
}

func firstFile(t *testing.T, dir string) (first string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && first == "" && d.Type().IsRegular() {
			first = p
		}
		return err
	})
	if err != nil || first == "" {
		t.Fatal("no file", err)
	}
	return first
}

// TestReIDRoot: the folder that a release is unpacked into and its own give the
// same shards.
func TestReIDRoot(t *testing.T) {
	for format, cases := range reidCases() {
		for _, c := range cases {
			dir := t.TempDir()
			c.build(t, dir)
			root, _, _ := strings.Cut(c.file("?"), "?")
			outer, _ := openNoting(t, format, dir, SourceOptions{})
			inner, _ := openNoting(t, format, filepath.Join(dir, root), SourceOptions{})
			if a, b := outer.Layout().Fingerprint, inner.Layout().Fingerprint; a != b {
				t.Errorf("%s: want the same fingerprint by both folders, got %s and %s", c.name, a, b)
			}
		}
	}
}

// TestReIDOpenErrors has what no reader may take for its layout.
func TestReIDOpenErrors(t *testing.T) {
	for _, c := range []struct {
		format string
		files  []string
		want   string
	}{
		{"market1501", []string{"1/a.jpg"}, "want the folders of this layout there or one level below, got none"},
		{"market1501", []string{"query/0001_c1s1_000001_00.jpg"}, "want the folders of this layout"},
		{"market1501", []string{"a/bounding_box_train/x", "b/bounding_box_test/x"}, "want one folder of this layout, got 2: a, b: name one of them"},
		{"market1501", []string{"bounding_box_train/Thumbs.db"}, "want images, got none"},
		{"market1501", []string{"bounding_box_train/0005_c2_f0046985.jpg"}, `want names such as 0002_c1s1_000451_03.jpg, got "bounding_box_train/0005_c2_f0046985.jpg" of 1 images`},
		{"dukemtmc", []string{"bounding_box_train/0002_c1s1_000451_03.jpg"}, "want names such as 0005_c2_f0046985.jpg"},
		{"cuhk03-np", []string{"detected/bounding_box_train/0003_c1_21.png", "labeled/bounding_box_train/0003_c1_21.png"}, "got 2: detected, labeled: name one"},
		{"msmt17", []string{"train/0000/0000_000_01_0303morning_0008_0.jpg"}, "want the folders of this layout"},
		{"msmt17", []string{"list_train.txt", "bounding_box_train/0000_c1_0001.jpg"}, "want the folders train and test, or mask_train_v2 and mask_test_v2, got none of them"},
		{"lpw", []string{"scen1/0001/1.jpg"}, "want the folders of this layout"},
		{"lpw", []string{"scen1/view1/0001/boxes.txt"}, "want images such as scen1/view1/1/1.jpg, got none"},
		{"luperson-nl", []string{"jp/tokyo/Ab3/1.jpg"}, "want the folders of this layout"},
		{"luperson-nl", []string{"1_1_1.jpg"}, "want the folders of this layout"},
	} {
		dir := t.TempDir()
		for _, name := range c.files {
			writeFile(t, dir, name, []byte("x"))
		}
		s, err := openAs(c.format)(t.Context(), dir)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), c.format) {
			t.Errorf("%s of %q: want an error with %q, got %v", c.format, c.files, c.want, err)
		}
	}
	for format := range reidCases() {
		if format == "msmt17" { // its lists name what may lie elsewhere
			continue
		}
		dir := t.TempDir()
		reidCases()[format][0].build(t, dir)
		f, err := FormatByName(format, dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Open(t.Context(), dir, SourceOptions{Images: "elsewhere"}); err == nil || !strings.Contains(err.Error(), "want no folder of images apart from") {
			t.Errorf("%s with images elsewhere: got %v", format, err)
		}
	}
}

// FuzzReIDNames: no name makes a parser of names panic, and what one accepts it
// can write again.
func FuzzReIDNames(f *testing.F) {
	for _, name := range []string{
		"0002_c1s1_000451_03.jpg", "-1_c6s3_000001_00.jpg", "0005_c2_f0046985.jpg", "0003_c1_21.png", "0000_c14_0030.jpg",
		"0000_000_01_0303morning_0008_0_ex.jpg", "000012_0000345_01.jpg", "Thumbs.db", "_c_.jpg", "-_c1s_1_1.jpg", "c1s99999999999_1.jpg",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, form := range []cropName{marketName(), dukeName(), cuhk03Name(), msmt17Name()} {
			person, camera, ok := form.parse(name)
			if ok && (person < -1 || camera < 0) {
				t.Errorf("%q: got person %d, camera %d", name, person, camera)
			}
		}
		if camera, ok := msmt17Camera(name); ok && camera < 0 {
			t.Errorf("%q: got camera %d", name, camera)
		}
		if crop, ok := parseLUPerson(name); ok {
			if again, ok := parseLUPerson(crop.String()); !ok || again != crop {
				t.Errorf("%q: got %v, and of its own text %v", name, crop, again)
			}
		}
		marketFormatOf(name)
	})
}
