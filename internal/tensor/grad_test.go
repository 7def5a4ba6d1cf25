package tensor

import (
	"slices"
	"testing"
)

// TestBackwardFrom carries gradients on through a graph that was cut, for two outputs that share a leaf.
func TestBackwardFrom(t *testing.T) {
	balanced(t, func() {
		if err := Do(func(s *Scope) error {
			x := FromFloat32(CPU, []float32{1, 2, 3}, 3).RequireGrad(true)
			square, double := x.Square(), x.Scale(2).Reshape(3, 1)
			BackwardFrom([]Tensor{square, double}, []Tensor{FromFloat32(CPU, []float32{1, 10, 100}, 3), FromFloat32(CPU, []float32{1, 0, 5}, 3, 1)})
			if got, want := x.Grad().Float32s(), []float32{2 + 2, 40, 600 + 10}; !slices.Equal(got, want) {
				t.Errorf("gradient: want %v, got %v", want, got)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	for name, grads := range map[string][]int64{"too few": nil, "another shape": {2}} {
		balanced(t, func() {
			if err := Do(func(s *Scope) error {
				var g []Tensor
				if grads != nil {
					g = append(g, Zeros(CPU, Float32, grads...))
				}
				BackwardFrom([]Tensor{FromFloat32(CPU, []float32{1, 2, 3}, 3).RequireGrad(true).Square()}, g)
				return nil
			}); err == nil {
				t.Errorf("%s: want an error", name)
			}
		})
	}
}

// TestAutocastCache uses a parameter twice: with the cache its gradients meet in bfloat16, where 1 + 1/256 is 1.
func TestAutocastCache(t *testing.T) {
	gradient := func() float32 {
		defer Autocast(CPU, BFloat16)()
		w := Full(CPU, Float32, 1, 1, 1).RequireGrad(true)
		Full(CPU, Float32, 1, 1, 1).MatMul(w).Add(Full(CPU, Float32, 1./256, 1, 1).MatMul(w)).Sum().Backward()
		return w.Grad().Float32s()[0]
	}
	if err := Do(func(*Scope) error {
		restore := NoAutocastCache()
		if got := gradient(); got != 1+1./256 {
			t.Errorf("without the cache: want %v, got %v", 1+1./256, got)
		}
		restore()
		if got := gradient(); got != 1 {
			t.Errorf("with the cache again: want 1, got %v", got)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
