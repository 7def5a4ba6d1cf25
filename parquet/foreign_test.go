package parquet

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"
)

// TestForeign reads the files of testdata/foreign/make.py.
func TestForeign(t *testing.T) {
	image := func(i int) []byte {
		b := []byte{0xFF, 0xD8, byte(i)}
		for j := range 40 {
			b = append(b, byte(i+j))
		}
		return b
	}
	caption := func(i int) string { return fmt.Sprintf("caption %d", i) }
	for _, test := range []struct {
		file       string
		identities int64
		columns    []string
		want       func(i int) Row
	}{
		{"struct.parquet", 4, []string{"camera", "embedding"}, func(i int) Row {
			r := Row{Image: image(i), ImagePath: fmt.Sprintf("%d.jpg", i), FilePath: fmt.Sprintf("%d.jpg", i), ID: int64(i / 3)}
			if i%2 == 1 {
				r.Captions = []string{caption(i), "naïve"}
				r.Embedding = []float32{float32(i), float32(-i)}
			}
			if i%4 != 0 {
				camera := int32(i)
				r.Camera = &camera
			}
			return r
		}},
		{"bytes.parquet", 4, []string{"split"}, func(i int) Row {
			r := Row{Image: image(i % 3), ID: int64(i / 3), Split: []string{"test", "train"}[i%2]}
			if i%2 == 1 {
				r.Captions = []string{caption(i)}
			}
			return r
		}},
		{"delta.parquet", 4, nil, func(i int) Row {
			return Row{Image: image(i), ImagePath: fmt.Sprintf("%d.jpg", i), FilePath: fmt.Sprintf("d/%d.jpg", i), ID: 1<<32 - 1 - int64(i/3)}
		}},
		{"duckdb.parquet", 12, nil, func(i int) Row {
			return Row{Image: []byte{'x', byte(i % 10)}, ID: int64(i), Captions: []string{"a", "b"}}
		}},
	} {
		t.Run(test.file, func(t *testing.T) {
			file := filepath.Join("testdata", "foreign", test.file)
			want := make([]Row, 12)
			for i := range want {
				want[i] = test.want(i)
			}
			if diff := diffRows(want, readDataset(t, file)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			d := openTest(t, file)
			if d.NumRows() != 12 || d.NumIdentities() != test.identities {
				t.Errorf("want 12 rows of %d identities, got %d of %d", test.identities, d.NumRows(), d.NumIdentities())
			}
			if diff := cmp.Diff(test.columns, d.Manifest().Columns); diff != "" {
				t.Errorf("optional columns (-want +got):\n%s", diff)
			}
			err := d.Scan(t.Context(), ColMeta, 0, func(i int64, r *Row) error {
				if r.FilePath != want[i].FilePath || r.ID != want[i].ID {
					t.Errorf("row %d without its picture: want %d %q, got %d %q", i, want[i].ID, want[i].FilePath, r.ID, r.FilePath)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			for i := int64(11); i >= 0; i -= 3 {
				got, err := d.Row(t.Context(), i, ColAll)
				if err != nil {
					t.Fatal(err)
				}
				if diff := diffRows(&want[i], got); diff != "" {
					t.Errorf("row %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

func TestForeignFolder(t *testing.T) {
	dir := t.TempDir()
	for name, file := range map[string]string{"b/0.parquet": "bytes.parquet", "a.parquet": "duckdb.parquet", ".hidden.parquet": "bad.parquet"} {
		copyFile(t, filepath.Join("testdata", "foreign", file), filepath.Join(dir, filepath.FromSlash(name)))
	}
	rows := readDataset(t, dir)
	if len(rows) != 24 || rows[0].Image[0] != 'x' || rows[12].Image[0] != 0xFF {
		t.Errorf("want the 12 rows of a.parquet and then the 12 of b/0.parquet, got %d", len(rows))
	}
	if n := openTest(t, dir).NumIdentities(); n != 12 {
		t.Errorf("identities: want 12 different ones, got %d", n)
	}
}

func TestBadRows(t *testing.T) {
	d := openTest(t, filepath.Join("testdata", "foreign", "bad.parquet"))
	want := []string{
		`bad.parquet: row 1: column "image": want a value, got none`,
		`bad.parquet: row 3: column "file_path": want a relative path, got "/etc/x.jpg"`,
		`bad.parquet: row 5: column "file_path": want a path below its root, got "a/../../x.jpg"`,
		`bad.parquet: row 7: column "id": want a value, got none`,
	}
	check := func(name string, got []string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	rows, err := d.ReadGroup(t.Context(), 0, ColAll)
	var bad RowErrors
	if !errors.As(err, &bad) || len(rows) != 12 {
		t.Fatalf("read group: want 12 rows and RowErrors, got %d and %v", len(rows), err)
	}
	var got []string
	for _, e := range bad {
		got = append(got, e.Error())
	}
	check("read group", got)

	got = nil
	good := 0
	err = d.ScanTolerant(t.Context(), ColAll, 0,
		func(int64, *Row) error { good++; return nil },
		func(i int64, e *RowError) error { got = append(got, e.Error()); return nil })
	if err != nil || good != 8 {
		t.Errorf("scan: want 8 good rows, got %d and %v", good, err)
	}
	check("scan", got)

	var first *RowError
	if err := d.Scan(t.Context(), ColAll, 0, func(int64, *Row) error { return nil }); !errors.As(err, &first) || first.Row != 1 {
		t.Errorf("scan: want to end at row 1, got %v", err)
	}
	if _, err := d.Row(t.Context(), 5, ColMeta); !errors.As(err, &first) || first.Column != "file_path" {
		t.Errorf("row 5: want its path refused, got %v", err)
	}
	if _, err := d.Row(t.Context(), 5, ColImage); err != nil {
		t.Errorf("row 5: want its picture without its path, got %v", err)
	}
}

// TestForeignColumns opens schemas that lack what we need.
func TestForeignColumns(t *testing.T) {
	type bad1 struct {
		ID int64 `parquet:"id"`
	}
	type bad2 struct {
		Image []byte `parquet:"image"`
		Name  string `parquet:"name"`
	}
	type bad3 struct {
		Image []byte  `parquet:"image"`
		ID    float64 `parquet:"id"`
	}
	type bad4 struct {
		Image int32 `parquet:"image"`
		ID    int32 `parquet:"id"`
	}
	type bad5 struct {
		Image    []byte     `parquet:"image"`
		ID       int32      `parquet:"id"`
		Captions [][]string `parquet:"captions,list"`
	}
	for _, test := range []struct {
		value any
		want  string
	}{
		{bad1{}, `want a column "image" of bytes, or a struct with bytes, got columns ["id"]`},
		{bad2{}, `want an integer column "id", got columns ["image" "name"]`},
		{bad3{}, `column "id": want [INT32 INT64], got DOUBLE`},
		{bad4{}, `column "image": want [BYTE_ARRAY], got INT(32,true)`},
		{bad5{}, `column "captions": want one list, got a list of lists`},
	} {
		file := filepath.Join(t.TempDir(), "x.parquet")
		writeForeign(t, file, pq.SchemaOf(test.value), reflect.ValueOf(test.value))
		_, err := Open(file)
		want := "open dataset: open x.parquet: " + test.want
		if err == nil || err.Error() != want {
			t.Errorf("%T: want %s, got %v", test.value, want, err)
		}
	}
}

// TestLargeGroups cuts a row group that is too large to be read at once.
func TestLargeGroups(t *testing.T) {
	type row struct {
		Image []byte `parquet:"image"`
		ID    int64  `parquet:"id"`
	}
	file := filepath.Join(t.TempDir(), "x.parquet")
	rows := make([]row, 72)
	for i := range rows {
		rows[i] = row{make([]byte, 1<<20), int64(i)}
		rows[i].Image[0] = byte(i)
	}
	writeForeign(t, file, pq.SchemaOf(row{}), reflect.ValueOf(rows))
	d := openTest(t, file)
	if len(d.Groups()) < 2 {
		t.Errorf("72 MB: want 2 groups or more, got %d", len(d.Groups()))
	}
	next := int64(0)
	for i, g := range d.Groups() {
		got, err := d.ReadGroup(t.Context(), i, ColAll)
		if err != nil {
			t.Fatal(err)
		}
		for j, r := range got {
			if r.ID != next || r.Image[0] != byte(next) || g.FirstRow+int64(j) != next {
				t.Fatalf("group %d: want row %d, got id %d at %d", i, next, r.ID, g.FirstRow+int64(j))
			}
			next++
		}
	}
	if next != 72 {
		t.Errorf("want 72 rows, got %d", next)
	}
}
