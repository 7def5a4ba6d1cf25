package mat_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
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

// patch overwrites bytes of a file of one variable.
func patch(v mattest.Value, at int, with ...byte) []byte {
	data := mattest.File(mattest.Options{}, mattest.Variable{Name: "x", Value: v})
	copy(data[at:], with)
	return data
}

// twoKinds has imaginary parts that are stored in another kind than the real ones.
func twoKinds() []byte {
	data := mattest.File(mattest.Options{}, mattest.Variable{Name: "x", Value: mattest.Numbers{
		Class: mat.Double, Stored: mattest.Int8, Dims: []int{1, 5}, Values: []float64{1, 2, 3, 4, 5}, Imag: []float64{1, 2, 3, 4, 5}}})
	data[atContent+16] = 2
	return data
}

// nested is depth cells inside of each other.
func nested(depth int) []byte {
	v := mattest.Text("x")
	for range depth {
		v = mattest.Cells{Dims: []int{1, 1}, Values: []mattest.Value{v}}
	}
	return mattest.File(mattest.Options{}, mattest.Variable{Name: "x", Value: v})
}

// Where the parts of a file of one variable named "x" lie: the tag of the array,
// and inside of it those of the flags, the dimensions, the (small) name and the
// content.
const (
	atTag     = 128
	atFlags   = atTag + 8
	atDims    = atFlags + 16
	atName    = atDims + 16
	atContent = atName + 8
)

func TestBadFiles(t *testing.T) {
	one := mattest.Indices(false, 1, 2, 3, 4, 5)
	cell := mattest.Cells{Dims: []int{1, 1}, Values: []mattest.Value{mattest.Text("x")}}
	plain := mattest.File(mattest.Options{}, mattest.Variable{Name: "x", Value: one})
	packed := mattest.File(mattest.Options{Compressed: true}, mattest.Variable{Name: "x", Value: one})
	header := func(at int, with string) []byte {
		data := bytes.Clone(plain)
		copy(data[at:], with)
		return data
	}
	broken := func(at int, with ...byte) []byte {
		data := bytes.Clone(packed)
		copy(data[at:], with)
		return data
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "byte 0: want a header of 128 bytes, got 0"},
		{"short header", plain[:127], "byte 127: want a header of 128 bytes, got 127"},
		{"no mark", header(126, "XX"), `byte 126: want "IM" or "MI", got "XX": no MAT file`},
		{"version", header(124, "\x00\x05"), "byte 124: version: want 0x0100, got 0x0500"},
		{"version 7.3 by number", header(124, "\x00\x02"), "byte 124: want a MAT file of level 5, got one of version 7.3: save it with the option -v7"},
		{"version 7.3 by text", header(0, "MATLAB 7.3 MAT-file"), "byte 0: want a MAT file of level 5, got one of version 7.3"},
		{"HDF5", []byte("\x89HDF\r\n\x1a\n"), "byte 0: want a MAT file of level 5, got one of version 7.3"},
		{"level 4", header(0, "\x00\x00\x03\xe8"), "byte 0: want a MAT file of level 5, got no text at its start as in level 4"},
		{"half a tag", plain[:atTag+4], "byte 128: want the 8 bytes that start an element, got 4"},
		{"cut", plain[:len(plain)-8], "byte 128: element of kind 14: want 56 bytes, got the 48 that are left"},
		{"no array", patch(one, atTag, 9), "byte 136: want an array (kind 14), got kind 9"},
		{"small element of 5", patch(one, atName, 1, 0, 5, 0), "byte 168: small element: want at most 4 bytes, got 5"},
		{"greater than what is left", patch(one, atContent+4, 255, 255, 255, 127), "byte 176: element of kind 2: want 2147483647 bytes, got the 8 that are left"},
		{"flags", patch(one, atFlags, 5), "byte 136: flags of an array: want 8 bytes of kind 6, got 8 of kind 5"},
		{"sparse", patch(one, atFlags+8, 5), `byte 136: array "x" of class sparse: want cells, structs, text or numbers`},
		{"object", patch(one, atFlags+8, 3), `byte 136: array "x" of class object`},
		{"function", patch(one, atFlags+8, 16), `byte 136: array "x" of class function`},
		{"class unknown", patch(one, atFlags+8, 77), `byte 136: array "x" of class class 77`},
		{"dimensions' kind", patch(one, atDims, 9), "byte 152: dimensions: want 2 to 64 of kind 5, got 8 bytes of kind 9"},
		{"one dimension", patch(one, atDims+4, 4), "byte 152: dimensions: want 2 to 64 of kind 5, got 4 bytes of kind 5"},
		{"negative dimension", patch(one, atDims+8, 255, 255, 255, 255), "byte 152: dimension 0: want 0 or more, got -1"},
		{"overflow", patch(one, atDims+8, 0, 0, 1, 0, 0, 0, 1, 0), "byte 152: dimensions: want 2147483647 elements at most, got more: [65536 65536]"},
		{"name's kind", patch(one, atName, 9), "byte 168: name: want kind 1, got 9"},
		{"fewer numbers", patch(one, atDims+12, 6), "byte 176: 1x6 double: want 6 numbers, got 5 bytes of kind 2"},
		{"more numbers", patch(one, atDims+12, 4), "byte 176: 1x4 double: want 4 numbers, got 5 bytes of kind 2"},
		{"numbers' kind", patch(one, atContent, 14), "byte 176: 1x5 double: want 5 numbers, got 5 bytes of kind 14"},
		{"odd numbers", patch(one, atContent, 3), "byte 176: 1x5 double: want 5 numbers, got 5 bytes of kind 3"},
		{"no imaginary parts", patch(one, atFlags+9, 8), "byte 192: want the 8 bytes that start an element, got 0"},
		{"imaginary kind", twoKinds(), "imaginary parts: want kind 1 as for the real ones, got 2"},
		{"text's kind", patch(mattest.Text("hello"), atContent, 9), "byte 176: 1x5 char: want text, got kind 9"},
		{"text's length", patch(mattest.Text("hello"), atDims+12, 4), "byte 176: 1x4 char: want 4 codes, got 10 bytes of kind 17"},
		{"no UTF-8", patch(mattest.Chars{Text: "hello", Stored: mattest.UTF8}, atContent+10, 0xff), "byte 176: 1x5 char: text: want UTF-8, got byte 0xff at 2"},
		{"cells without arrays", patch(cell, atDims+8, 0, 1, 0, 0, 0, 1), "byte 176: 256x256 cell: want 1 arrays for each element, got 56 bytes"},
		{"cell of no array", patch(cell, atContent, 9), "byte 176: 1x1 cell: element 0: want an array (kind 14), got kind 9"},
		{"too deep", nested(65), "want at most 64 arrays inside of each other"},
		{"deepest but one fine, then cut", nested(64)[:atTag+16], "byte 128: element of kind 14: want"},
		{"names of no length", patch(mattest.One(mattest.Field{Name: "a", Value: one}), atContent+4, 0), "byte 184: field names: want at most 4096 of 0 bytes each, got 32 bytes"},
		{"names' length", patch(mattest.One(mattest.Field{Name: "a", Value: one}), atContent+4, 7), "byte 184: field names: want at most 4096 of 7 bytes each, got 32 bytes"},
		{"names' length's kind", patch(mattest.One(), atContent, 6), "byte 176: length of field names: want 4 bytes of kind 5, got 4 of kind 6"},
		{"names' kind", patch(mattest.One(mattest.Field{Name: "a", Value: one}), atContent+8, 9), "byte 184: field names: want kind 1, got 9"},
		{"structs without arrays", patch(mattest.One(mattest.Field{Name: "a", Value: one}), atDims+8, 0, 1), "256x1 struct: want 1 arrays for each element, got"},
		{"no zlib", broken(atTag+8, 0, 0), "byte 136: compressed element: zlib: invalid header"},
		{"zlib cut", cutElement(packed, 20), "byte 136: compressed element: want 56 bytes, got"},
		{"checksum", broken(len(packed)-1, packed[len(packed)-1]^1), "byte 136: compressed element: want 56 bytes: zlib: invalid checksum"},
		{"compressed, then bad", compress(patch(one, atDims+12, 6)), "byte 48 of what is compressed at byte 128: 1x6 double: want 6 numbers"},
		{"compressed twice", compress(packed), "byte 136: compressed element: want an array (kind 14) in it, got kind 15"},
		{"compressed with more", compress(append(bytes.Clone(plain), 0)), "byte 136: compressed element: want 56 bytes: got more"},
		{"bomb", compress(patch(one, atTag+4, 0, 0, 0, 32)), "byte 136: compressed element: want 536870912 bytes, which"},
		{"beyond the limit", compress(patch(one, atTag+4, 0, 0, 0, 64+1)), "byte 136: compressed element: want at most 1073741824 bytes, got 1090519040"},
	} {
		_, err := mat.Decode(c.data)
		var format *mat.FormatError
		if !errors.As(err, &format) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q in a *FormatError, got %v", c.name, c.want, err)
		}
	}
	if _, err := mat.Decode(nested(64)); err != nil {
		t.Errorf("64 cells inside of each other: %v", err)
	}
	file := filepath.Join(t.TempDir(), "x.mat")
	if _, err := mat.Open(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: want %v, got %v", os.ErrNotExist, err)
	}
	if err := os.WriteFile(file, plain[:130], 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := mat.Open(file); err == nil || !strings.Contains(err.Error(), file+": byte 128: ") {
		t.Errorf("want the file and the byte in the error, got %v", err)
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

// compress packs the first element of a file.
func compress(file []byte) []byte {
	packed := mattest.Packed(file[128:])
	return append(bytes.Clone(file[:128]), packed...)
}

// cutElement shortens the only element of a packed file.
func cutElement(packed []byte, by int) []byte {
	data := bytes.Clone(packed[:len(packed)-by])
	binary.LittleEndian.PutUint32(data[132:], uint32(len(data)-136))
	return data
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
