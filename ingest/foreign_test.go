package ingest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"

	"plip/parquet"
)

// foreignRow is a row as the datasets library would write it.
type foreignRow struct {
	Image    *foreignImage `parquet:"image,optional"`
	PID      *int64        `parquet:"pid,optional"`
	FilePath *string       `parquet:"file_name,optional"`
	Camera   *int64        `parquet:"camera_id,optional"`
	Split    *string       `parquet:"split,optional"`
	Caption  *string       `parquet:"caption,optional"`
}

type foreignImage struct {
	Bytes []byte  `parquet:"bytes,optional"`
	Path  *string `parquet:"path,optional"`
}

func foreign(id int64, name, split, caption string, image []byte) foreignRow {
	r := foreignRow{Image: &foreignImage{Bytes: image}, PID: &id, FilePath: &name}
	if split != "" {
		camera := id % 3
		r.Split, r.Camera = &split, &camera
	}
	if caption != "" {
		r.Caption = &caption
	}
	return r
}

// writeParquet writes rows, some to a row group, without what only we write.
func writeParquet(t *testing.T, file string, rows []foreignRow) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := pq.WriteFile(file, rows, pq.MaxRowsPerRowGroup(4)); err != nil {
		t.Fatal(err)
	}
}

// foreignCase is the conformance case: two files, whose identities 1 and 2 go on in
// the second. The pictures lie beside them too, for the suite to compare with.
func foreignCase() layoutCase {
	return layoutCase{
		name: "parquet",
		build: func(t *testing.T, dir string) {
			var files [2][]foreignRow
			for i, r := range []struct {
				file, id             int
				name, split, caption string
			}{
				{0, 7, "g/0.jpg", "train", "a man"},
				{0, 7, "g/1.jpg", "train", ""},
				{0, 1, "g/2.jpg", "gallery", "a woman"},
				{0, 1, "g/3.jpg", "gallery", ""},
				{0, 2, "g/4.jpg", "gallery", ""},
				{0, 2, "g/5.jpg", "gallery", ""},
				{1, 1, "q/0.jpg", "query", "again"},
				{1, 2, "q/1.jpg", "query", ""},
				{1, 9, "q/2.jpg", "query", ""},
			} {
				image := picture(t, uint64(i))
				writeFile(t, dir, filepath.Join("pictures", r.name), image)
				files[r.file] = append(files[r.file], foreign(int64(r.id), r.name, r.split, r.caption, image))
			}
			writeParquet(t, filepath.Join(dir, "data", "gallery.parquet"), files[0])
			writeParquet(t, filepath.Join(dir, "data", "query.parquet"), files[1])
		},
		open: func(ctx context.Context, dir string) (Source, error) {
			return OpenForeign(ctx, filepath.Join(dir, "data"), SourceOptions{})
		},
		file: func(filePath string) string { return filepath.Join("pictures", filePath) },
		want: []identityLines{
			{1, [][]string{{"g/2.jpg", "camera 1", "gallery", "a woman"}, {"g/3.jpg", "camera 1", "gallery"}, {"q/0.jpg", "camera 1", "query", "again"}}},
			{2, [][]string{{"g/4.jpg", "camera 2", "gallery"}, {"g/5.jpg", "camera 2", "gallery"}, {"q/1.jpg", "camera 2", "query"}}},
			{7, [][]string{{"g/0.jpg", "camera 1", "train", "a man"}, {"g/1.jpg", "camera 1", "train"}}},
			{9, [][]string{{"q/2.jpg", "camera 0", "query"}}},
		},
	}
}

// TestForeignConformance runs the suite but for what is about files of one image.
func TestForeignConformance(t *testing.T) {
	c := foreignCase()
	t.Run("stream", c.testStream)
	t.Run("layout", c.testLayout)
	t.Run("stop", c.testStop)
	t.Run("rows", c.testRows)
	t.Run("resume", c.testResume)
}

// openRows is a source of one file with these rows, and what it noted.
func openRows(t *testing.T, rows []foreignRow) (*Foreign, []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.parquet")
	writeParquet(t, file, rows)
	var notes []string
	f, err := OpenForeign(t.Context(), file, SourceOptions{Note: func(text string) { notes = append(notes, text) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, notes
}

// TestForeignTogether keeps the order of a file in which it can be kept.
func TestForeignTogether(t *testing.T) {
	f, notes := openRows(t, []foreignRow{
		foreign(9, "b.jpg", "", "", picture(t, 1)), foreign(9, "a.jpg", "", "", picture(t, 2)), foreign(-3, "c.jpg", "", "", picture(t, 3)),
	})
	want := []identityLines{{9, [][]string{{"b.jpg"}, {"a.jpg"}}}, {-3, [][]string{{"c.jpg"}}}}
	if diff := cmp.Diff(want, spell(collect(t, f))); diff != "" || len(notes) != 0 {
		t.Errorf("(-want +got):\n%s\nnotes %q", diff, notes)
	}
}

// TestForeignNames makes names where rows have none, or share one.
func TestForeignNames(t *testing.T) {
	none := foreign(4, "", "", "", picture(t, 1))
	none.FilePath = nil
	for name, second := range map[string]foreignRow{
		"none": none, "shared": foreign(4, "a.jpg", "", "", picture(t, 1)), "empty": foreign(4, "", "", "", picture(t, 1)), "unclean": foreign(4, "x/./b.jpg", "", "", picture(t, 1)),
	} {
		f, notes := openRows(t, []foreignRow{foreign(3, "a.jpg", "", "", picture(t, 1)), second})
		want := []identityLines{{3, [][]string{{"3/row-000000000"}}}, {4, [][]string{{"4/row-000000001"}}}}
		if diff := cmp.Diff(want, spell(collect(t, f))); diff != "" || len(notes) != 1 {
			t.Errorf("%s (-want +got):\n%s\nnotes %q", name, diff, notes)
		}
	}
}

// TestForeignBad lists rows that are no use, in files in order and in others.
func TestForeignBad(t *testing.T) {
	noID, noImage, noBytes, text := foreign(1, "n.jpg", "", "", picture(t, 1)), foreign(1, "i.jpg", "", "", nil), foreign(1, "e.jpg", "", "", []byte{}), foreign(1, "t.jpg", "", "", []byte("<html>"))
	noID.PID, noImage.Image = nil, nil
	rows := []foreignRow{
		noID, foreign(1, "a.jpg", "", "", picture(t, 1)), foreign(1, "../up.jpg", "", "", picture(t, 1)), noImage, noBytes, text,
		foreign(2, "b.jpg", "", "", picture(t, 2)),
	}
	for name, rows := range map[string][]foreignRow{"together": rows, "apart": append(rows, foreign(1, "c.jpg", "", "", picture(t, 3)))} {
		f, _ := openRows(t, rows)
		out := t.TempDir()
		m := writeAll(t, f, out, testOptions())
		if want := int64(len(rows) - 5); m.Rows != want || m.Rejects != 5 {
			t.Errorf("%s: want %d rows and 5 rejects, got %d and %d", name, want, m.Rows, m.Rejects)
		}
		counts, err := RejectCounts(out)
		want := map[string]int64{ReasonNoIdentity: 1, ReasonBadPath: 1, "empty": 2, "not_image": 1}
		if diff := cmp.Diff(want, counts); err != nil || diff != "" {
			t.Errorf("%s: counts (-want +got):\n%s, %v", name, diff, err)
		}
	}
}

func TestForeignRefuses(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "a.parquet", []byte("PAR1 no PAR1"))
	writeParquet(t, filepath.Join(dir, "empty", "a.parquet"), nil)
	for src, want := range map[string]string{"a.parquet": "a.parquet", "missing": "no such file", "empty": "want a row or more"} {
		if _, err := OpenForeign(t.Context(), filepath.Join(dir, src), SourceOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want an error with %q, got %v", src, want, err)
		}
	}
	if _, err := OpenForeign(t.Context(), dir, SourceOptions{Images: "x"}); err == nil {
		t.Error("folder of images: want an error, got none")
	}
}

// TestForeignRead reads all pictures at once, then again after a cancelled read.
func TestForeignRead(t *testing.T) {
	c := foreignCase()
	s, dir := c.source(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Read(cancelled, &collect(t, s)[0].Samples[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: want %v, got %v", context.Canceled, err)
	}
	var wait sync.WaitGroup
	for _, identity := range collect(t, s) {
		for _, sample := range identity.Samples {
			wait.Go(func() {
				got, err := s.Read(t.Context(), &sample)
				want, readErr := os.ReadFile(filepath.Join(dir, c.file(sample.Row.FilePath)))
				if err := errors.Join(err, readErr); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: want its %d bytes, got %d, %v", sample.Row.FilePath, len(want), len(got), err)
				}
			})
		}
	}
	wait.Wait()
}

// TestForeignOwn reads shards of ours, those of other columns too.
func TestForeignOwn(t *testing.T) {
	c := foldersCase()
	s, _ := c.source(t)
	shards, again := t.TempDir(), t.TempDir()
	writeAll(t, s, shards, testOptions())
	f, err := OpenForeign(t.Context(), shards, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	writeAll(t, f, again, testOptions())
	read := func(dir string) (rows []parquet.Row) {
		d, err := parquet.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		err = d.Scan(t.Context(), parquet.ColAll, 0, func(_ int64, r *parquet.Row) error { rows = append(rows, *r); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	if diff := cmp.Diff(read(shards), read(again)); diff != "" {
		t.Errorf("(-shards +again):\n%s", diff)
	}
}

func TestDetectForeign(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "a [1]/train-0.parquet", nil)
	writeFile(t, dir, "b/data/x.parquet", nil)
	writeFile(t, dir, "c/data/deep/x.parquet", nil)
	writeFile(t, dir, "d/x.jpg", nil)
	for src, want := range map[string]bool{"a [1]": true, "a [1]/train-0.parquet": true, "b": true, "c": false, "d": false, "d/x.jpg": false} {
		if got, err := detectForeign(filepath.Join(dir, src)); got != want || err != nil {
			t.Errorf("%s: want %v, got %v, %v", src, want, got, err)
		}
	}
}
