package weights

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sampleTensors(t testing.TB) []Tensor {
	t.Helper()
	weight, err := NewFloat32("z.weight", []int64{2, 3}, []float32{1, -2, 3.5, 0, 1e-30, 6})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := NewInt64("a.\"ids\" <é>", []int64{1}, []int64{-1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	return []Tensor{
		{Name: "mask", DType: Bool, Shape: []int64{3}, Data: []byte{1, 0, 1}},
		weight,
		ids,
		{Name: "empty", DType: F16, Shape: []int64{0, 4}, Data: []byte{}},
		{Name: "scalar", DType: BF16, Data: []byte{0x80, 0x3F}},
	}
}

func TestSafetensorsRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	tensors, meta := sampleTensors(t), map[string]string{"step": "7", "a": "<b> & \"c\"\n"}
	if err := WriteSafetensors(path, tensors, meta); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := binary.LittleEndian.Uint64(first); n%8 != 0 {
		t.Errorf("want a header that ends at a multiple of 8, got %d bytes", n)
	}
	f, err := OpenSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if d := cmp.Diff(meta, f.Metadata()); d != "" {
		t.Error(d)
	}
	var order []string
	for _, want := range tensors {
		order = append(order, want.Name)
		got, err := f.Tensor(want.Name)
		if err != nil {
			t.Fatal(err)
		}
		if got.DType != want.DType || len(got.Shape) != len(want.Shape) || !slices.Equal(got.Shape, want.Shape) || !slices.Equal(got.Data, want.Data) {
			t.Errorf("want %+v, got %+v", want, got)
		}
		begin := f.header.entries[want.Name].begin
		if begin%want.DType.Size() != 0 {
			t.Errorf("%s: begins at byte %d, not aligned to %s", want.Name, begin, want.DType)
		}
	}
	if got := f.StateDict().Names(); !slices.Equal(got, order) {
		t.Errorf("want the writer's order %q, got %q", order, got)
	}
	slices.Sort(order)
	if got := f.Names(); !slices.Equal(got, order) {
		t.Errorf("want sorted names %q, got %q", order, got)
	}
	if err := WriteSafetensors(path, tensors, meta); err != nil { // over the old file, still mapped above
		t.Fatal(err)
	}
	second, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(first, second) {
		t.Error("equal tensors gave different bytes")
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("want one file and no temporary, got %v, %v", entries, err)
	}
}

func TestWriteSafetensorsErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model.safetensors")
	if err := WriteSafetensors(path, sampleTensors(t), nil); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	one := Tensor{Name: "x", DType: U8, Shape: []int64{1}, Data: []byte{1}}
	for _, c := range []struct {
		tensors []Tensor
		want    string
	}{
		{[]Tensor{one, one}, `tensor "x": the name is taken or not allowed`},
		{[]Tensor{{Name: "__metadata__", DType: U8, Data: []byte{1}}}, `tensor "__metadata__": the name is taken`},
		{[]Tensor{{Name: "\xff", DType: U8, Data: []byte{1}}}, `not allowed`},
		{[]Tensor{{Name: "x", DType: F32, Shape: []int64{2}, Data: make([]byte, 7)}}, `tensor "x": want 8 bytes for F32 [2], got 7`},
		{[]Tensor{{Name: "x", DType: "F8", Data: []byte{1}}}, `tensor "x": unknown dtype "F8"`},
		{[]Tensor{{Name: "x", DType: F32, Shape: []int64{1 << 40, 1 << 40}}}, `is negative or too large`},
	} {
		err := WriteSafetensors(path, c.tensors, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
	if err := WriteSafetensors(filepath.Join(dir, "none", "x"), nil, nil); err == nil {
		t.Error("want an error for a folder that is not there")
	}
	after, err := os.ReadFile(path)
	if err != nil || !slices.Equal(before, after) {
		t.Error("a failed write touched the file")
	}
}

// raw builds a safetensors file by hand.
func raw(header string, data int) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), make([]byte, data)...)
}

func TestSafetensorsRefuses(t *testing.T) {
	const x = `"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"short", []byte("1234567"), "want 8 bytes of header length, the file has 7"},
		{"cap", binary.LittleEndian.AppendUint64(nil, 100_000_001), "header of 100000001 bytes, at most 100000000 are allowed"},
		{"cut", raw(`{`+x+`}`, 8)[:20], "the file has 12 more"},
		{"no object", raw(` {}`, 0), `the header does not begin with "{"`},
		{"not UTF-8", raw("{\"\xff\":1}", 0), "not UTF-8"},
		{"syntax", raw(`{`+x+`,}`, 8), "byte "},
		{"open", raw(`{`+x, 8), "byte "},
		{"trailing", raw(`{`+x+`}{`, 8), "goes on after its closing brace"},
		{"repeated", raw(`{`+x+`,`+x+`}`, 8), `key "x" stands there twice`},
		{"repeated inside", raw(`{"x":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8), `key "dtype" stands there twice`},
		{"missing", raw(`{"x":{"dtype":"F32","shape":[2]}}`, 8), "want dtype, shape and data_offsets, got 2"},
		{"unknown key", raw(`{"x":{"dtype":"F32","shape":[2],"offset":[0,8]}}`, 8), `unknown key "offset"`},
		{"dtype", raw(`{"x":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}`, 8), `dtype "F8_E4M3" is not supported`},
		{"size", raw(`{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8), "want 12 bytes for F32 [3], got 8"},
		{"overflow", raw(`{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}`, 8), "is too large"},
		{"overflow in bytes", raw(`{"x":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}`, 0), "is too large"},
		{"negative", raw(`{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}`, 8), "want an integer from 0, got -1"},
		{"fraction", raw(`{"x":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}`, 8), "want an integer from 0, got 2.0"},
		{"backwards", raw(`{"x":{"dtype":"F32","shape":[0],"data_offsets":[8,0]}}`, 8), "want data_offsets [begin, end], got [8 0]"},
		{"beyond", raw(`{`+x+`}`, 7), "ends at byte 8, the file has 7 bytes of data"},
		{"rest", raw(`{`+x+`}`, 9), "the tensors end at byte 8, the file has 9"},
		{"hole", raw(`{`+x+`,"y":{"dtype":"U8","shape":[1],"data_offsets":[9,10]}}`, 10), "bytes 8 to 9 belong to no tensor"},
		{"overlap", raw(`{`+x+`,"y":{"dtype":"U8","shape":[5],"data_offsets":[7,12]}}`, 12), "inside the tensor before it (ends at 8)"},
		{"metadata", raw(`{"__metadata__":{"a":1},`+x+`}`, 8), `"a": want a string, got 1`},
		{"tensor is text", raw(`{"x":"F32"}`, 8), "want an object, got F32"},
	} {
		path := filepath.Join(t.TempDir(), "x.safetensors")
		if err := os.WriteFile(path, c.data, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := OpenSafetensors(path)
		var r *RefusedError
		if !errors.As(err, &r) || r.File != path || !strings.Contains(r.Reason, c.want) {
			t.Errorf("%s: want a refusal with %q, got %v", c.name, c.want, err)
		}
	}
	if _, err := OpenSafetensors(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("want the error of the file system, got %v", err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSafetensors(empty); err == nil || !strings.Contains(err.Error(), "the file is empty") {
		t.Errorf("got %v", err)
	}
	if _, err := OpenSafetensors(t.TempDir()); err == nil || !strings.Contains(err.Error(), "want a regular file") {
		t.Errorf("got %v", err)
	}
}

// FuzzSafetensors: any bytes are refused, or give tensors that can be written and read again.
func FuzzSafetensors(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed")
	if err := WriteSafetensors(path, sampleTensors(f), map[string]string{"a": "b"}); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(raw(`{"x":{"dtype":"F32","shape":[9223372036854775807,0],"data_offsets":[0,0]}}`, 0))
	f.Add(raw(`{}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := parseSafetensors(data)
		if err != nil {
			var r *RefusedError
			if !errors.As(err, &r) {
				t.Fatalf("want a refusal, got %v", err)
			}
			return
		}
		var tensors []Tensor
		total := 0
		for _, name := range file.StateDict().Names() {
			tensor, err := file.Tensor(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tensor.Float32s(); err != nil {
				t.Fatal(err)
			}
			total += len(tensor.Data)
			tensors = append(tensors, tensor)
		}
		if total > len(data) {
			t.Fatalf("%d bytes of tensors from a file of %d", total, len(data))
		}
		header, err := encodeHeader(tensors, tensors, file.Metadata())
		if err != nil {
			t.Fatal(err)
		}
		for _, tensor := range tensors {
			header = append(header, tensor.Data...)
		}
		again, err := parseSafetensors(header)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(file.header.names, again.header.names); d != "" {
			t.Fatal(d)
		}
	})
}
