package nn_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
	"plip/internal/weights"
)

// source is weights in Go memory, in a fixed order.
type source []weights.Tensor

func (s source) Names() (out []string) {
	for _, w := range s {
		out = append(out, w.Name)
	}
	return out
}

func (s source) Tensor(name string) (weights.Tensor, error) {
	for _, w := range s {
		if w.Name == name {
			return w, nil
		}
	}
	return weights.Tensor{}, fmt.Errorf("no %q", name)
}

// value is a float32 tensor filled with one number.
func value(t *testing.T, name string, v float32, shape ...int64) weights.Tensor {
	t.Helper()
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	w, err := weights.NewFloat32(name, shape, slices.Repeat([]float32{v}, int(n)))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// newStore makes a.weight [2 3], a.bias [2], b.weight [2] and the buffer b.count.
func newStore(t *testing.T) *nn.Store {
	t.Helper()
	s := nn.NewStore(tensor.CPU)
	t.Cleanup(s.Close)
	nntest.Do(t, func() {
		nn.NewLinearInit(s.Root().Sub("a"), 3, 2, nn.Constant(1), true)
		b := s.Root().Sub("b")
		b.Param("weight", nn.Constant(1), 2)
		b.Counter("count")
	})
	return s
}

// numbers are the first elements of every tensor by name.
func numbers(t *testing.T, s *nn.Store) map[string]float32 {
	t.Helper()
	out := map[string]float32{}
	nntest.Do(t, func() {
		for _, p := range s.Params() {
			out[p.Name] = p.Tensor.Float32s()[0]
		}
	})
	return out
}

func TestStoreDescribes(t *testing.T) {
	s := newStore(t)
	if diff := cmp.Diff([]string{"a.bias [2]", "a.weight [2 3]", "b.count []", "b.weight [2]"}, s.Describe()); diff != "" {
		t.Error(diff)
	}
	var order []string
	for _, p := range s.Trainable() {
		order = append(order, p.Name)
	}
	if diff := cmp.Diff([]string{"a.weight", "a.bias", "b.weight"}, order); diff != "" {
		t.Errorf("trainable, in the order of construction:\n%s", diff)
	}
	defer func() {
		if r := recover(); r != "nn: internal error: parameter a.weight made twice" {
			t.Errorf("want the name that was made twice, got %v", r)
		}
	}()
	nntest.Do(t, func() { s.Root().Sub("a").Param("weight", nn.Constant(0), 1) })
}

func TestLoadListsEveryDifference(t *testing.T) {
	s := newStore(t)
	err := s.Load(source{value(t, "a.weight", 2, 3, 2), value(t, "a.bias", 2, 2), value(t, "c", 2, 1), value(t, "d", 2, 1)}, nn.LoadOptions{})
	var bad *nn.MismatchError
	if !errors.As(err, &bad) {
		t.Fatalf("want a mismatch, got %v", err)
	}
	want := &nn.MismatchError{Missing: []string{"b.weight", "b.count"}, Unused: []string{"c", "d"}, Shapes: []string{"a.weight: want [2 3], got [3 2]"}}
	if diff := cmp.Diff(want, bad); diff != "" {
		t.Error(diff)
	}
	if text := "weights do not fit the model: 2 missing: b.weight, b.count; 2 not used: c, d; 1 other shape: a.weight: want [2 3], got [3 2]"; err.Error() != text {
		t.Errorf("want %q, got %q", text, err)
	}
	if got := numbers(t, s)["a.bias"]; got != 0 {
		t.Errorf("want nothing changed by a mismatch, got bias %v", got)
	}
}

func TestLoadRenames(t *testing.T) {
	s := newStore(t)
	o := nn.LoadOptions{
		Rename:       func(name string) string { return map[string]string{"A.w": "a.weight", "A.b": "a.bias", "x": "x"}[name] },
		AllowMissing: func(name string) bool { return name == "b.weight" || name == "b.count" },
		AllowUnused:  func(name string) bool { return name == "x" },
	}
	if err := s.Load(source{value(t, "A.w", 5, 2, 3), value(t, "A.b", 6, 2), value(t, "aside", 7, 1), value(t, "x", 8, 1)}, o); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]float32{"a.weight": 5, "a.bias": 6, "b.weight": 1, "b.count": 0}, numbers(t, s)); diff != "" {
		t.Error(diff)
	}
	o.Rename = func(string) string { return "a.bias" }
	o.AllowMissing = func(string) bool { return true }
	err := s.Load(source{value(t, "one", 5, 2), value(t, "two", 6, 2)}, o)
	var bad *nn.MismatchError
	if !errors.As(err, &bad) || !slices.Equal(bad.Unused, []string{"two (one stands for the same)"}) {
		t.Errorf("want two names for one parameter refused, got %v", err)
	}
}

// TestLoadBelowAPath fills one part of a store and leaves the rest.
func TestLoadBelowAPath(t *testing.T) {
	s := newStore(t)
	path := s.Root().Sub("a")
	if err := path.Load(source{value(t, "weight", 3, 2, 3), value(t, "bias", 4, 2)}, nn.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]float32{"a.weight": 3, "a.bias": 4, "b.weight": 1, "b.count": 0}, numbers(t, s)); diff != "" {
		t.Error(diff)
	}
	err := path.Load(source{value(t, "weight", 3, 2, 3)}, nn.LoadOptions{AllowMissing: func(name string) bool { return name == "a.bias" }})
	var bad *nn.MismatchError
	if !errors.As(err, &bad) || !slices.Equal(bad.Missing, []string{"a.bias"}) {
		t.Errorf("want names relative to the path asked for, and the full one missing, got %v", err)
	}
}

// TestWeightsRoundTrip writes a store's tensors and reads them into another.
func TestWeightsRoundTrip(t *testing.T) {
	a, b := newStore(t), newStore(t)
	nntest.Do(t, func() {
		tensor.Seed(3)
		for _, p := range a.Params() {
			if p.Buffer {
				p.Tensor.Increment_()
				continue
			}
			nn.Normal(1)(p.Tensor.Detach())
		}
	})
	var all source
	nntest.Do(t, func() {
		list, err := a.Weights()
		if err != nil {
			t.Fatal(err)
		}
		all = list
	})
	before := tensor.Live()
	if err := b.Load(all, nn.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := tensor.Live() - before; n != 0 {
		t.Errorf("%d tensor handles left by Load, want 0", n)
	}
	if diff := cmp.Diff(numbers(t, a), numbers(t, b)); diff != "" {
		t.Error(diff)
	}
}

func TestFreeze(t *testing.T) {
	s := newStore(t)
	if err := s.Freeze(func(name string) bool { return name == "a.weight" }); err != nil {
		t.Fatal(err)
	}
	frozen, _ := s.Lookup("a.weight")
	if !frozen.Frozen || frozen.Tensor.RequiresGrad() || len(s.Trainable()) != 2 {
		t.Errorf("want a.weight frozen alone, got %d that train", len(s.Trainable()))
	}
	if err := s.Freeze(func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if frozen.Frozen || !frozen.Tensor.RequiresGrad() {
		t.Error("want a.weight to train again")
	}
}

// TestInits looks at range and spread of 40,000 draws.
func TestInits(t *testing.T) {
	for _, c := range []struct {
		name      string
		init      nn.Init
		std, most float64
	}{
		{"constant", nn.Constant(0.5), 0, 0.5},
		{"normal", nn.Normal(0.02), 0.02, 0.12},
		{"fan in", nn.FanIn(16), 0.25 / math.Sqrt(3), 0.25},
		{"kaiming", nn.KaimingNormal(8), 0.5, 3},
	} {
		nntest.Do(t, func() {
			tensor.Seed(5)
			x := tensor.Empty(tensor.CPU, tensor.Float32, 200, 200)
			c.init(x)
			mean := x.Mean().Item()
			std := math.Sqrt(x.Square().Mean().Item() - mean*mean)
			if most := x.Abs().MaxDim(false, 0, 1).Item(); most > c.most || math.Abs(std-c.std) > 0.02*c.std+1e-4 {
				t.Errorf("%s: want deviation %v and at most %v, got %v and %v", c.name, c.std, c.most, std, most)
			}
		})
	}
}
