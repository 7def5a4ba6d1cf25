package nn

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"plip/internal/tensor"
	"plip/internal/weights"
)

// Param is one named tensor of a model: a parameter, or a buffer such as a running statistic.
type Param struct {
	Name   string
	Tensor tensor.Tensor
	Buffer bool // never trained
	Frozen bool // a parameter that keeps no gradient
}

// Store owns the parameters and buffers of a model, in the order of their construction.
type Store struct {
	device tensor.Device
	params []*Param
	byName map[string]*Param
}

// NewStore makes an empty store whose tensors will live on a device.
func NewStore(device tensor.Device) *Store {
	return &Store{device: device, byName: map[string]*Param{}}
}

// Device is where the store's tensors live.
func (s *Store) Device() tensor.Device { return s.device }

// Root is the path with no prefix.
func (s *Store) Root() Path { return Path{store: s} }

// Params returns the parameters and buffers in the order of construction. The slice is the store's.
func (s *Store) Params() []*Param { return s.params }

// Lookup finds a parameter or buffer by its full name.
func (s *Store) Lookup(name string) (*Param, bool) {
	p, ok := s.byName[name]
	return p, ok
}

// Trainable returns the parameters that keep gradients, in the order of construction.
func (s *Store) Trainable() []*Param {
	var out []*Param
	for _, p := range s.params {
		if !p.Buffer && !p.Frozen {
			out = append(out, p)
		}
	}
	return out
}

// Freeze stops keeping gradients for the parameters that match, and starts for the others.
func (s *Store) Freeze(match func(name string) bool) error {
	return tensor.Do(func(*tensor.Scope) error {
		for _, p := range s.params {
			if p.Buffer {
				continue
			}
			p.Frozen = match(p.Name)
			p.Tensor.RequireGrad(!p.Frozen)
		}
		return nil
	})
}

// Describe lists "name shape" of every parameter and buffer, sorted: what golden files hold.
func (s *Store) Describe() []string {
	var out []string
	for _, p := range s.params {
		out = append(out, fmt.Sprintf("%s %v", p.Name, p.Tensor.Shape()))
	}
	sort.Strings(out)
	return out
}

// Close frees every tensor. The store and the layers over it are unusable afterwards.
func (s *Store) Close() {
	for _, p := range s.params {
		p.Tensor.Free()
	}
	s.params, s.byName = nil, nil
}

// Path is a place in a store: where a layer's constructor puts its parameters.
type Path struct {
	store  *Store
	prefix string
}

// Sub is the path one segment further down.
func (p Path) Sub(segment string) Path { return Path{p.store, p.join(segment)} }

// Device is where the store's tensors live.
func (p Path) Device() tensor.Device { return p.store.device }

// Name is the full name of what is called name below the path.
func (p Path) Name(name string) string { return p.join(name) }

// Has tells whether there is a parameter or buffer of that name below the path.
func (p Path) Has(name string) bool {
	_, ok := p.store.byName[p.join(name)]
	return ok
}

func (p Path) join(segment string) string {
	if p.prefix == "" {
		return segment
	}
	return p.prefix + "." + segment
}

// Param makes a float32 parameter and fills it. A name that exists already is a programming error.
func (p Path) Param(name string, init Init, shape ...int64) tensor.Tensor {
	return p.add(name, init, tensor.Float32, false, shape)
}

// Buffer makes a float32 tensor that is saved with the model but never trained.
func (p Path) Buffer(name string, init Init, shape ...int64) tensor.Tensor {
	return p.add(name, init, tensor.Float32, true, shape)
}

// Counter makes an int64 buffer of one value that starts at 0.
func (p Path) Counter(name string) tensor.Tensor {
	return p.add(name, Constant(0), tensor.Int64, true, nil)
}

func (p Path) add(name string, init Init, dtype tensor.DType, buffer bool, shape []int64) tensor.Tensor {
	full := p.join(name)
	if _, ok := p.store.byName[full]; ok {
		panic("nn: internal error: parameter " + full + " made twice")
	}
	var t tensor.Tensor
	// A failed fill unwinds through here; the tensor then still belongs to the scope outside.
	restore := tensor.NoGrad()
	t = tensor.Empty(p.store.device, dtype, shape...)
	init(t)
	restore()
	tensor.Keep(t)
	if !buffer {
		t.RequireGrad(true)
	}
	param := &Param{Name: full, Tensor: t, Buffer: buffer}
	p.store.params = append(p.store.params, param)
	p.store.byName[full] = param
	return t
}

// Source is where weights come from: named tensors, such as a *weights.StateDict.
type Source interface {
	Names() []string
	Tensor(name string) (weights.Tensor, error)
}

// LoadOptions says how names are matched.
type LoadOptions struct {
	// Rename maps a name of the source to a name of the store; "" leaves the tensor aside. nil keeps names.
	Rename func(name string) string
	// AllowMissing tells which parameters may be absent from the source and keep their values. nil: none.
	AllowMissing func(name string) bool
	// AllowUnused tells which tensors of the source (by their own names) may have no place. nil: none.
	AllowUnused func(name string) bool
}

// MismatchError lists everything that differs between a source and a store.
type MismatchError struct {
	Missing, Unused, Shapes []string
}

func (e *MismatchError) Error() string {
	var parts []string
	for _, l := range []struct {
		what  string
		names []string
	}{{"missing", e.Missing}, {"not used", e.Unused}, {"other shape", e.Shapes}} {
		if len(l.names) > 0 {
			parts = append(parts, fmt.Sprintf("%d %s: %s", len(l.names), l.what, strings.Join(l.names, ", ")))
		}
	}
	return "weights do not fit the model: " + strings.Join(parts, "; ")
}

// Load copies a source's tensors over the parameters and buffers, converted to float32. Every difference in names and
// shapes is collected into one *MismatchError, and then nothing was changed.
func (s *Store) Load(src Source, o LoadOptions) error { return s.Root().Load(src, o) }

// Load is Store.Load for what lies below the path: names, those of the options too, are relative to it, and the rest of
// the store stays as it is.
func (p Path) Load(src Source, o LoadOptions) error {
	items, bad := p.match(src, o)
	for _, it := range items {
		got, err := src.Tensor(it.name)
		if err != nil {
			return err
		}
		if want := it.param.Tensor.Shape(); !slices.Equal(want, got.Shape) {
			bad.Shapes = append(bad.Shapes, fmt.Sprintf("%s: want %v, got %v", it.param.Name, want, got.Shape))
		}
	}
	if len(bad.Missing)+len(bad.Unused)+len(bad.Shapes) > 0 {
		return bad
	}
	for _, it := range items {
		if err := copyOver(it.param.Tensor, src, it.name); err != nil {
			return fmt.Errorf("load %s: %w", it.name, err)
		}
	}
	return nil
}

// loadItem is a parameter and the name its value has in the source.
type loadItem struct {
	param *Param
	name  string
}

// match pairs the source's names with the parameters below the path.
func (p Path) match(src Source, o LoadOptions) (items []loadItem, bad *MismatchError) {
	bad = &MismatchError{}
	from := map[string]string{} // the source's name by the parameter's
	for _, name := range src.Names() {
		to := name
		if o.Rename != nil {
			if to = o.Rename(name); to == "" {
				continue
			}
		}
		param, ok := p.store.byName[p.join(to)]
		switch first, twice := from[p.join(to)]; {
		case twice:
			bad.Unused = append(bad.Unused, fmt.Sprintf("%s (%s stands for the same)", name, first))
		case ok:
			from[param.Name] = name
			items = append(items, loadItem{param, name})
		case o.AllowUnused == nil || !o.AllowUnused(name):
			bad.Unused = append(bad.Unused, name)
		}
	}
	for _, param := range p.store.params {
		relative, below := param.Name, true
		if p.prefix != "" {
			relative, below = strings.CutPrefix(param.Name, p.prefix+".")
		}
		if _, ok := from[param.Name]; below && !ok && (o.AllowMissing == nil || !o.AllowMissing(relative)) {
			bad.Missing = append(bad.Missing, param.Name)
		}
	}
	return items, bad
}

// copyOver overwrites t by a tensor of the source.
func copyOver(t tensor.Tensor, src Source, name string) error {
	w, err := src.Tensor(name)
	if err != nil {
		return err
	}
	return tensor.Do(func(*tensor.Scope) error {
		defer tensor.NoGrad()()
		x, err := FromWeights(tensor.CPU, w)
		if err != nil {
			return err
		}
		t.Copy_(x)
		return nil
	})
}
