package check

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plip/internal/weights"
)

// perturbation writes a copy of a fixture with one wrong number.
type perturbation struct {
	name  string
	write func(path string) error
}

// mostPerturbations bounds how many copies of one fixture are checked.
const mostPerturbations = 12

func (s sample) perturbations(t *testing.T, data []byte) []perturbation {
	t.Helper()
	var all []perturbation
	if filepath.Ext(s.file) == ".json" {
		all = s.inJSON(t, data, func(path string, changed []byte) error { return os.WriteFile(path, changed, 0o666) })
	} else {
		all = s.inTensors(t)
	}
	// Spread over the fixture, the first and the last always.
	if n := len(all); n > mostPerturbations {
		var some []perturbation
		for i := range mostPerturbations {
			some = append(some, all[i*(n-1)/(mostPerturbations-1)])
		}
		return some
	}
	return all
}

// inTensors changes one element of each expected tensor, by a hundredth of the greatest magnitude, or by 1.
func (s sample) inTensors(t *testing.T) []perturbation {
	t.Helper()
	f, err := weights.OpenSafetensors(root + s.file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	var tensors []weights.Tensor
	for _, n := range f.Names() {
		w, err := f.Tensor(n)
		if err != nil {
			t.Fatal(err)
		}
		tensors = append(tensors, w)
	}
	var out []perturbation
	for i, w := range tensors {
		if !s.expected.MatchString(w.Name) || w.Len() == 0 {
			continue
		}
		out = append(out, perturbation{w.Name, func(path string) error {
			changed := append([]weights.Tensor(nil), tensors...)
			changed[i].Data = nudge(w)
			return weights.WriteSafetensors(path, changed, f.Metadata())
		}})
	}
	for _, key := range s.metadata {
		out = append(out, s.inJSON(t, []byte(`{"`+key+`":`+f.Metadata()[key]+`}`), func(path string, changed []byte) error {
			var top map[string]json.RawMessage
			if err := json.Unmarshal(changed, &top); err != nil {
				return err
			}
			meta := f.Metadata()
			meta[key] = string(top[key])
			return weights.WriteSafetensors(path, tensors, meta)
		})...)
	}
	return out
}

// nudge changes one element; which one depends on the name alone.
func nudge(w weights.Tensor) []byte {
	h := fnv.New32a()
	h.Write([]byte(w.Name))
	i := int(h.Sum32()) % int(w.Len())
	data := append([]byte(nil), w.Data...)
	switch w.DType {
	case weights.F32:
		v, err := w.Float32s()
		if err != nil {
			panic(err)
		}
		greatest := 0.0
		for _, x := range v {
			greatest = max(greatest, math.Abs(float64(x)))
		}
		bits := math.Float32bits(v[i] + float32(0.01*greatest+1e-3))
		for b := range 4 {
			data[4*i+b] = byte(bits >> (8 * b))
		}
	case weights.F64:
		bits := uint64(0)
		for b := range 8 {
			bits |= uint64(data[8*i+b]) << (8 * b)
		}
		bits = math.Float64bits(math.Float64frombits(bits) + 1e-5)
		for b := range 8 {
			data[8*i+b] = byte(bits >> (8 * b))
		}
	case weights.I64:
		data[8*i] ^= 1
	default:
		data[i] ^= 1
	}
	return data
}

// inJSON changes each expected number or text in turn.
func (s sample) inJSON(t *testing.T, data []byte, write func(path string, changed []byte) error) []perturbation {
	t.Helper()
	var places []string
	walk(decode(t, data), "", func(at string, v any) any {
		if s.expected.MatchString(at) {
			places = append(places, at)
		}
		return v
	})
	var out []perturbation
	for _, place := range places {
		out = append(out, perturbation{place, func(path string) error {
			changed := walk(decode(t, data), "", func(at string, v any) any {
				if at != place {
					return v
				}
				switch v := v.(type) {
				case float64:
					return v*1.001 + 1e-6
				case string:
					return v + "x"
				case bool:
					return !v
				}
				return "changed" // null
			})
			b, err := json.Marshal(changed)
			if err != nil {
				return err
			}
			return write(path, b)
		}})
	}
	return out
}

func decode(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// walk replaces every leaf by what f makes of it, in a fixed order.
func walk(v any, at string, f func(at string, v any) any) any {
	below := func(key string) string { return strings.TrimPrefix(at+"."+key, ".") }
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			v[k] = walk(v[k], below(k), f)
		}
		return v
	case []any:
		for i := range v {
			v[i] = walk(v[i], below(fmt.Sprint(i)), f)
		}
		return v
	}
	return f(at, v)
}
