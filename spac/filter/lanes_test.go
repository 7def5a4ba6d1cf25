package filter

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The loops of this machine give the bits of the loops in Go at every length
// around their blocks.
func TestBlocksEqualGo(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for n := range 67 {
		row := randomVector(r, n)
		sum := make([]float64, n)
		for i := range sum {
			sum[i] = r.NormFloat64() * 5
		}
		var a, b, c, d lanes
		if i, j := squaredBlocks(row, &a), squaredGo(row, &b); a != b || i != j {
			t.Fatalf("length %d: squared: want %v up to %d, got %v up to %d", n, b, j, a, i)
		}
		a, b = lanes{}, lanes{}
		if i, j := leaveOneOutBlocks(row, sum, &a, &c), leaveOneOutGo(row, sum, &b, &d); a != b || c != d || i != j {
			t.Fatalf("length %d: leaveOneOut: want %v %v up to %d, got %v %v up to %d", n, b, d, j, a, c, i)
		}
		a, b = lanes{}, lanes{}
		x, y, s, u := make([]float32, n), make([]float32, n), slices.Clone(sum), slices.Clone(sum)
		if i, j := scaleBlocks(x, row, s, 0.3, &a), scaleGo(y, row, u, 0.3, &b); a != b || i != j || !slices.Equal(x, y) || !slices.Equal(s, u) {
			t.Fatalf("length %d: scale: want %v up to %d, got %v up to %d", n, b, j, a, i)
		}
	}
}

func TestNormalizedRowsAddExactly(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	const n, dim = 300, 37
	sum, rows := make([]float64, dim), make([][]float32, n)
	for k := range rows {
		v := randomVector(r, dim)
		for i := range v {
			v[i] *= float32(math.Pow(10, float64(r.IntN(9)-4))) // large and tiny components
		}
		rows[k] = make([]float32, dim)
		l2, err := normalize(rows[k], v, sum)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(l2-1) > 1e-6 {
			t.Errorf("row %d: want squared length 1, got %v", k, l2)
		}
		for i, x := range rows[k] {
			if g := float64(x) * (1 << 30); g != math.Trunc(g) {
				t.Fatalf("row %d: value %d: %v is not a multiple of 2^-30", k, i, x)
			}
		}
	}
	for _, k := range r.Perm(n) {
		subtract(sum, rows[k])
	}
	for i, x := range sum {
		if x != 0 {
			t.Errorf("component %d: want 0 after all rows were subtracted in another order, got %v", i, x)
		}
	}
}
