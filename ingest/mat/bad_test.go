package mat_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plip/ingest/mat"
	"plip/ingest/mat/mattest"
)

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
