package weights

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// expectation is testdata/pth/expect.json: what PyTorch reads from the archives, written down by their maker.
type expectation struct {
	Files map[string]struct {
		Read   bool
		Format string
		Why    string
		Names  []string
	}
	Marker     string
	OneStorage []string `json:"one_storage"`
	Release    map[string]expectedValue
	Tensors    map[string]expectedValue
}

type expectedValue struct {
	Value  json.RawMessage
	DType  string
	Shape  []int64
	Sum    float64
	Values []float64
}

func loadExpectation(t testing.TB) expectation {
	t.Helper()
	data, err := os.ReadFile("testdata/pth/expect.json")
	if err != nil {
		t.Fatal(err)
	}
	var e expectation
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	if len(e.Files) < 14 || len(e.Release) < 150 || len(e.Tensors) < 300 {
		t.Fatalf("want the whole expectation, got %d files, %d and %d values", len(e.Files), len(e.Release), len(e.Tensors))
	}
	return e
}

func TestReadPickleReference(t *testing.T) {
	e := loadExpectation(t)
	for name, want := range e.Files {
		if !want.Read {
			continue
		}
		t.Run(name, func(t *testing.T) {
			a, err := ReadPickle(filepath.Join("testdata/pth", name))
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			if a.Format() != want.Format {
				t.Errorf("want format %q, got %q", want.Format, a.Format())
			}
			values := e.Tensors
			if strings.HasPrefix(name, "release") {
				values = e.Release
			}
			got := make(map[string]*Value)
			leaves("", a.Root(), got)
			for path, w := range values {
				checkValue(t, path, w, got[path])
			}
			for path := range got {
				if _, ok := values[path]; !ok {
					t.Errorf("%s: not in the expectation", path)
				}
			}
		})
	}
}

// leaves collects every value that is no list, tuple or dict, by its path.
func leaves(path string, v *Value, out map[string]*Value) {
	switch v.Kind() {
	case KindDict, KindList, KindTuple:
		for i, item := range v.Items() {
			part := big.NewInt(int64(i)).String()
			if keys := v.Keys(); keys != nil {
				part = keyText(keys[i])
			}
			leaves(strings.TrimPrefix(path+"/"+part, "/"), item, out)
		}
	default:
		out[path] = v
	}
}

func checkValue(t *testing.T, path string, want expectedValue, got *Value) {
	t.Helper()
	if got == nil {
		t.Errorf("%s: not read", path)
		return
	}
	if want.DType == "" {
		if text := plain(got); text != string(want.Value) {
			t.Errorf("%s: want %s, got %s", path, want.Value, text)
		}
		return
	}
	tensor, err := got.Tensor()
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	dtype := map[DType]string{F64: "float64", F32: "float32", F16: "float16", BF16: "bfloat16", I64: "int64", I32: "int32", I16: "int16", I8: "int8", U8: "uint8", Bool: "bool"}[tensor.DType]
	if dtype != want.DType || !slices.Equal(tensor.Shape, want.Shape) && len(want.Shape)+len(tensor.Shape) > 0 {
		t.Errorf("%s: want %s %v, got %s %v", path, want.DType, want.Shape, dtype, tensor.Shape)
		return
	}
	values := doubles(t, tensor)
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	if math.Abs(sum-want.Sum) > 1e-9*(1+math.Abs(want.Sum)) {
		t.Errorf("%s: want sum %v, got %v", path, want.Sum, sum)
	}
	if want.Values != nil && !slices.Equal(values, want.Values) {
		t.Errorf("%s: want %v, got %v", path, want.Values, values)
	}
}

// doubles reads any tensor without loss, except that float64 data come by their bits.
func doubles(t *testing.T, tensor Tensor) []float64 {
	t.Helper()
	out := make([]float64, 0, tensor.Len())
	switch tensor.DType {
	case F64:
		bits := tensor
		bits.DType = I64
		ints, err := bits.Int64s()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range ints {
			out = append(out, math.Float64frombits(uint64(v)))
		}
	case F32, F16, BF16:
		floats, err := tensor.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range floats {
			out = append(out, float64(v))
		}
	default:
		ints, err := tensor.Int64s()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range ints {
			out = append(out, float64(v))
		}
	}
	return out
}

// plain spells a value as JSON does in Python.
func plain(v *Value) string {
	if n, ok := v.BigInt(); ok {
		return n.String()
	}
	if b, ok := v.Bool(); ok {
		return map[bool]string{true: "true", false: "false"}[b]
	}
	if s, ok := v.Text(); ok {
		return escapeASCII(s)
	}
	if f, ok := v.Float(); ok {
		data, err := json.Marshal(f)
		if err != nil {
			return err.Error()
		}
		return string(data)
	}
	return "null"
}

// escapeASCII is a JSON string with every other character escaped, as Python writes it.
func escapeASCII(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		return err.Error()
	}
	var out strings.Builder
	for _, r := range string(quoted) {
		if r < 0x80 {
			out.WriteRune(r)
		} else {
			out.WriteString("\\u" + strings.ToLower(big.NewInt(int64(r) + 0x10000).Text(16)[1:]))
		}
	}
	return out.String()
}

func TestReadPickleRefuses(t *testing.T) {
	e := loadExpectation(t)
	os.Remove(e.Marker)
	says := map[string]string{ // part of the reason, beside the names that the expectation demands
		"bad-os-system.pth.tar":      `asks for "posix.system"`,
		"bad-eval-legacy.pth.tar":    `asks for "__builtin__.eval"`,
		"bad-storage-size.pth.tar":   `declares 1099511627776 bytes (274877906944 elements of F32), its record has 16`,
		"bad-truncated.pth.tar":      `the zip archive is cut off or damaged`,
		"bad-magic-legacy.pth.tar":   `want the magic number 0x1950a86a20f9469cfc6c, got 0x`,
		"bad-path.pth.tar":           `record "archive/data/../../../tmp/plip-escaped" climbs out of the archive`,
		"bad-stride.pth.tar":         `reaches outside the 4 elements of the storage`,
		"bad-offset.pth.tar":         `storage offset -2 is negative`,
		"bad-deep.pth.tar":           `values are nested more than 100 deep`,
		"bad-missing-record.pth.tar": `storage "7": its record "data/7" is not there`,
	}
	refused := 0
	for name, want := range e.Files {
		if want.Read {
			continue
		}
		refused++
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata/pth", name)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := ReadPickle(path)
			runtime.ReadMemStats(&after)
			var r *RefusedError
			if !errors.As(err, &r) {
				t.Fatalf("%s: want a refusal, got %v", want.Why, err)
			}
			if r.File != path || !strings.Contains(err.Error(), says[name]) || says[name] == "" {
				t.Errorf("want %q about %s, got %q", says[name], path, err)
			}
			if len(want.Names) > 0 && !slices.Contains(want.Names, r.Name) {
				t.Errorf("want one of %q refused by name, got %q", want.Names, r.Name)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
				t.Errorf("want no large allocation, got %d bytes", used)
			}
			if _, err := Load(path); !errors.As(err, &r) {
				t.Errorf("Load: want a refusal, got %v", err)
			}
		})
	}
	if refused < 10 {
		t.Errorf("want ten files to refuse, got %d", refused)
	}
	if _, err := os.Stat(e.Marker); err == nil {
		t.Errorf("%s is there: something was executed", e.Marker)
	}
}

func TestSharedStorage(t *testing.T) {
	e := loadExpectation(t)
	for _, name := range []string{"tensors.pth.tar", "tensors-legacy.pth.tar"} {
		a, err := ReadPickle(filepath.Join("testdata/pth", name))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		storages := make(map[string]struct{})
		for _, key := range e.OneStorage {
			v, ok := a.Root().Get(key).View()
			if !ok {
				t.Fatalf("%s: %s is no tensor", name, key)
			}
			storages[v.Storage] = struct{}{}
		}
		if len(storages) != 1 {
			t.Errorf("%s: want one storage for %v, got %d", name, e.OneStorage, len(storages))
		}
	}
}

func TestReleaseStateDict(t *testing.T) {
	for _, name := range []string{"release.pth.tar", "release-legacy.pth.tar"} {
		a, err := ReadPickle(filepath.Join("testdata/pth", name))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		if epoch, ok := a.Root().Get("epoch").Int(); !ok || epoch != 59 {
			t.Errorf("%s: want epoch 59, got %d", name, epoch)
		}
		if a.Root().Get("Decoder_state_dict").Get("x") != nil {
			t.Errorf("%s: want nil for what is not there", name)
		}
		image := a.StateDict().Sub("ImgEncoder_state_dict")
		var keys []string
		for _, k := range a.Root().Get("ImgEncoder_state_dict").Keys() {
			keys = append(keys, keyText(k))
		}
		if got := image.Names(); !slices.Equal(got, keys) || keys[0] != "conv1.weight" {
			t.Errorf("%s: want the order of the dict %q, got %q", name, keys, got)
		}
		if dtype, shape, ok := image.Info("conv1.weight"); !ok || dtype != F32 || !slices.Equal(shape, []int64{2, 3, 3, 3}) {
			t.Errorf("%s: conv1.weight is %s %v", name, dtype, shape)
		}
		if got := a.StateDict().Sub("TxtEncoder_state_dict.encoder").Len(); got == 0 {
			t.Errorf("%s: no text encoder", name)
		}
		if _, err := image.Tensor("conv9.weight"); err == nil || !strings.Contains(err.Error(), `no tensor "conv9.weight"`) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestHubPairs: the archive and the safetensors of one model hold the same numbers, under the old and the new names.
func TestHubPairs(t *testing.T) {
	for _, c := range []struct {
		old, new string
		rename   func(string) string
	}{
		{"testdata/bert-hub-old", "testdata/bert-hub", func(name string) string {
			return strings.NewReplacer("LayerNorm.weight", "LayerNorm.gamma", "LayerNorm.bias", "LayerNorm.beta").Replace("bert." + name)
		}},
		{"testdata/gpt2-hub-old", "testdata/gpt2-hub", func(name string) string { return strings.TrimPrefix(name, "transformer.") }},
	} {
		older, err := Load(c.old)
		if err != nil {
			t.Fatal(err)
		}
		defer older.Close()
		newer, err := Load(c.new)
		if err != nil {
			t.Fatal(err)
		}
		defer newer.Close()
		if newer.Len() < 20 || older.Len() < newer.Len() {
			t.Fatalf("%s has %d tensors, %s %d", c.new, newer.Len(), c.old, older.Len())
		}
		for _, name := range newer.Names() {
			want, err := newer.Tensor(name)
			if err != nil {
				t.Fatal(err)
			}
			got, err := older.Tensor(c.rename(name))
			if err != nil {
				t.Error(err)
				continue
			}
			if got.DType != want.DType || !slices.Equal(got.Shape, want.Shape) || !slices.Equal(got.Data, want.Data) {
				t.Errorf("%s: %s %v differs from %s %v", name, got.DType, got.Shape, want.DType, want.Shape)
			}
		}
	}
}
