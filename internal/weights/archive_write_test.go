package weights

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// archiveSample has every element type, a single value, an empty tensor and big numbers.
func archiveSample(t *testing.T) []ArchiveEntry {
	t.Helper()
	var all []Tensor
	for _, d := range []DType{F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool} {
		data := make([]byte, 6*d.Size())
		for i := range data {
			data[i] = byte(i) & 1
		}
		all = append(all, Tensor{Name: "x." + string(d), DType: d, Shape: []int64{2, 3}, Data: data})
	}
	all = append(all, Tensor{Name: "one", DType: I64, Shape: []int64{}, Data: []byte{7, 0, 0, 0, 0, 0, 0, 0}},
		Tensor{Name: "none", DType: F32, Shape: []int64{0, 4}, Data: []byte{}})
	return []ArchiveEntry{{Key: "epoch", Number: 7}, {Key: "big", Number: -1 << 40}, {Key: "dict", Tensors: all}, {Key: "empty", Tensors: []Tensor{}}}
}

func TestWriteArchiveRoundTrip(t *testing.T) {
	entries := archiveSample(t)
	path := filepath.Join(t.TempDir(), "x.pth.tar")
	if err := WriteArchive(path, entries); err != nil {
		t.Fatal(err)
	}
	s, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := entries[2].Tensors
	if s.Len() != len(want) {
		t.Errorf("want %d tensors, got %v", len(want), s.Names())
	}
	for _, w := range want {
		got, err := s.Tensor("dict." + w.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		if got.DType != w.DType || !slices.Equal(got.Shape, w.Shape) || !bytes.Equal(got.Data, w.Data) {
			t.Errorf("%s: want %+v, got %+v", w.Name, w, got)
		}
	}
	again := filepath.Join(t.TempDir(), "y.pth.tar")
	if err := WriteArchive(again, entries); err != nil {
		t.Fatal(err)
	}
	a, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(again)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("want equal bytes for equal arguments, got %d and %d, %v", len(a), len(b), err)
	}
	file, err := ReadPickle(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, e := range entries[:2] {
		if got, ok := file.Root().Get(e.Key).Int(); !ok || got != e.Number {
			t.Errorf("%s: want %d, got %v", e.Key, e.Number, got)
		}
	}
}

func TestWriteArchiveRefuses(t *testing.T) {
	good, err := NewFloat32("a", []int64{1}, []float32{1})
	if err != nil {
		t.Fatal(err)
	}
	short := good
	short.Shape = []int64{2}
	for want, tensors := range map[string][]Tensor{"the name is taken": {good, good}, "want 8 bytes": {short}} {
		path := filepath.Join(t.TempDir(), "x.pth.tar")
		if err := WriteArchive(path, []ArchiveEntry{{Key: "d", Tensors: tensors}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("want no file after an error, got %v", err)
		}
	}
}
