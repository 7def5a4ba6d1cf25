package tensor

import (
	"errors"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// balanced fails the test when f leaves tensor handles behind.
func balanced(t *testing.T, f func()) {
	t.Helper()
	before := Live()
	f()
	if got := Live() - before; got != 0 {
		t.Errorf("%d tensor handles left alive, want 0", got)
	}
}

func TestDoFreesOnEveryPath(t *testing.T) {
	sentinel := errors.New("stop")
	for _, c := range []struct {
		name string
		run  func() error
		want string
	}{
		{"success", func() error {
			return Do(func(*Scope) error { Zeros(CPU, Float32, 3).Plus(1).Sum(); return nil })
		}, ""},
		{"error", func() error {
			return Do(func(*Scope) error { Zeros(CPU, Float32, 3); return sentinel })
		}, "stop"},
		{"failed operation", func() error {
			return Do(func(*Scope) error { Zeros(CPU, Float32, 2, 3).MatMul(Zeros(CPU, Float32, 2, 3)); return nil })
		}, "matmul of [2 3] and [2 3]: "},
		{"failed operation in nested scopes", func() error {
			return Do(func(*Scope) error {
				Block(func() Tensor {
					x := Zeros(CPU, Float32, 4)
					return Block(func() Tensor { return x.Add(Zeros(CPU, Float32, 3)) })
				})
				return nil
			})
		}, "add of [4] and [3]: "},
		{"failed shim call", func() error {
			return Do(func(*Scope) error { Zeros(CPU, Float32, 4).Copy_(Zeros(CPU, Float32, 3)); return nil })
		}, "copy of [4] and [3]: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			balanced(t, func() {
				err := c.run()
				switch {
				case c.want == "" && err != nil:
					t.Errorf("got %v, want no error", err)
				case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
					t.Errorf("got %v, want %q...", err, c.want)
				}
			})
		})
	}
}

func TestForeignPanicPassesAndFrees(t *testing.T) {
	balanced(t, func() {
		defer func() {
			if r := recover(); r != "mine" {
				t.Errorf("recovered %v, want mine", r)
			}
		}()
		_ = Do(func(*Scope) error { Zeros(CPU, Float32, 3); panic("mine") })
	})
}

func TestGiveAndKeep(t *testing.T) {
	balanced(t, func() {
		var kept, given Tensor
		if err := Do(func(outer *Scope) error {
			kept = outer.Keep(Full(CPU, Float32, 2, 2))
			return Do(func(inner *Scope) error {
				given = inner.Give(Full(CPU, Float32, 3, 2)) // to outer, which frees it
				if got := outer.Give(given.Add(kept)).Sum().Item(); got != 10 {
					t.Errorf("sum %v, want 10", got)
				}
				return nil
			})
		}); err != nil {
			t.Fatal(err)
		}
		kept.Free()
	})
}

func TestScopesOfThreadsAreApart(t *testing.T) {
	balanced(t, func() {
		failed := make(chan error, 8)
		for i := range 8 {
			go func() {
				failed <- Do(func(*Scope) error {
					for range 200 {
						x := Full(CPU, Float32, float64(i), 16)
						runtime.Gosched()
						if got := x.Sum().Item(); got != float64(16*i) {
							return errors.New("sum " + strconv.FormatFloat(got, 'g', -1, 64))
						}
					}
					return nil
				})
			}()
		}
		for range 8 {
			if err := <-failed; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestGradientsAndModes(t *testing.T) {
	balanced(t, func() {
		if err := Do(func(s *Scope) error {
			x := FromFloat32(CPU, []float32{1, 2, 3}, 3).RequireGrad(true)
			x.Square().Sum().Backward()
			if got := x.Grad().Float32s(); got[0] != 2 || got[1] != 4 || got[2] != 6 {
				t.Errorf("gradient %v, want [2 4 6]", got)
			}
			if got, want := GradNorm([]Tensor{x}), math.Sqrt(56); math.Abs(got-want) > 1e-5 {
				t.Errorf("norm %v, want %v", got, want)
			}
			restore := NoGrad()
			if x.Square().RequiresGrad() {
				t.Error("a result under NoGrad requires a gradient")
			}
			restore()
			if !x.Square().RequiresGrad() {
				t.Error("grad mode was not restored")
			}
			ZeroGrads([]Tensor{x})
			if x.Grad().Defined() {
				t.Error("gradient still there after ZeroGrads")
			}
			restore = Autocast(CPU, BFloat16)
			a := Zeros(CPU, Float32, 4, 4)
			if got := a.MatMul(a).DType(); got != BFloat16 {
				t.Errorf("product under autocast is %v, want bfloat16", got)
			}
			restore()
			if got := a.MatMul(a).DType(); got != Float32 {
				t.Errorf("product after autocast is %v, want float32", got)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWrapReleasesItsMemory(t *testing.T) {
	released := make(chan bool, 1)
	data := []float32{1, 2, 3, 4}
	if err := Do(func(*Scope) error {
		x := Wrap(data, func() { released <- true }, 2, 2)
		data[0] = 100
		if got := x.Float32s()[0]; got != 100 {
			t.Errorf("first element %v, want 100: the memory was copied", got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !<-released {
		t.Error("not released")
	}
}

func TestRNGStateRestores(t *testing.T) {
	if err := Do(func(*Scope) error {
		Seed(7)
		state := RNGState()
		a := Empty(CPU, Float32, 64).Normal_(0, 1).Float32s()
		SetRNGState(state)
		b := Empty(CPU, Float32, 64).Normal_(0, 1).Float32s()
		for i := range a {
			if a[i] != b[i] {
				t.Fatalf("draw %d: %v, want %v", i, b[i], a[i])
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestMemoryStaysFlat runs 10,000 training steps of a small model and compares resident memory with step 500.
func TestMemoryStaysFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("10,000 steps")
	}
	var at500 float64
	if err := Do(func(s *Scope) error {
		w := s.Keep(Empty(CPU, Float32, 64, 64).Normal_(0, 0.1)).RequireGrad(true)
		m, v := s.Keep(Zeros(CPU, Float32, 64, 64)), s.Keep(Zeros(CPU, Float32, 64, 64))
		defer func() { w.Free(); m.Free(); v.Free() }()
		params := []Tensor{w}
		for step := 1; step <= 10000; step++ {
			if err := Do(func(*Scope) error {
				x := Empty(CPU, Float32, 32, 64).Normal_(0, 1)
				x.Linear(w, Tensor{}).GELU().Sub(x).Square().Mean().Backward()
				AdamW(params, []Tensor{m}, []Tensor{v}, AdamWStep{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, GradScale: 1,
					Correction: [2]float64{1 - math.Pow(0.9, float64(step)), 1 - math.Pow(0.999, float64(step))}})
				ZeroGrads(params)
				return nil
			}); err != nil {
				return err
			}
			if step == 500 {
				at500 = residentBytes(t)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if end := residentBytes(t); end > at500*1.05 {
		t.Errorf("resident memory grew from %.1f MB at step 500 to %.1f MB, want at most 5 %%", at500/1e6, end/1e6)
	}
}

func residentBytes(t *testing.T) float64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseFloat(strings.Fields(string(b))[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * float64(os.Getpagesize())
}

// BenchmarkAdd is the cost of a call: one 8x8 addition and the freeing of its result, on one thread. The peer is
// `c = a + b` in Python's torch of the same version.
func BenchmarkAdd(b *testing.B) {
	b.ReportAllocs()
	if err := Do(func(s *Scope) error {
		SetThreads(1)
		x, y := Zeros(CPU, Float32, 8, 8), Zeros(CPU, Float32, 8, 8)
		b.ResetTimer()
		for range b.N {
			s.Drop(x.Add(y))
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
}
