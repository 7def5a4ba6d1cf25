package export

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"plip/parquet"
	"plip/parquet/parquettest"
)

// picture is a small image, another one for every seed; every third is a PNG.
func picture(t testing.TB, seed int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 3, 5+seed%4))
	for i := range m.Pix {
		m.Pix[i] = uint8(seed*7 + i*13)
	}
	m.SetGray(0, 0, color.Gray{uint8(seed)})
	var b bytes.Buffer
	var err error
	if seed%3 == 2 {
		err = png.Encode(&b, m)
	} else {
		err = jpeg.Encode(&b, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// madeRows are n rows, three of each identity, with every shape a column takes.
func madeRows(t testing.TB, n int) []parquet.Row {
	rows := make([]parquet.Row, n)
	for i := range rows {
		r := parquet.Row{
			Image: picture(t, i), ImagePath: fmt.Sprintf("%d.jpg", i), ID: int64(i / 3 * 5), FilePath: fmt.Sprintf("cam/%d.jpg", i),
			Source: "made", Width: 3, Height: int32(5 + i%4),
		}
		if i%2 == 0 {
			camera := int32(i % 6)
			r.Camera = &camera
			r.Split = []string{"train", "query"}[i/2%2]
			r.Attributes = []string{"man", "short hair", "red shirt", "unknown", "white shoes", "bag"}
			r.PromptCaption = []string{"A man <in> a red shirt & white shoes. "}
			r.Embedding = []float32{float32(i) / 3, -1.5}
			r.Labels = []int8{int8(i % 3), -1}
		}
		if i%3 != 0 {
			r.Captions = []string{fmt.Sprintf("Mann Nr. %d in Grün.", i), "second \"caption\""}
		}
		rows[i] = r
	}
	return rows
}

func writeRows(t testing.TB, rows []parquet.Row) *parquet.Dataset {
	t.Helper()
	o := parquet.DefaultWriterOptions()
	o.Source, o.Camera, o.Split, o.Labels, o.Embedding, o.EmbeddingDim = "made", true, true, true, true, 2
	o.ShardBytes = 2000
	dir := t.TempDir()
	w, err := parquet.Create(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if err := w.Write(t.Context(), &rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, dir)
}

func open(t testing.TB, dir string) *parquet.Dataset {
	t.Helper()
	d, err := parquet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func testOptions() Options {
	o := DefaultOptions()
	o.Config = map[string]string{"input": "x"}
	o.PartIdentities, o.TarBytes, o.BatchBytes = 3, 2500, 1500
	return o
}

// files is every file below dir by its path.
func compareFiles(t *testing.T, want, got map[string]string) {
	t.Helper()
	for name, data := range want {
		if other, ok := got[name]; !ok {
			t.Errorf("want file %s, got none", name)
		} else if data != other {
			t.Errorf("%s: want the bytes\n%.300q, got\n%.300q", name, data, other)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("want no file %s, got one", name)
		}
	}
}

var errKilled = errors.New("killed")

// TestKilled ends a run before each of its steps in turn, leaves what a killed
// process may leave beside that, and goes on. At every moment a file under its
// final name is whole, and in the end all are those of an undisturbed run.
func TestKilled(t *testing.T) {
	d := writeRows(t, madeRows(t, 15))
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			undisturbed := t.TempDir()
			steps := 0
			count := func(string) error { steps++; return nil }
			if _, err := write(t.Context(), d, f, undisturbed, testOptions(), count); err != nil {
				t.Fatal(err)
			}
			want := parquettest.Files(t, undisturbed)
			if steps < 15 {
				t.Fatalf("want 15 steps or more for this test, got %d", steps)
			}
			for stop := range steps {
				dir := t.TempDir()
				for _, left := range []int{stop, stop / 2} {
					last := ""
					kill := func(what string) error {
						if left--; left < 0 {
							last = what
							return errKilled
						}
						return nil
					}
					_, err := write(t.Context(), d, f, dir, testOptions(), kill)
					if err != nil && !errors.Is(err, errKilled) && !errors.Is(err, parquet.ErrFinished) {
						t.Fatal(err)
					}
					checkWhole(t, want, parquettest.Files(t, dir), last)
					spoilStage(t, dir)
				}
				if _, err := Write(t.Context(), d, f, dir, testOptions()); err != nil && !errors.Is(err, parquet.ErrFinished) {
					t.Fatal(err)
				}
				compareFiles(t, want, parquettest.Files(t, dir))
				if t.Failed() {
					t.Fatalf("killed before step %d of %d", stop, steps)
				}
			}
		})
	}
}

// checkWhole compares the files that have their final name.
func checkWhole(t *testing.T, want, got map[string]string, before string) {
	t.Helper()
	for name, data := range got {
		if strings.HasPrefix(name, stageDir+"/") {
			continue
		}
		if data != want[name] {
			t.Errorf("killed before %q: %s: want the bytes of an undisturbed run, got others", before, name)
		}
	}
}

// spoilStage leaves half a picture, and more lines than the state counts.
func spoilStage(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, stateName))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := readState(f)
	if err != nil {
		t.Fatal(err)
	}
	if s.Whole {
		return // growing files are complete, and pictures in place
	}
	if err := os.MkdirAll(filepath.Join(dir, newDir), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, newDir, "0"), []byte("\xff\xd8half"), 0o666); err != nil {
		t.Fatal(err)
	}
	for name := range parquettest.Files(t, filepath.Join(dir, stageDir)) {
		if !strings.HasPrefix(name, "text/") {
			continue
		}
		f, err := os.OpenFile(filepath.Join(dir, stageDir, name), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString("half a line")
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFinishedAndRefused(t *testing.T) {
	d := writeRows(t, madeRows(t, 9))
	f := Formats()[0]
	dir := t.TempDir()
	first, err := Write(t.Context(), d, f, dir, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	if want := (Summary{Rows: 9, Identities: 3, Captions: 12, Files: 9}); first != want {
		t.Errorf("summary: want %+v, got %+v", want, first)
	}
	before := parquettest.Files(t, dir)
	again, err := Write(t.Context(), d, f, dir, testOptions())
	if !errors.Is(err, parquet.ErrFinished) || again != first {
		t.Errorf("again: want %v with %+v, got %v with %+v", parquet.ErrFinished, first, err, again)
	}
	var mismatch *parquet.ConfigMismatchError
	o := testOptions()
	o.PartIdentities = 4
	if _, err := Write(t.Context(), d, f, dir, o); !errors.As(err, &mismatch) || mismatch.Diffs[0].Key != "part-identities" {
		t.Errorf("other options: want a mismatch of part-identities, got %v", err)
	}
	if _, err := Write(t.Context(), d, Formats()[1], dir, testOptions()); !errors.As(err, &mismatch) {
		t.Errorf("other format: want a mismatch, got %v", err)
	}
	compareFiles(t, before, parquettest.Files(t, dir))

	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "mine.txt"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), d, f, other, testOptions()); err == nil || !strings.Contains(err.Error(), "mine.txt") {
		t.Errorf("folder of another: want an error that names mine.txt, got %v", err)
	}
	lock, err := parquet.LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if _, err := Write(t.Context(), d, f, dir, testOptions()); !errors.Is(err, parquet.ErrLocked) {
		t.Errorf("locked folder: want %v, got %v", parquet.ErrLocked, err)
	}
	if _, err := Write(t.Context(), d, f, t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "tar bytes") {
		t.Errorf("no options: want an error that names each, got %v", err)
	}
}

// TestStaysBelowRoot puts a link to elsewhere where a folder is to be.
func TestStaysBelowRoot(t *testing.T) {
	d := writeRows(t, madeRows(t, 9))
	dir, outside := t.TempDir(), t.TempDir()
	left := 6
	stop := func(string) error {
		if left--; left < 0 {
			return errKilled
		}
		return nil
	}
	if _, err := write(t.Context(), d, Formats()[0], dir, testOptions(), stop); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "Part1")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "Part1")); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), d, Formats()[0], dir, testOptions()); err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("want an error that says the path escapes, got %v", err)
	}
	if got := parquettest.Files(t, outside); len(got) > 0 {
		t.Errorf("want nothing outside, got %v", got)
	}
}

// TestBadRows names the row of what an export cannot hold.
func TestBadRows(t *testing.T) {
	type foreign struct {
		Image    []byte `parquet:"image"`
		ID       int64  `parquet:"id"`
		FilePath string `parquet:"file_path"`
		Split    string `parquet:"split"`
	}
	good := func(id int64) foreign { return foreign{picture(t, 1), id, "a.jpg", "train"} }
	for name, test := range map[string]struct {
		format int
		second foreign
		want   string
	}{
		"path":     {0, foreign{picture(t, 2), 2, "../a.jpg", ""}, `row 1: column "file_path"`},
		"picture":  {2, foreign{[]byte("<html>"), 2, "b.jpg", ""}, `row 1: "b.jpg": want a JPEG`},
		"split":    {1, foreign{picture(t, 2), 2, "b.jpg", "../x"}, `row 1: "b.jpg": split: want letters`},
		"id":       {0, foreign{picture(t, 2), -1, "b.jpg", ""}, `row 1: "b.jpg": id: want 0 or more`},
		"together": {1, foreign{picture(t, 2), 2, "b.jpg", ""}, "got 3 runs of rows for 2 identities"},
	} {
		t.Run(name, func(t *testing.T) {
			rows := []foreign{good(1), test.second}
			if name == "together" {
				rows = append(rows, good(1))
			}
			src := filepath.Join(t.TempDir(), "foreign.parquet")
			if err := pq.WriteFile(src, rows); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			_, err := Write(t.Context(), open(t, src), Formats()[test.format], dir, testOptions())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want an error with %q, got %v", test.want, err)
			}
			for file := range parquettest.Files(t, dir) {
				if !strings.HasPrefix(file, stageDir+"/") {
					t.Errorf("want nothing under a final name, got %s", file)
				}
			}
		})
	}
}

// FuzzReadState feeds any bytes as a state: no panic, and what is read is written
// the same.
func FuzzReadState(f *testing.F) {
	f.Add([]byte(`{"config":{"a":"b"},"rows":3,"identities":1,"captions":2,"files":3,"aside":0,"batches":1,"texts":{"x":5},"whole":true}`))
	f.Add([]byte(`{"rows":-1}`))
	f.Add([]byte(`{"texts":{"../x":-4}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := readState(bytes.NewReader(data))
		if err != nil {
			return
		}
		b, err := s.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := readState(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("read again: %v", err)
		}
		if c, err := again.encode(); err != nil || !bytes.Equal(b, c) {
			t.Errorf("want the same state, got %s and %s, %v", b, c, err)
		}
	})
}
