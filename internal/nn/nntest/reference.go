// Package nntest helps tests compare layers and models with reference numbers, and count tensor handles.
package nntest

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"plip/internal/nn"
	"plip/internal/tensor"
	"plip/internal/weights"
)

// The tolerances, relative to the greatest magnitude in the expected tensor. Measured against the same graphs in
// float64, the references are good to 3e-6; gradients sum over more terms.
const (
	Outputs   = 1e-5
	Gradients = 1e-4
	Updates   = 1e-6 // of an optimizer's steps
)

// floor is the difference that is always allowed: gradients of attention's key biases are zero up to noise.
const floor = 1e-6

// Reference is an open safetensors file of reference numbers. Its methods fail the test where something is missing; those
// that give tensors run inside tensor.Do.
type Reference struct {
	t    testing.TB
	file *weights.File
}

// Open opens a file until the test ends.
func Open(t testing.TB, path string) *Reference {
	t.Helper()
	f, err := weights.OpenSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &Reference{t, f}
}

// Config decodes a metadata value that is JSON.
func (r *Reference) Config(key string, to any) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.file.Metadata()[key]), to); err != nil {
		r.t.Fatalf("metadata %q: %v", key, err)
	}
}

// Names lists the tensors with a prefix, without it.
func (r *Reference) Names(prefix string) []string {
	var out []string
	for _, n := range r.file.Names() {
		if rest, ok := strings.CutPrefix(n, prefix); ok {
			out = append(out, rest)
		}
	}
	return out
}

// Tensor is a tensor of the file in the scope in force.
func (r *Reference) Tensor(name string) tensor.Tensor {
	r.t.Helper()
	w, err := r.file.Tensor(name)
	if err != nil {
		r.t.Fatal(err)
	}
	x, err := nn.FromWeights(tensor.CPU, w)
	if err != nil {
		r.t.Fatal(err)
	}
	return x
}

// Load fills a store by the tensors below "param.".
func (r *Reference) Load(s *nn.Store) {
	r.t.Helper()
	if err := s.Load(below{r, "param."}, nn.LoadOptions{}); err != nil {
		r.t.Fatal(err)
	}
}

// below is the part of a file with a prefix, as a source of weights.
type below struct {
	r      *Reference
	prefix string
}

func (b below) Names() []string { return b.r.Names(b.prefix) }

func (b below) Tensor(name string) (weights.Tensor, error) { return b.r.file.Tensor(b.prefix + name) }

// Near compares a tensor with the one of a name. A failure tells the first bad index and the largest difference.
func (r *Reference) Near(name string, got tensor.Tensor, relative float64) {
	r.t.Helper()
	if !got.Defined() {
		r.t.Errorf("%s: want a tensor, got none", name)
		return
	}
	want := r.Tensor(name)
	if a, b := want.Shape(), got.Shape(); !slices.Equal(a, b) && !(want.NumElements() == 1 && got.NumElements() == 1) {
		r.t.Errorf("%s: want shape %v, got %v", name, a, b)
		return
	}
	Near(r.t, name, want.Float32s(), got.Float32s(), relative)
}

// Near compares numbers within relative times the greatest magnitude wanted, plus 1e-6.
func Near(t testing.TB, name string, want, got []float32, relative float64) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%s: want %d values, got %d", name, len(want), len(got))
		return
	}
	greatest := 0.0
	for _, w := range want {
		greatest = max(greatest, math.Abs(float64(w)))
	}
	allowed := relative*greatest + floor
	worst, first := 0.0, -1
	for i, w := range want {
		d := math.Abs(float64(w) - float64(got[i]))
		if !(d <= allowed) && first < 0 { // NaN too
			first = i
		}
		worst = max(worst, d)
	}
	if first >= 0 {
		t.Errorf("%s[%d]: want %v, got %v; largest difference %.3g, allowed %.3g", name, first, want[first], got[first], worst, allowed)
	}
}

// Gradients compares the gradients of a store's parameters with the tensors below a prefix, and drops them. Parameters
// that are not in the file must have none where the file holds all that train (complete).
func (r *Reference) Gradients(s *nn.Store, prefix string, complete bool) {
	r.t.Helper()
	names := r.Names(prefix)
	var all []tensor.Tensor
	for _, p := range s.Params() {
		all = append(all, p.Tensor)
		i := slices.Index(names, p.Name)
		switch {
		case i >= 0:
			names = slices.Delete(names, i, i+1)
			r.Near(prefix+p.Name, p.Tensor.Grad(), Gradients)
		case complete && !p.Buffer && p.Tensor.Grad().Defined():
			r.t.Errorf("%s: want no gradient, got one", p.Name)
		}
	}
	for _, n := range names {
		if !strings.HasPrefix(n, "input.") {
			r.t.Errorf("%s%s: the model has no such parameter", prefix, n)
		}
	}
	tensor.ZeroGrads(all)
}
