package ingest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func openFolders(ctx context.Context, dir string) (Source, error) { return OpenFolders(ctx, dir) }

// buildFolders writes one picture for each name.
func buildFolders(t *testing.T, dir string, names ...string) {
	t.Helper()
	for i, name := range names {
		writeFile(t, dir, name, picture(t, uint64(i)))
	}
}

func foldersCase() layoutCase {
	return layoutCase{
		name: "folders",
		build: func(t *testing.T, dir string) {
			buildFolders(t, dir,
				"b/0007/0_c2s1_9.jpg", "b/0007/1_c2s1_9.jpg", "b/0007/2_c3s1_9.jpg",
				"a/12/x_c1.jpg", "a/12/inner/5/c4_1.png", // PNG by name only
				"zero/0/c1.JPEG", "zero/0/c2.JPEG", "zero/0/c3.JPEG",
				"-1/c5_junk.jpg", "b/8/c1.jpg", "b/9/c1.jpg", "b/9/c2.jpg",
			)
			writeFile(t, dir, "README.md", []byte("# not an image"))
			writeFile(t, dir, "tracks.json", []byte("{}"))
			writeFile(t, dir, "b/0007/boxes.txt", []byte("1 2 3 4"))
			writeFile(t, dir, "b/0007/._0_c2s1_9.jpg", []byte("Mac OS X"))
			writeFile(t, dir, ".cache/thumb/c1.jpg", picture(t, 50))
			if err := os.Mkdir(filepath.Join(dir, "empty.jpg"), 0o777); err != nil {
				t.Fatal(err)
			}
		},
		open: openFolders,
		file: func(p string) string { return p },
		want: []identityLines{
			{-1, [][]string{{"-1/c5_junk.jpg", "camera 5"}}},
			{12, [][]string{{"a/12/x_c1.jpg", "camera 1"}}},
			{5, [][]string{{"a/12/inner/5/c4_1.png", "camera 4"}}},
			{7, [][]string{{"b/0007/0_c2s1_9.jpg", "camera 2"}, {"b/0007/1_c2s1_9.jpg", "camera 2"}, {"b/0007/2_c3s1_9.jpg", "camera 3"}}},
			{8, [][]string{{"b/8/c1.jpg", "camera 1"}}},
			{9, [][]string{{"b/9/c1.jpg", "camera 1"}, {"b/9/c2.jpg", "camera 2"}}},
			{0, [][]string{{"zero/0/c1.JPEG", "camera 1"}, {"zero/0/c2.JPEG", "camera 2"}, {"zero/0/c3.JPEG", "camera 3"}}},
		},
	}
}

func TestFoldersNumbering(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  string // id of each identity, in order
	}{
		{[]string{"0002/a.jpg", "0010/a.jpg"}, "2 10"},
		{[]string{"2/a.jpg", "10/a.jpg"}, "10 2"}, // sorted by name, not by number
		{[]string{"alice/a.jpg", "bob/a.jpg"}, "1 2"},
		{[]string{"0002/a.jpg", "bob/a.jpg"}, "1 2"},
		{[]string{"s1/5/a.jpg", "s2/5/a.jpg", "s2/6/a.jpg"}, "1 2 3"},
		{[]string{"s1/5/a.jpg", "s2/05/a.jpg"}, "1 2"},
		{[]string{"99999999999999999999/a.jpg"}, "1"},
		{[]string{"+5/a.jpg"}, "1"},
		{[]string{"a-b/x/a.jpg", "a/x/a.jpg", "a/a.jpg"}, "1 2 3"}, // a, a/x, a-b/x
		{[]string{"3/notes.txt", "4/a.jpg"}, "4"},
	} {
		dir := t.TempDir()
		buildFolders(t, dir, c.names...)
		s, err := OpenFolders(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, identity := range collect(t, s) {
			got = append(got, strconv.FormatInt(identity.ID, 10))
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%q: want ids %s, got %s", c.names, c.want, got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFoldersOrderIsByPart(t *testing.T) {
	dir := t.TempDir()
	buildFolders(t, dir, "a-b/x/1.jpg", "a/x/1.jpg", "a/1.jpg", "a/10.jpg", "a/9.jpg", "A/1.jpg")
	s, err := OpenFolders(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := []identityLines{
		{1, [][]string{{"A/1.jpg"}}},
		{2, [][]string{{"a/1.jpg"}, {"a/10.jpg"}, {"a/9.jpg"}}},
		{3, [][]string{{"a/x/1.jpg"}}},
		{4, [][]string{{"a-b/x/1.jpg"}}},
	}
	if diff := cmp.Diff(want, spell(collect(t, s))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFoldersUnfit has one of everything that is listed but not read.
func TestFoldersUnfit(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	buildFolders(t, dir, "1/a_c1.jpg", "2/b_c1.jpg", "loose.jpg")
	buildFolders(t, outside, "person/a.jpg", "notes.txt")
	for name, target := range map[string]string{
		"1/inside.jpg":    "../2/b_c1.jpg", // fit
		"1/out.jpg":       filepath.Join(outside, "person/a.jpg"),
		"1/up.jpg":        filepath.Join("..", "..", filepath.Base(outside), "person/a.jpg"),
		"1/absolute.jpg":  filepath.Join(dir, "2/b_c1.jpg"),
		"1/nothing.jpg":   "nowhere.jpg",
		"1/loop.jpg":      "loop.jpg",
		"1/notes.txt":     filepath.Join(outside, "notes.txt"), // passed over
		"1/dangling.txt":  "nowhere.txt",                       // passed over
		"1/person.jpg":    "../2",
		"elsewhere":       filepath.Join(outside, "person"),
		"again":           "2",
		"only/escape.jpg": filepath.Join(outside, "person/a.jpg"),
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, file); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "2/pipe.jpg"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("pipe.jpg", filepath.Join(dir, "2/topipe.jpg")); err != nil {
		t.Fatal(err)
	}
	s, err := OpenFolders(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got := map[string]string{}
	for _, identity := range collect(t, s) {
		for _, sample := range identity.Samples {
			got[sample.Row.FilePath] = "fit"
			if sample.Err != nil {
				got[sample.Row.FilePath] = sample.Err.Reason
			}
		}
	}
	want := map[string]string{
		"1/a_c1.jpg": "fit", "2/b_c1.jpg": "fit", "1/inside.jpg": "fit", "loose.jpg": "no_identity",
		"1/out.jpg": "path_escape", "1/up.jpg": "path_escape", "1/absolute.jpg": "path_escape", "elsewhere": "path_escape", "only/escape.jpg": "path_escape",
		"1/nothing.jpg": "missing", "1/loop.jpg": "missing",
		"1/person.jpg": "linked_folder", "again": "linked_folder",
		"2/pipe.jpg": "not_regular", "2/topipe.jpg": "not_regular",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reason by file (-want +got):\n%s", diff)
	}
	if s.Layout().Camera { // 1/inside.jpg has none
		t.Error("camera: want no column when one image has no camera")
	}

	out := t.TempDir()
	m := writeAll(t, s, out, testOptions())
	if m.Rows != 3 || m.Identities != 2 || m.Rejects != int64(len(want))-3 {
		t.Errorf("want 3 rows, 2 identities, %d rejects; got %d, %d, %d", len(want)-3, m.Rows, m.Identities, m.Rejects)
	}
	if list := string(readDir(t, out)["rejects.jsonl"]); strings.Contains(list, outside) || strings.Contains(list, dir) {
		t.Errorf("rejects.jsonl: want no absolute path, got\n%s", list)
	}
}

// TestFoldersBadNames has names that shards cannot keep.
func TestFoldersBadNames(t *testing.T) {
	dir := t.TempDir()
	buildFolders(t, dir, "1/good.jpg", "1/latin1-\xe9.jpg", "2/back\\slash.jpg", "3\xff/a.jpg")
	s, err := OpenFolders(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out := t.TempDir()
	m := writeAll(t, s, out, testOptions())
	counts, err := RejectCounts(out)
	if m.Rows != 1 || err != nil || counts[ReasonBadPath] != 3 || len(counts) != 1 {
		t.Errorf("want 1 row and bad_path 3, got %d rows, %v, %v", m.Rows, counts, err)
	}
}

func TestFoldersWithoutIdentities(t *testing.T) {
	flat := t.TempDir()
	buildFolders(t, flat, "1.jpg", "2.jpg")
	texts := t.TempDir()
	writeFile(t, texts, "1/notes.txt", []byte("none"))
	file := filepath.Join(flat, "1.jpg")
	for dir, want := range map[string]string{
		flat:                      "folders of " + flat + ": want one folder with images (.jpg, .jpeg, .jpe, ...) an identity, got 2 images outside of such folders",
		texts:                     "folders of " + texts + ": want one folder with images (.jpg, .jpeg, .jpe, ...) an identity, got 0 images outside of such folders",
		file:                      "open folders: open " + file + ": not a directory",
		filepath.Join(flat, "no"): "open folders: open " + filepath.Join(flat, "no") + ": no such file or directory",
	} {
		if _, err := OpenFolders(t.Context(), dir); err == nil || err.Error() != want {
			t.Errorf("want error %s\ngot %v", want, err)
		}
	}
}

// TestFoldersFingerprint changes with every name and with nothing else.
func TestFoldersFingerprint(t *testing.T) {
	fingerprint := func(names ...string) string {
		dir := t.TempDir()
		buildFolders(t, dir, names...)
		writeFile(t, dir, names[0]+".txt", []byte(names[0]))
		s, err := OpenFolders(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return s.Layout().Fingerprint
	}
	base := fingerprint("1/a.jpg", "1/b.jpg", "2/a.jpg")
	if again := fingerprint("2/a.jpg", "1/b.jpg", "1/a.jpg"); again != base {
		t.Errorf("same names: want %s, got %s", base, again)
	}
	for _, names := range [][]string{{"1/a.jpg", "1/b.jpg"}, {"1/a.jpg", "1/b.jpg", "3/a.jpg"}, {"1/a.jpg", "1/b.jpg", "1/c.jpg", "2/a.jpg"}} {
		if other := fingerprint(names...); other == base {
			t.Errorf("%q: want another fingerprint than that of one image less, more or elsewhere", names)
		}
	}
}

func TestCameraOf(t *testing.T) {
	for name, want := range map[string]int32{
		"0002_c1s1_000451_03.jpg": 1, "-1_c6s4_0001_00.jpg": 6, "0000_c14_0031.jpg": 14, "0001_c2_f0046182.jpg": 2,
		"c3_17.png": 3, "c3.png": 3, "x_c0.jpg": 0, "x_cab_c7.jpg": 7,
		"0007.jpg": -1, "abc3.jpg": -1, "x_c.jpg": -1, "x_cs1.jpg": -1, "x_c1s.jpg": -1, "x_c1x.jpg": -1, "C3.jpg": -1, "x_c99999999999.jpg": -1, "x.c3": -1,
	} {
		got, ok := cameraOf(name)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%s: want %d, got %d", name, want, got)
		}
	}
}
