package tensor

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// packedCase makes inputs, weights, bias and residual of a size.
func packedCase(rows, in, out int64) (x, w, b, r Tensor) {
	Seed(rows*1000 + in + out)
	normal := func(shape ...int64) Tensor { return Empty(CPU, Float32, shape...).Normal_(0, 1) }
	return normal(rows, in), normal(out, in).Scale(1 / math.Sqrt(float64(in))), normal(out), normal(rows, out)
}

// TestPacked compares packed products with libtorch's in every kind and at every level of instructions.
func TestPacked(t *testing.T) {
	defer PackedLevel(-1)
	tolerance := map[PackedKind]float64{PackedFloat32: 2e-6, PackedBFloat16: 0.02, PackedInt8: 0.03}
	best := PackedLevel(-1)
	for level := 0; level <= best; level++ {
		PackedLevel(level)
		for _, size := range [][3]int64{{1, 1, 1}, {3, 7, 50}, {8, 16, 48}, {21, 96, 97}, {33, 65, 16}} {
			for kind, limit := range tolerance {
				what := fmt.Sprintf("level %d, %v, %v", level, kind, size)
				scoped(t, func() {
					x, w, b, r := packedCase(size[0], size[1], size[2])
					p, q := Pack(w, false, b, kind), Pack(w.Transpose(0, 1).Contiguous(), true, Tensor{}, kind)
					defer p.Close()
					defer q.Close()
					nearAll(t, what, x.Linear(w, b).Add(r), p.Linear(x, r, false), limit)
					nearAll(t, what+" gelu", x.Linear(w, b).GELUTanh(), p.Linear(x, Tensor{}, true), limit)
					nearAll(t, what+" without bias", x.Linear(w, Tensor{}), q.Linear(x, Tensor{}, false), limit)
				})
			}
		}
	}
}

// nearAll wants every difference to be at most limit times the greatest magnitude.
func nearAll(t *testing.T, what string, want, got Tensor, limit float64) {
	t.Helper()
	a, b := want.Float32s(), got.Float32s()
	most := 1.0
	for _, v := range a {
		most = max(most, math.Abs(float64(v)))
	}
	for i := range a {
		if d := math.Abs(float64(a[i] - b[i])); !(d <= limit*most) {
			t.Errorf("%s: value %d: want %v, got %v", what, i, a[i], b[i])
			return
		}
	}
}

// TestPackedRowsStandAlone computes each row alone and among others: equal to the last bit.
func TestPackedRowsStandAlone(t *testing.T) {
	for _, kind := range []PackedKind{PackedFloat32, PackedBFloat16, PackedInt8} {
		scoped(t, func() {
			x, w, b, r := packedCase(21, 96, 100)
			p := Pack(w, false, b, kind)
			defer p.Close()
			all := p.Linear(x, r, true)
			for i := range x.Dim(0) {
				alone := p.Linear(x.Narrow(0, i, 1), r.Narrow(0, i, 1), true).Float32s()
				if !slices.Equal(alone, all.Narrow(0, i, 1).Float32s()) {
					t.Errorf("%v: row %d has other values alone", kind, i)
				}
			}
		})
	}
}

// TestPackedLevelsAgree: int8 sums are whole numbers, which every level gets alike.
func TestPackedLevelsAgree(t *testing.T) {
	defer PackedLevel(-1)
	var first []float32
	for level := range PackedLevel(-1) + 1 {
		PackedLevel(level)
		scoped(t, func() {
			x, w, _, _ := packedCase(9, 70, 60)
			p := Pack(w, false, Tensor{}, PackedInt8)
			defer p.Close()
			got := p.Linear(x, Tensor{}, false).Float32s()
			if first == nil {
				first = got
			}
			for i := range got {
				if math.Abs(float64(first[i]-got[i])) > 1e-6*max(1, math.Abs(float64(first[i]))) {
					t.Fatalf("level %d: value %d: want %v, got %v", level, i, first[i], got[i])
				}
			}
		})
	}
}

// TestCachedAttention compares with libtorch's attention, sequences of several lengths, and heads of 8 and 24 numbers.
func TestCachedAttention(t *testing.T) {
	defer PackedLevel(-1)
	for level := range PackedLevel(-1) + 1 {
		PackedLevel(level)
		for _, e := range []int64{8, 24} {
			scoped(t, func() {
				Seed(e)
				const heads, r, l = 3, 4, 2
				d := heads * e
				base, start := []int64{5, 30, 60, 90}, []int64{0, 3, 17, 20}
				keys, values := Empty(CPU, Float32, 120, d).Normal_(0, 1), Empty(CPU, Float32, 120, d).Normal_(0, 1)
				qkv := Empty(CPU, Float32, r, l, 3*d).Normal_(0, 1)
				got := CachedAttention(qkv, keys, values, base, start, heads)
				for i := range int64(r) {
					for j := range int64(l) {
						n := start[i] + j + 1
						split := func(x Tensor) Tensor { return x.Reshape(1, -1, heads, e).Transpose(1, 2) } // [1, A, n, E]
						q := split(qkv.Select(0, i).Select(0, j).Narrow(0, 0, d))
						k, v := keys.Narrow(0, base[i], n), values.Narrow(0, base[i], n)
						if own := k.Select(0, n-1).Sub(qkv.Select(0, i).Select(0, j).Narrow(0, d, d)).Abs().Sum().Item(); own != 0 {
							t.Errorf("sequence %d: the keys did not come into the cache", i)
						}
						want := Attention(q, split(k), split(v), Tensor{}, 0, false).Transpose(1, 2).Reshape(d)
						nearAll(t, fmt.Sprintf("level %d, width %d, sequence %d, query %d", level, e, i, j), want, got.Select(0, i).Select(0, j), 2e-6)
					}
				}
			})
		}
	}
}

func TestPackedRefuses(t *testing.T) {
	err := Do(func(*Scope) error {
		x, w, b, _ := packedCase(2, 8, 16)
		p := Pack(w, false, b, PackedFloat32)
		defer p.Close()
		p.Linear(x.Narrow(1, 0, 7), Tensor{}, false)
		return nil
	})
	if err == nil {
		t.Error("want an error for 7 inputs instead of 8")
	}
	err = Do(func(*Scope) error {
		qkv, cache := Zeros(CPU, Float32, 1, 1, 12), Zeros(CPU, Float32, 5, 4)
		CachedAttention(qkv, cache, cache, []int64{3}, []int64{2}, 2)
		return nil
	})
	if err == nil {
		t.Error("want an error for a sequence that leaves the cache")
	}
}

func scoped(t *testing.T, f func()) {
	t.Helper()
	if err := Do(func(*Scope) error { f(); return nil }); err != nil {
		t.Fatal(err)
	}
}
