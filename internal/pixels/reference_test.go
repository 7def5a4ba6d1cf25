package pixels

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reference holds testdata/preprocess/reference.safetensors, what Pillow and torchvision made of the files beside it.
type reference struct {
	bytes  map[string][]byte // uint8 tensors by name
	floats map[string][]float32
	shape  map[string][]int
	files  map[string]struct { // by file name, at 128 x 256
		Size    [2]int
		RedSum  float64 `json:"red_sum"`
		U8Sum   int64   `json:"u8_sum"`
		Decoded int64   `json:"decoded_sum"`
	}
	normalization Normalization
}

// loadReference parses the safetensors file: an 8-byte header length, a JSON header, the tensors' bytes.
func loadReference(t *testing.T) *reference {
	t.Helper()
	data, err := os.ReadFile("testdata/preprocess/reference.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	body := 8 + binary.LittleEndian.Uint64(data)
	var header map[string]json.RawMessage
	unmarshal(t, data[8:body], &header)
	var meta map[string]string
	unmarshal(t, header["__metadata__"], &meta)
	delete(header, "__metadata__")

	r := &reference{bytes: map[string][]byte{}, floats: map[string][]float32{}, shape: map[string][]int{}}
	unmarshal(t, []byte(meta["files"]), &r.files)
	unmarshal(t, []byte(meta["normalise"]), &r.normalization)
	for name, raw := range header {
		var tensor struct {
			DType   string
			Shape   []int
			Offsets [2]uint64 `json:"data_offsets"`
		}
		unmarshal(t, raw, &tensor)
		b := data[body+tensor.Offsets[0] : body+tensor.Offsets[1]]
		r.shape[name] = tensor.Shape
		if tensor.DType == "U8" {
			r.bytes[name] = b
			continue
		}
		values := make([]float32, len(b)/4)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		r.floats[name] = values
	}
	if len(r.files) != 12 || len(r.bytes) < 20 || len(r.floats) != 3 {
		t.Fatalf("reference: got %d files, %d byte tensors, %d float tensors; want 12, at least 20, 3", len(r.files), len(r.bytes), len(r.floats))
	}
	return r
}

func unmarshal(t *testing.T, data []byte, to any) {
	t.Helper()
	if err := json.Unmarshal(data, to); err != nil {
		t.Fatal(err)
	}
}

// stem is the name of a file's tensors.
func stem(file string) string { return strings.TrimSuffix(file, filepath.Ext(file)) }

func readFile(t testing.TB, elem ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{"testdata"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// difference returns the mean and the greatest absolute difference, and where the latter is.
func difference(got, want []byte) (mean float64, most, at int) {
	sum := 0
	for i := range want {
		d := int(got[i]) - int(want[i])
		d = max(d, -d)
		sum += d
		if d > most {
			most, at = d, i
		}
	}
	return float64(sum) / float64(max(len(want), 1)), most, at
}

// checkPixels fails when got differs from want by more than the limits.
func checkPixels(t *testing.T, name string, got, want []byte, mean float64, most int) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %d bytes, want %d", name, len(got), len(want))
		return
	}
	m, d, at := difference(got, want)
	if m > mean || d > most {
		t.Errorf("%s: mean difference %.4f, greatest %d at byte %d (got %d, want %d); allowed %g and %d",
			name, m, d, at, got[at], want[at], mean, most)
	}
}
