package eval

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// fixture is a safetensors file of reference numbers, written by the scripts that
// the commands' self-check describes.
type fixture struct {
	t       *testing.T
	name    string
	data    []byte
	tensors map[string]struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
}

func openFixture(t *testing.T, name string) *fixture {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "fixtures", name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(b)
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b[8:8+n], &raw); err != nil {
		t.Fatal(err)
	}
	delete(raw, "__metadata__")
	f := &fixture{t: t, name: name, data: b[8+n:]}
	rest, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(rest, &f.tensors); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) bytes(name, dtype string) ([]byte, []int) {
	f.t.Helper()
	x, ok := f.tensors[name]
	if !ok || x.DType != dtype {
		f.t.Fatalf("%s: tensor %s: want %s, got %q", f.name, name, dtype, x.DType)
	}
	return f.data[x.Offsets[0]:x.Offsets[1]], x.Shape
}

func (f *fixture) float32s(name string) []float32 {
	f.t.Helper()
	b, _ := f.bytes(name, "F32")
	v := make([]float32, len(b)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return v
}

func (f *fixture) embeddings(name string) Embeddings {
	f.t.Helper()
	_, shape := f.bytes(name, "F32")
	return Embeddings{N: shape[0], D: shape[1], Data: f.float32s(name)}
}

func (f *fixture) float64s(name string) []float64 {
	f.t.Helper()
	b, _ := f.bytes(name, "F64")
	v := make([]float64, len(b)/8)
	for i := range v {
		v[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return v
}

func (f *fixture) ints(name string) []int64 {
	f.t.Helper()
	b, _ := f.bytes(name, "I64")
	v := make([]int64, len(b)/8)
	for i := range v {
		v[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return v
}

// set reads ids and cameras of "query" or "gallery" of a re-ID fixture.
func (f *fixture) set(who string) Set {
	f.t.Helper()
	s := Set{IDs: f.ints("input." + who + "_id")}
	for _, c := range f.ints("input." + who + "_camera") {
		s.Cameras = append(s.Cameras, int32(c))
	}
	return s
}

// matrix returns scores from a matrix of distances, [Q, G].
func matrix(distance []float32, g int) Scores {
	return func(from, to int, dst []float32) error {
		for i, d := range distance[from*g : to*g] {
			dst[i] = -d
		}
		return nil
	}
}

// near checks a value against the reference within an absolute tolerance.
func near(t *testing.T, what string, want, got, tolerance float64) {
	t.Helper()
	if !(math.Abs(want-got) <= tolerance) {
		t.Errorf("%s: want %.12f, got %.12f", what, want, got)
	}
}
