package check

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"plip/internal/weights"
)

// mostAllocated is what refusing a bad archive may allocate. The files are far smaller.
const mostAllocated = 64 << 20

// archiveValue is what an archive holds at one place: a plain value, or a tensor with its sum and mostly its values.
type archiveValue struct {
	Value  json.RawMessage
	DType  string
	Shape  []int64
	Sum    float64
	Values []float64
}

// checkArchives reads the PyTorch archives beside the fixture and compares what they hold; those that must be refused
// are refused as a *weights.RefusedError by the name of what they would call, without running it (the marker file does
// not appear) and without a large allocation.
func checkArchives(f *jsonFixture) error {
	var x struct {
		Kind  string
		Files map[string]struct {
			Read   bool
			Format string
			Why    string
			Names  []string
		}
		Marker     string
		OneStorage []string `json:"one_storage"`
		Release    map[string]archiveValue
		Tensors    map[string]archiveValue
	}
	if err := f.decode(&x); err != nil {
		return err
	}
	before := changed(x.Marker)
	for _, name := range sortedKeys(x.Files) {
		file := x.Files[name]
		if !file.Read {
			f.refused(filepath.Join(f.dir, name), file.Names)
			continue
		}
		want := x.Tensors
		var shared []string
		if strings.HasPrefix(name, "release") {
			want = x.Release
		} else {
			shared = x.OneStorage
		}
		if err := f.archive(filepath.Join(f.dir, name), file.Format, want, shared); err != nil {
			return err
		}
	}
	if after := changed(x.Marker); after != before {
		f.group("refused").fail(fmt.Sprintf("%s: want it not to appear", x.Marker), math.MaxFloat64, 0)
	}
	return nil
}

// changed is when a file was written last, 0 for none.
func changed(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.ModTime().Sub(time.Unix(0, 0)).Nanoseconds()
}

func (f *jsonFixture) archive(path, format string, want map[string]archiveValue, shared []string) error {
	a, err := weights.ReadPickle(path)
	if err != nil {
		return err
	}
	defer a.Close()
	base := filepath.Base(path)
	f.text(base, base+" format", format, a.Format())
	got := map[string]*weights.Value{}
	leaves("", a.Root(), got)
	for _, at := range sortedKeys(want) {
		f.archiveValue(base, at, want[at], got[at])
	}
	for _, at := range sortedKeys(got) {
		if _, ok := want[at]; !ok {
			f.group(base).fail(at+": want nothing here", math.MaxFloat64, 0)
		}
	}
	for _, at := range shared {
		first, _ := got[shared[0]].View()
		v, ok := got[at].View()
		if !ok || v.Storage != first.Storage {
			f.group(base).fail(fmt.Sprintf("%s: want the storage of %s", at, shared[0]), math.MaxFloat64, 0)
		}
	}
	return nil
}

// leaves collects every value that is no list, tuple or dict, by its path.
func leaves(path string, v *weights.Value, out map[string]*weights.Value) {
	switch v.Kind() {
	case weights.KindDict, weights.KindList, weights.KindTuple:
		for i, item := range v.Items() {
			part := fmt.Sprint(i)
			if keys := v.Keys(); keys != nil {
				if text, ok := keys[i].Text(); ok {
					part = text
				} else if n, ok := keys[i].BigInt(); ok {
					part = n.String()
				}
			}
			leaves(strings.TrimPrefix(path+"/"+part, "/"), item, out)
		}
	default:
		out[path] = v
	}
}

// dtypeNames are PyTorch's names of the element types.
var dtypeNames = map[weights.DType]string{weights.F64: "float64", weights.F32: "float32", weights.F16: "float16", weights.BF16: "bfloat16",
	weights.I64: "int64", weights.I32: "int32", weights.I16: "int16", weights.I8: "int8", weights.U8: "uint8", weights.Bool: "bool"}

func (f *jsonFixture) archiveValue(group, at string, want archiveValue, got *weights.Value) {
	if want.DType == "" {
		f.text(group, at, plain(want.Value), plainValue(got))
		return
	}
	t, err := got.Tensor()
	if got == nil || err != nil {
		f.group(group).fail(fmt.Sprintf("%s: want a tensor, got %v", at, err), math.MaxFloat64, 0)
		return
	}
	f.text(group, at+" type", want.DType, dtypeNames[t.DType])
	f.text(group, at+" shape", fmt.Sprint(want.Shape), fmt.Sprint(t.Shape))
	values, err := doubles(t)
	if err != nil {
		f.group(group).fail(fmt.Sprintf("%s: %v", at, err), math.MaxFloat64, 0)
		return
	}
	total := 0.0
	for _, v := range values {
		total += v
	}
	f.values(group, at+" sum", []float64{want.Sum}, []float64{total}, tolerance{1e-9, 1e-9})
	if want.Values != nil {
		f.values(group, at, want.Values, values, exact)
	}
}

// doubles reads a tensor of any type without loss.
func doubles(t weights.Tensor) ([]float64, error) {
	switch t.DType {
	case weights.F64:
		out := make([]float64, t.Len())
		for i := range out {
			out[i] = math.Float64frombits(binary.LittleEndian.Uint64(t.Data[8*i:]))
		}
		return out, nil
	case weights.F32, weights.F16, weights.BF16:
		v, err := t.Float32s()
		return widen(v), err
	default:
		v, err := t.Int64s()
		return widen(v), err
	}
}

// plain spells a JSON value without a choice of notation.
func plain(raw json.RawMessage) string {
	text := string(raw)
	if n, ok := new(big.Int).SetString(text, 10); ok {
		return n.String()
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return text
	}
	return fmt.Sprintf("%T %v", v, v)
}

// plainValue spells a value of an archive as plain does.
func plainValue(v *weights.Value) string {
	if n, ok := v.BigInt(); ok {
		return n.String()
	}
	var x any
	if b, ok := v.Bool(); ok {
		x = b
	} else if s, ok := v.Text(); ok {
		x = s
	} else if d, ok := v.Float(); ok {
		x = d
	}
	return fmt.Sprintf("%T %v", x, x)
}

// refused reads an archive that must not be accepted.
func (f *jsonFixture) refused(path string, names []string) {
	base := filepath.Base(path)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a, err := weights.ReadPickle(path)
	runtime.ReadMemStats(&after)
	if err == nil {
		a.Close()
	}
	g := f.group("refused")
	g.Values++
	var refused *weights.RefusedError
	switch {
	case !errors.As(err, &refused):
		g.fail(fmt.Sprintf("%s: want it refused, got %v", base, err), math.MaxFloat64, 0)
	case len(names) > 0 && !slices.Contains(names, refused.Name):
		g.fail(fmt.Sprintf("%s: want one of %v refused, got %q", base, names, refused.Name), math.MaxFloat64, 0)
	case after.TotalAlloc-before.TotalAlloc > mostAllocated:
		g.fail(fmt.Sprintf("%s: want at most %d bytes allocated, got %d", base, mostAllocated, after.TotalAlloc-before.TotalAlloc), math.MaxFloat64, 0)
	}
}
