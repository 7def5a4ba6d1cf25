package mat_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/ingest/mat"
	"plip/ingest/mat/mattest"
)

// spell writes an array as a test spells it.
func spell(a *mat.Array) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v", a)
	if a.Logical {
		b.WriteString(" logical")
	}
	b.WriteByte('[')
	for i := range a.Len() {
		if i > 0 && a.Class != mat.Char {
			b.WriteByte(' ')
		}
		switch {
		case a.Class == mat.Cell:
			b.WriteString(spell(a.Cell(i)))
		case a.Class == mat.Struct:
			for at, name := range a.Fields() {
				fmt.Fprintf(&b, "%s:%s,", name, spell(a.FieldAt(i, at)))
			}
		case a.Class == mat.Char:
			if i == 0 {
				b.WriteString(strings.Trim(fmt.Sprintf("%q", a.Lines()), "[]"))
			}
		case a.Complex:
			fmt.Fprintf(&b, "%v", complex(a.Float(i), a.Imag(i)))
		default:
			if v, ok := a.Int(i); ok {
				fmt.Fprint(&b, v)
			} else {
				fmt.Fprint(&b, a.Float(i))
			}
		}
	}
	b.WriteByte(']')
	return b.String()
}

// TestSciPy reads files of another writer (testdata/make.py).
func TestSciPy(t *testing.T) {
	want := map[string]string{
		"matrix": "2x3 double[0 3 1 4 2 5]",
		"wide":   "1x2 int64[-4611686018427387905 4611686018427387905]",
		"waves":  "1x2 double[(1+2i) (-0-0.5i)]",
		"truth":  "1x3 uint8 logical[1 0 1]",
		"cube":   "2x3x4 int16[0 12 4 16 8 20 1 13 5 17 9 21 2 14 6 18 10 22 3 15 7 19 11 23]",
		"names":  `3x1 cell[1x3 char["hat"] 1x9 char["long coat"] 0x0 char[]]`,
		"people": `1x2 struct[name:1x3 char["Ada"],age:1x1 uint8[36], name:1x8 char["Grace é中"],age:1x1 double[85.5],]`,
		"lines":  `2x3 char["ab " "cde"]`,
		"none":   "0x0 double[]",
	}
	for _, name := range []string{"plain.mat", "packed.mat"} {
		f, err := mat.Open(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, v := range f.Names() {
			got[v] = spell(f.Variable(v))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// everything holds every class, every kind of storage and every shape of element.
func everything() []mattest.Variable {
	vs := []mattest.Variable{
		{Name: "text", Value: mattest.Text("a€𝄞")},
		{Name: "utf8", Value: mattest.Chars{Text: "a€𝄞", Stored: mattest.UTF8}},
		{Name: "utf32", Value: mattest.Chars{Text: "a€", Stored: mattest.UTF32}},
		{Name: "bytes", Value: mattest.Chars{Text: "aé", Stored: mattest.Uint8}},
		{Name: "nothing", Value: mattest.Text("")},
		{Name: "empty", Value: mattest.Empty{}},
		{Name: "cells", Value: mattest.Cells{Dims: []int{2, 2}, Values: []mattest.Value{
			mattest.Text("x"), mattest.Empty{}, mattest.Cells{Dims: []int{0, 3}}, mattest.Indices(true, 1, 2, 3, 4, 5)}}},
		{Name: "structs", Value: mattest.Structs{Dims: []int{1, 2}, Names: []string{"a", "b"}, Values: []mattest.Value{
			mattest.Text("p"), mattest.Text("q"), mattest.Indices(false, 7), mattest.One()}}},
		{Name: "complex", Value: mattest.Numbers{Class: mat.Double, Stored: mattest.Int8, Dims: []int{1, 2}, Values: []float64{-1, 2}, Imag: []float64{3, -4}}},
		{Name: "logical", Value: mattest.Numbers{Class: mat.Uint8, Stored: mattest.Uint8, Dims: []int{1, 2}, Values: []float64{1, 0}, Logical: true}},
	}
	for i, stored := range []mattest.Stored{mattest.Int8, mattest.Uint8, mattest.Int16, mattest.Uint16, mattest.Int32, mattest.Uint32,
		mattest.Int64, mattest.Uint64, mattest.Single, mattest.Double} {
		n := mattest.Numbers{Class: mat.Double, Stored: stored, Dims: []int{2, 1, 2}, Values: []float64{100, 0, 1, 120}}
		if stored != mattest.Uint8 && stored != mattest.Uint16 && stored != mattest.Uint32 && stored != mattest.Uint64 {
			n.Values[1] = -3
		}
		if i >= 2 {
			n.Values[0] = 30000
		}
		if i >= 8 {
			n.Values[2] = 0.5
		}
		vs = append(vs, mattest.Variable{Name: fmt.Sprint("stored", stored), Value: n})
	}
	return vs
}

func TestRoundTrip(t *testing.T) {
	want := []string{
		`text 1x4 char["a€𝄞"]`, `utf8 1x4 char["a€𝄞"]`, `utf32 1x2 char["a€"]`, `bytes 1x2 char["aé"]`, `nothing 0x0 char[]`,
		`empty 0x0 double[]`,
		`cells 2x2 cell[1x1 char["x"] 0x0 double[] 0x3 cell[] 5x1 double[1 2 3 4 5]]`,
		`structs 1x2 struct[a:1x1 char["p"],b:1x1 char["q"], a:1x1 double[7],b:1x1 struct[],]`,
		`complex 1x2 double[(-1+3i) (2-4i)]`, `logical 1x2 uint8 logical[1 0]`,
		`stored1 2x1x2 double[100 -3 1 120]`, `stored2 2x1x2 double[100 0 1 120]`,
		`stored3 2x1x2 double[30000 -3 1 120]`, `stored4 2x1x2 double[30000 0 1 120]`,
		`stored5 2x1x2 double[30000 -3 1 120]`, `stored6 2x1x2 double[30000 0 1 120]`,
		`stored12 2x1x2 double[30000 -3 1 120]`, `stored13 2x1x2 double[30000 0 1 120]`,
		`stored7 2x1x2 double[30000 -3 0.5 120]`, `stored9 2x1x2 double[30000 -3 0.5 120]`,
	}
	for _, o := range []mattest.Options{{}, {BigEndian: true}, {Compressed: true}, {BigEndian: true, Compressed: true}} {
		data := mattest.File(o, everything()...)
		f, err := mat.Decode(data)
		if err != nil {
			t.Fatalf("%+v: %v", o, err)
		}
		var got []string
		for _, name := range f.Names() {
			got = append(got, strings.TrimSpace(name+" "+spell(f.Variable(name))))
		}
		want := append([]string(nil), want...)
		want[5] = strings.TrimPrefix(want[5], "empty ") // an array of no bytes has no name
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", o, diff)
		}
		if !mat.HasHeader(data) || mat.HasHeader(data[:127]) {
			t.Errorf("%+v: want the header known by its 128 bytes", o)
		}
	}
}

// TestIntegers asks for integers where there are none.
func TestIntegers(t *testing.T) {
	for _, c := range []struct {
		stored mattest.Stored
		value  float64
		want   int64
		ok     bool
	}{
		{mattest.Double, 0.5, 0, false},
		{mattest.Double, 1 << 62, 1 << 62, true},
		{mattest.Double, -1 << 63, -1 << 63, true},
		{mattest.Double, 1 << 63, 0, false},
		{mattest.Uint64, 1 << 63, 0, false},
		{mattest.Single, -2, -2, true},
	} {
		data := mattest.File(mattest.Options{}, mattest.Variable{Name: "x", Value: mattest.Numbers{Class: mat.Double, Stored: c.stored, Dims: []int{1, 1}, Values: []float64{c.value}}})
		f, err := mat.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := f.Variable("x").Int(0)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%v stored as %d: want %d, %t, got %d, %t", c.value, c.stored, c.want, c.ok, got, ok)
		}
		if back := f.Variable("x").Float(0); back != c.value {
			t.Errorf("%v stored as %d: got %v", c.value, c.stored, back)
		}
	}
}

func TestNames(t *testing.T) {
	f, err := mat.Decode(mattest.File(mattest.Options{}, mattest.Variable{Name: "s", Value: mattest.One(mattest.Field{Name: "a", Value: mattest.Text("x")})},
		mattest.Variable{Name: "a_rather_long_name", Value: mattest.Text("y")}, mattest.Variable{Name: "s", Value: mattest.Text("second")}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"s", "a_rather_long_name", "s"}, f.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	s := f.Variable("s")
	if s.Class != mat.Struct || s.Field(0, "b") != nil || f.Variable("t") != nil {
		t.Errorf("want the first s and nil for what is not there, got %v, %v, %v", s, s.Field(0, "b"), f.Variable("t"))
	}
	if text, ok := s.Field(0, "a").Text(); text != "x" || !ok {
		t.Errorf(`field a: want "x", got %q, %t`, text, ok)
	}
	if _, ok := s.Text(); ok {
		t.Error("text of a struct: want none")
	}
}

// TestInflateLimit counts what all elements inflate to.
func TestInflateLimit(t *testing.T) {
	v := mattest.Variable{Name: "x", Value: mattest.Indices(false, 1, 2, 3, 4, 5)} // 56 bytes
	data := mattest.File(mattest.Options{Compressed: true}, v, v)
	if _, err := mat.DecodeAtMost(data, 112); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := mat.DecodeAtMost(data, 111); err == nil || !strings.Contains(err.Error(), "want at most 55 bytes, got 56") {
		t.Errorf("past the limit: got %v", err)
	}
}

// TestTextWithoutCodes has text whose codes were left out, as released files have.
func TestTextWithoutCodes(t *testing.T) {
	data := patch(mattest.Text(""), atDims+8, 1, 0, 0, 0, 5)
	f, err := mat.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if text, ok := f.Variable("x").Text(); text != "" || !ok || f.Variable("x").Len() != 0 {
		t.Errorf("want empty text, got %q, %t of %v", text, ok, f.Variable("x"))
	}
}

// FuzzDecode walks whatever decodes. Memory stays near the size of the file.
func FuzzDecode(f *testing.F) {
	f.Add(mattest.File(mattest.Options{}, everything()...))
	f.Add(mattest.File(mattest.Options{BigEndian: true}, everything()...))
	f.Add(mattest.File(mattest.Options{Compressed: true}, everything()[6:8]...))
	f.Add(nested(3))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := mat.DecodeAtMost(data, 1<<20)
		if err != nil {
			var format *mat.FormatError
			if !errors.As(err, &format) {
				t.Errorf("want a *FormatError, got %v", err)
			}
			return
		}
		for _, name := range m.Names() {
			walk(m.Variable(name))
		}
	})
}

// walk reads every value. Arrays of many elements that take no bytes, such as
// structs without fields, are not spelled.
func walk(a *mat.Array) {
	switch {
	case a.Class == mat.Cell:
		for i := range a.Len() {
			walk(a.Cell(i))
		}
	case a.Class == mat.Struct && len(a.Fields()) > 0:
		for i := range a.Len() {
			for at := range a.Fields() {
				walk(a.FieldAt(i, at))
			}
		}
	case a.Class == mat.Char:
		a.Text()
		a.Lines()
	case a.Class.IsNumeric():
		for i := range a.Len() {
			a.Float(i)
			a.Imag(i)
			a.Int(i)
		}
	}
}
