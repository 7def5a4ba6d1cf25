package tensor

import (
	"fmt"
	"math"
	"testing"
)

// normCase is one batch normalisation with what follows it, and the gradients of a loss over it.
type normCase struct {
	dtype          DType
	shape          [4]int64
	residual, relu bool
}

// results runs a case, with channels last in memory or, where libtorch's own kernels then run, not. It returns the
// output, the gradients of input, residual, weight and bias, and the running statistics.
func (c normCase) results(last bool) map[string][]float32 {
	Seed(5)
	n := c.shape
	leaf := func(shape ...int64) Tensor {
		return Empty(CPU, Float32, shape...).Normal_(0.3, 1)
	}
	input := func() Tensor {
		x := leaf(n[:]...).As(c.dtype)
		if last {
			x = x.ChannelsLast()
		}
		return x.RequireGrad(true)
	}
	x, r, weights := input(), Tensor{}, leaf(n[:]...)
	if c.residual {
		r = input()
	}
	w, b := leaf(n[1]).RequireGrad(true), leaf(n[1]).RequireGrad(true)
	mean, variance := Full(CPU, Float32, 0.5, n[1]), Full(CPU, Float32, 2, n[1])
	y := x.BatchNormReLU(r, w, b, mean, variance, true, 0.1, 1e-5, c.relu)
	y.As(Float32).Mul(weights).Sum().Backward()
	out := map[string][]float32{"y": y.Float32s(), "x": x.Grad().Float32s(), "w": w.Grad().Float32s(), "b": b.Grad().Float32s(),
		"mean": mean.Float32s(), "variance": variance.Float32s()}
	if c.residual {
		out["r"] = r.Grad().Float32s()
	}
	return out
}

// near compares up to a share of the largest value, and tells of the first that differs. ReLU's edge may fall to either
// side where rounding differs, so that a few in a thousand may.
func near(t *testing.T, name string, want, got []float32, share float64, outliers int) {
	t.Helper()
	var largest float64
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	bad := 0
	for i := range want {
		if d := math.Abs(float64(want[i] - got[i])); !(d <= share*largest+1e-6) {
			if bad++; bad > outliers {
				t.Errorf("%s: value %d: want %v, got %v (largest %v)", name, i, want[i], got[i], largest)
				return
			}
		}
	}
}

func TestBatchNormReLUEqualsLibtorch(t *testing.T) {
	for _, shape := range [][4]int64{{2, 3, 5, 7}, {4, 8, 6, 4}, {3, 33, 9, 11}, {2, 64, 1, 1}, {1, 1, 300, 3}} {
		for _, dtype := range []DType{Float32, BFloat16} {
			for _, residual := range []bool{false, true} {
				for _, relu := range []bool{false, true} {
					c := normCase{dtype, shape, residual, relu}
					t.Run(fmt.Sprintf("%v/%v/residual=%v/relu=%v", shape, dtype, residual, relu), func(t *testing.T) {
						balanced(t, func() {
							err := Do(func(*Scope) error {
								want, got := c.results(false), c.results(true)
								share, outliers := 2e-5, 0 // sums in another order
								if dtype == BFloat16 {
									share, outliers = 0.02, len(want["y"])/100+1 // libtorch rounds between the steps
								}
								for name := range want {
									near(t, name, want[name], got[name], share, outliers)
								}
								return nil
							})
							if err != nil {
								t.Fatal(err)
							}
						})
					})
				}
			}
		}
	}
}

func TestBatchNormDoesNotDependOnThreads(t *testing.T) {
	threads := Threads()
	defer SetThreads(threads)
	c := normCase{Float32, [4]int64{8, 16, 24, 12}, true, true}
	if err := Do(func(*Scope) error {
		SetThreads(1)
		want := c.results(true)
		SetThreads(2)
		got := c.results(true)
		for name := range want {
			for i := range want[name] {
				if want[name][i] != got[name][i] {
					t.Errorf("%s: value %d: %v on one thread, %v on two", name, i, want[name][i], got[name][i])
					break
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestAvgPoolChannelsLast(t *testing.T) {
	for _, shape := range [][4]int64{{2, 3, 4, 6}, {1, 16, 7, 5}, {3, 1, 2, 2}, {2, 5, 3, 8}} {
		for _, dtype := range []DType{Float32, BFloat16} {
			err := Do(func(*Scope) error {
				run := func(last bool) (y, grad []float32) {
					Seed(3)
					x := Empty(CPU, Float32, shape[:]...).Normal_(0, 1).As(dtype)
					if last {
						x = x.ChannelsLast()
					}
					x.RequireGrad(true)
					out := x.AvgPool2d(2, 2)
					out.As(Float32).Square().Sum().Backward()
					return out.Float32s(), x.Grad().Float32s()
				}
				y, g := run(false)
				y2, g2 := run(true)
				name := fmt.Sprintf("%v %v", shape, dtype)
				share := 1e-6
				if dtype == BFloat16 {
					share = 0.01
				}
				near(t, name+" output", y, y2, share, 0)
				near(t, name+" gradient", g, g2, share, 0)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}
