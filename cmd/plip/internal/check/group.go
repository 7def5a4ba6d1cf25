package check

import (
	"context"
	"fmt"
	"math"
	"slices"

	"plip/internal/tensor"
)

// tolerance allows a difference of relative times the greatest magnitude in the expected tensor, plus absolute.
type tolerance struct{ relative, absolute float64 }

// The tolerances of the fixtures' README. Gradients of attention's key biases are zero up to noise, which is what the
// absolute part is for.
var (
	outputs   = tolerance{1e-5, 1e-6}
	gradients = tolerance{1e-4, 1e-6}
	updates   = tolerance{1e-6, 1e-6}  // of an optimizer
	stored    = tolerance{0, 1e-6}     // figures kept as float32
	computed  = tolerance{1e-9, 1e-12} // figures kept as float64
	exact     = tolerance{}
)

// Group is the comparison of the numbers that belong together, such as all gradients.
type Group struct {
	Name    string  // such as "grad"
	Values  int     // numbers compared
	Error   float64 // the difference that comes nearest to, or farthest over, what is allowed for its tensor
	Allowed float64 // what is allowed there
	OK      bool
	Detail  string // of the worst failure: tensor, first bad index, want, got; empty when OK

	ratio float64 // Error over Allowed
}

// comparison collects groups.
type comparison struct {
	ctx    context.Context
	groups []Group
}

// group finds or begins a group.
func (c *comparison) group(name string) *Group {
	i := slices.IndexFunc(c.groups, func(g Group) bool { return g.Name == name })
	if i < 0 {
		i = len(c.groups)
		c.groups = append(c.groups, Group{Name: name, OK: true})
	}
	return &c.groups[i]
}

// values compares the numbers of one tensor and files the result under a group.
func (c *comparison) values(group, name string, want, got []float64, t tolerance) {
	g := c.group(group)
	if len(want) != len(got) {
		g.fail(fmt.Sprintf("%s: want %d values, got %d", name, len(want), len(got)), math.MaxFloat64, 0)
		return
	}
	greatest := 0.0
	for _, w := range want {
		greatest = max(greatest, math.Abs(w))
	}
	allowed := t.relative*greatest + t.absolute
	g.Values += len(want)
	worst, first := 0.0, -1
	for i, w := range want {
		d := math.Abs(w - got[i])
		if !(d <= math.MaxFloat64) { // NaN too
			d = math.MaxFloat64
		}
		worst = max(worst, d)
		if d > allowed && first < 0 {
			first = i
		}
	}
	if first >= 0 {
		g.fail(fmt.Sprintf("%s[%d]: want %v, got %v, largest difference %.3g of %.3g allowed", name, first, want[first], got[first], worst, allowed), worst, allowed)
		return
	}
	g.put(worst, allowed)
}

// text compares two texts, which must be equal.
func (c *comparison) text(group, name, want, got string) {
	g := c.group(group)
	g.Values++
	if want != got {
		g.fail(fmt.Sprintf("%s: want %q, got %q", name, want, got), 1, 0)
	}
}

// put files an error if it is the worst so far.
func (g *Group) put(err, allowed float64) {
	ratio := 0.0
	switch {
	case err > 0 && allowed > 0:
		ratio = err / allowed
	case err > 0:
		ratio = math.Inf(1)
	}
	if ratio > g.ratio || g.Allowed == 0 && ratio == 0 {
		g.ratio, g.Error, g.Allowed = ratio, err, allowed
	}
}

// fail files an error that is more than allowed.
func (g *Group) fail(detail string, err, allowed float64) {
	if g.OK {
		g.Detail = detail
	}
	g.OK = false
	g.put(err, allowed)
}

// tensor compares a tensor with the expected one of its name.
func (f *tensorFixture) compare(group, name string, got tensor.Tensor, t tolerance) {
	want, shape := f.expected(name)
	if !got.Defined() {
		f.group(group).fail(name+": want a tensor, got none", math.MaxFloat64, 0)
		return
	}
	// A single number is stored as [1].
	if s := got.Shape(); !slices.Equal(s, shape) && !(len(want) == 1 && got.NumElements() == 1) {
		f.group(group).fail(fmt.Sprintf("%s: want shape %v, got %v", name, shape, s), math.MaxFloat64, 0)
		return
	}
	f.values(group, name, want, float64s(got), t)
}

func float64s(t tensor.Tensor) []float64 {
	if d := t.DType(); d == tensor.Int64 {
		return widen(t.Int64s())
	}
	return widen(t.Float32s())
}

// widen converts numbers of any type.
func widen[T int | int32 | int64 | uint8 | float32](v []T) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}
