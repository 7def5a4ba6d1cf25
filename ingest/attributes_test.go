package ingest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/ingest/mat"
	"plip/ingest/mat/mattest"
)

// attributeCases are the four releases, and PETA in each of its forms.
func attributeCases() []layoutCase {
	return []layoutCase{petaCase("peta pack", mattest.PETA()), petaCase("peta archive", mattest.PETAArchive()), petaLabelCase(), pa100kCase(), rap1Case(), rap2Case()}
}

// openAttributes opens by name with options.
func openAttributes(name string, o SourceOptions) func(ctx context.Context, dir string) (Source, error) {
	return func(ctx context.Context, dir string) (Source, error) {
		f, err := FormatByName(name, dir)
		if err != nil {
			return nil, err
		}
		return f.Open(ctx, dir, o)
	}
}

// writeMat writes a MAT file; compressed is how MATLAB's default is.
func writeMat(t testing.TB, dir, name string, vs []mattest.Variable) {
	t.Helper()
	writeFile(t, dir, name, mattest.File(mattest.Options{Compressed: true}, vs...))
}

// editMat returns the variables with a field of the only struct replaced, or with a
// variable replaced where name has no struct before it; nil removes it.
func editMat(vs []mattest.Variable, name string, v mattest.Value) []mattest.Variable {
	replace := func(list []mattest.Variable) []mattest.Variable {
		out := slices.Clone(list)
		for i := range out {
			if out[i].Name == name {
				if v == nil {
					return slices.Delete(out, i, i+1)
				}
				out[i].Value = v
				return out
			}
		}
		return append(out, mattest.Variable{Name: name, Value: v})
	}
	s, ok := vs[0].Value.(mattest.Structs)
	if !ok {
		return replace(vs)
	}
	var fields []mattest.Field
	for i := range s.Names {
		fields = append(fields, mattest.Field{Name: s.Names[i], Value: s.Values[i]})
	}
	return []mattest.Variable{{Name: vs[0].Name, Value: mattest.One(replace(fields)...)}}
}

// renameMat renames a field of the only struct.
func renameMat(vs []mattest.Variable, from, to string) []mattest.Variable {
	s := vs[0].Value.(mattest.Structs)
	s.Names = slices.Clone(s.Names)
	s.Names[slices.Index(s.Names, from)] = to
	return []mattest.Variable{{Name: vs[0].Name, Value: s}}
}

// labelsOf are the labels of every image by path.
func labelsOf(t *testing.T, s Source) map[string][]int8 {
	t.Helper()
	got := map[string][]int8{}
	for _, identity := range collect(t, s) {
		for _, sample := range identity.Samples {
			if sample.Row.Attributes != nil {
				t.Errorf("%s: want no phrases, got %q", sample.Row.FilePath, sample.Row.Attributes)
			}
			got[stemOf(sample.Row.FilePath)] = sample.Row.Labels
		}
	}
	return got
}

// stemOf shortens a path to what tells images of the miniatures apart.
func stemOf(file string) string { return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)) }

// badMat opens a miniature with a spoiled annotation file.
type badMat struct {
	name string
	vs   []mattest.Variable
	want string
}

// checkBad expects an error that names the file and what is wrong.
func checkBad(t *testing.T, format, file string, c layoutCase, bad []badMat) {
	t.Helper()
	for _, b := range bad {
		dir := t.TempDir()
		c.build(t, dir)
		writeMat(t, dir, file, b.vs)
		_, err := openAttributes(format, SourceOptions{})(t.Context(), dir)
		if err == nil || !strings.Contains(err.Error(), b.want) || !strings.Contains(err.Error(), filepath.Base(file)) {
			t.Errorf("%s: want %q and the file in the error, got %v", b.name, b.want, err)
		}
	}
}

// TestAttributeFiles opens by the annotation file itself, with images elsewhere,
// and with none.
func TestAttributeFiles(t *testing.T) {
	dir, images := t.TempDir(), t.TempDir()
	writeMat(t, dir, "annotation.mat", mattest.PA100K().Variables)
	open := openAttributes("pa100k", SourceOptions{Images: images})
	file := filepath.Join(dir, "annotation.mat")
	if _, err := open(t.Context(), file); err == nil || !strings.Contains(err.Error(), `want images such as "000001.jpg" in data or`) {
		t.Errorf("no images: got %v", err)
	}
	buildFolders(t, images, "000014.jpg")
	s, err := open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n, err := TakeCensus(t.Context(), s, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []SplitCount{{Split: "test", Identities: 1, Images: 1}, {Split: "", Identities: 1, Images: 1}}
	if diff := cmp.Diff(want, n.Splits); diff != "" {
		t.Errorf("census (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]UnfitCount{{ReasonMissing, ".", 13}}, n.Unfit); diff != "" {
		t.Errorf("unfit (-want +got):\n%s", diff)
	}
	if _, err := openAttributes("pa100k", SourceOptions{})(t.Context(), images); err == nil || !strings.Contains(err.Error(), "want annotation.mat or") {
		t.Errorf("no annotations: got %v", err)
	}
}

// TestAttributePaths has names that lead out of the folder of images.
func TestAttributePaths(t *testing.T) {
	dir := t.TempDir()
	buildFolders(t, dir, "secret/000001.jpg", "set/data/000002.jpg")
	src := filepath.Join(dir, "set")
	vs := editMat(mattest.PA100K().Variables, "train_images_name", mattest.Column("../../secret/000001.jpg", "000002.jpg", "/etc/passwd"))
	writeMat(t, src, "annotation.mat", editMat(vs, "train_label", mattest.Rows([][]int{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}})))
	s, err := openAttributes("pa100k", SourceOptions{})(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	escaped := 0
	for _, identity := range collect(t, s) {
		for _, sample := range identity.Samples {
			if sample.Err != nil && sample.Err.Reason == ReasonPathEscape {
				escaped++
			}
		}
	}
	if escaped != 2 {
		t.Errorf("want 2 images with reason %s, got %d", ReasonPathEscape, escaped)
	}
}

func TestAttributeDetect(t *testing.T) {
	for _, c := range attributeCases() {
		dir := t.TempDir()
		c.build(t, dir)
		f, err := Detect(dir)
		want, _, _ := strings.Cut(c.name, " ")
		if err != nil || f.Name != want {
			t.Errorf("%s: want format %s, got %v, %v", c.name, want, f, err)
		}
	}
	dir := t.TempDir()
	buildFolders(t, dir, "1/a.jpg")
	writeFile(t, dir, "annotation.mat", []byte("not a MAT file"))
	if f, err := Detect(dir); err != nil || f.Name != "folders" {
		t.Errorf("annotation.mat that is none: want folders, got %v, %v", f, err)
	}
	writeMat(t, dir, "PETA.mat", mattest.PETA().Variables)
	if f, err := Detect(filepath.Join(dir, "PETA.mat")); err != nil || f.Name != "peta" {
		t.Errorf("PETA.mat itself: want peta, got %v, %v", f, err)
	}
	writeFile(t, dir, "annotation.mat", []byte(strings.Repeat("MATLAB 7.3 MAT-file ", 10)[:124]+"\x00\x02IM"))
	_, err := openAttributes("pa100k", SourceOptions{})(t.Context(), dir)
	if err == nil || !strings.Contains(err.Error(), "save it with the option -v7") {
		t.Errorf("version 7.3: want advice, got %v", err)
	}
}

// FuzzAttributes reads foreign annotation files as every release.
func FuzzAttributes(f *testing.F) {
	for _, vs := range [][]mattest.Variable{mattest.PETA().Variables, mattest.PA100K().Variables, mattest.RAP1().Variables, mattest.RAP2().Variables} {
		f.Add(mattest.File(mattest.Options{}, vs...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		m, err := mat.Decode(data)
		if err != nil {
			return
		}
		o := &SourceOptions{}
		for _, read := range []func() (*labelTable, error){
			func() (*labelTable, error) { t, _, err := tablePETA(m, o); return t, err },
			func() (*labelTable, error) { return tablePA100K(m) },
			func() (*labelTable, error) { return tableRAP(m, o) },
		} {
			table, err := read()
			if err != nil {
				continue
			}
			if len(table.codes) != len(table.images)*len(table.names) {
				t.Fatalf("want %d labels of %d images, got %d", len(table.names), len(table.images), len(table.codes))
			}
			table.choose(true)
			ids := map[int64]bool{}
			last := int64(-1)
			for _, i := range table.order() {
				if id := table.images[i].person; id != last && ids[id] {
					t.Errorf("identity %d appears twice", id)
				} else {
					ids[id], last = true, id
				}
				for _, code := range table.labels(i) {
					if code < 0 || code > 2 {
						t.Errorf("image %d: want a label of 0 to 2, got %d", i, code)
					}
				}
			}
		}
	})
}

// notesOf collects what the reader tells.
func notesOf(o *SourceOptions) *[]string {
	var notes []string
	o.Note = func(text string) { notes = append(notes, text) }
	return &notes
}

// removeBelow empties a folder of the miniature.
func removeBelow(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
		t.Fatal(err)
	}
}
