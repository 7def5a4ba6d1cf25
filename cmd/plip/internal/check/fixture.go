package check

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"plip/internal/nn"
	"plip/internal/tensor"
	"plip/internal/weights"
)

// tensorFixture is an open safetensors fixture. Its methods that give tensors run inside tensor.Do and unwind to it
// where a tensor is missing.
type tensorFixture struct {
	comparison
	dir  string // where companions lie
	file *weights.File
	met  map[string]bool // tensors that were read
}

// config decodes a metadata value. What is no plain text is JSON, or Python's True and False.
func (f *tensorFixture) config(key string, to any) error {
	v, ok := f.file.Metadata()[key]
	if !ok {
		return fmt.Errorf("metadata: %q is missing", key)
	}
	switch v {
	case "True", "False":
		v = strings.ToLower(v)
	}
	if err := json.Unmarshal([]byte(v), to); err != nil {
		return fmt.Errorf("metadata: %q: %w", key, err)
	}
	return nil
}

// configs decodes several metadata values.
func (f *tensorFixture) configs(to map[string]any) error {
	var errs []error
	for key, v := range to {
		errs = append(errs, f.config(key, v))
	}
	return errors.Join(errs...)
}

// has tells whether metadata holds a key.
func (f *tensorFixture) has(key string) bool {
	_, ok := f.file.Metadata()[key]
	return ok
}

// read gives a tensor of the file and notes that it was used.
func (f *tensorFixture) read(name string) weights.Tensor {
	w, err := f.file.Tensor(name)
	tensor.Check(err == nil, "fixture", "%v", err)
	f.met[name] = true
	return w
}

// input is a tensor of the file in the scope in force.
func (f *tensorFixture) input(name string) tensor.Tensor {
	t, err := nn.FromWeights(tensor.CPU, f.read(name))
	tensor.Check(err == nil, "fixture", "%v", err)
	return t
}

// expected gives the numbers of a tensor and its shape.
func (f *tensorFixture) expected(name string) ([]float64, []int64) {
	w := f.read(name)
	if w.DType == weights.F64 {
		v := make([]float64, w.Len())
		for i := range v {
			v[i] = math.Float64frombits(binary.LittleEndian.Uint64(w.Data[8*i:]))
		}
		return v, w.Shape
	}
	if ints, err := w.Int64s(); err == nil {
		return widen(ints), w.Shape
	}
	v, err := w.Float32s()
	tensor.Check(err == nil, "fixture", "%v", err)
	return widen(v), w.Shape
}

// names lists the tensors with a prefix, without it.
func (f *tensorFixture) names(prefix string) []string {
	var out []string
	for _, n := range f.file.Names() {
		if rest, ok := strings.CutPrefix(n, prefix); ok {
			out = append(out, rest)
		}
	}
	return out
}

// load fills a store by the tensors with a prefix.
func (f *tensorFixture) load(s *nn.Store, prefix string) error {
	return s.Load(prefixed{f, prefix}, nn.LoadOptions{})
}

// prefixed is the part of a fixture that holds weights.
type prefixed struct {
	f      *tensorFixture
	prefix string
}

func (p prefixed) Names() []string { return p.f.names(p.prefix) }

func (p prefixed) Tensor(name string) (weights.Tensor, error) {
	p.f.met[p.prefix+name] = true
	return p.f.file.Tensor(p.prefix + name)
}

// gradients compares the gradients of a store's parameters with the tensors of a prefix, by name. Parameters of the
// prefix input. are not the store's.
func (f *tensorFixture) gradients(s *nn.Store, prefix string) {
	group := strings.TrimSuffix(prefix, ".")
	for _, name := range f.names(prefix) {
		if strings.HasPrefix(name, "input.") {
			continue
		}
		p, ok := s.Lookup(name)
		if !ok {
			f.read(prefix + name)
			f.group(group).fail(prefix+name+": the model has no such parameter", math.MaxFloat64, 0)
			continue
		}
		f.compare(group, prefix+name, p.Tensor.Grad(), gradients)
	}
}

// leftover reports the tensors that nothing met, unless err says already why.
func (f *tensorFixture) leftover(err error) error {
	if err != nil {
		return nil
	}
	var left []string
	for _, n := range f.file.Names() {
		if !f.met[n] {
			left = append(left, n)
		}
	}
	if len(left) == 0 {
		return nil
	}
	return fmt.Errorf("%d tensors were not compared: %s", len(left), strings.Join(left, ", "))
}

// jsonFixture is a JSON fixture.
type jsonFixture struct {
	comparison
	dir  string // where companions lie
	data []byte
}

// decode reads the fixture; a key that to has no place for is an error.
func (f *jsonFixture) decode(to any) error {
	d := json.NewDecoder(bytes.NewReader(f.data))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("read fixture: %w", err)
	}
	return nil
}
