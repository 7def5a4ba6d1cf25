package eval

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func randomEmbeddings(seed uint64, n, d int) Embeddings {
	r := rand.New(rand.NewPCG(seed, 9))
	e := Embeddings{N: n, D: d, Data: make([]float32, n*d)}
	for i := range e.Data {
		e.Data[i] = float32(r.NormFloat64())
	}
	return e
}

func TestCosine(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5, 130} {
		for _, d := range []int{1, 7, 8, 9, 40, 100} {
			q, g := randomEmbeddings(1, n, d), randomEmbeddings(2, n+1, d)
			scores, err := Cosine(q, g)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, n*(n+1))
			if err := scores(0, n, got); err != nil {
				t.Fatal(err)
			}
			for i := range n {
				for j := range n + 1 {
					var dot, a, b float64
					for k := range d {
						x, y := float64(q.Row(i)[k]), float64(g.Row(j)[k])
						dot, a, b = dot+x*y, a+x*x, b+y*y
					}
					if want := dot / math.Sqrt(a*b); math.Abs(want-float64(got[i*(n+1)+j])) > 1e-6 {
						t.Fatalf("[%d %d]: score %d, %d: want %v, got %v", n, d, i, j, want, got[i*(n+1)+j])
					}
				}
			}
			// A part of the queries gives the very same scores, wherever tiles fall.
			part := make([]float32, n+1)
			for i := range n {
				if err := scores(i, i+1, part); err != nil {
					t.Fatal(err)
				}
				for j, s := range part {
					if s != got[i*(n+1)+j] {
						t.Fatalf("[%d %d]: score %d, %d alone: want %v, got %v", n, d, i, j, got[i*(n+1)+j], s)
					}
				}
			}
		}
	}
}

func TestTileEqualsGo(t *testing.T) {
	for d := range 70 {
		q, g := randomEmbeddings(3, 4, d), randomEmbeddings(4, 2, d)
		a := [4][]float32{q.Row(0), q.Row(1), q.Row(2), q.Row(3)}
		b := [2][]float32{g.Row(0), g.Row(1)}
		var x, y [8]float32
		tileBlocks(&a, &b, &x)
		tileGo(&a, &b, &y)
		if x != y {
			t.Fatalf("length %d: want %v, got %v", d, y, x)
		}
	}
}

func TestCosineRefuses(t *testing.T) {
	bad := randomEmbeddings(1, 2, 3)
	bad.Data[4] = float32(math.Inf(1))
	for _, tc := range []struct {
		q, g Embeddings
		want string
	}{
		{bad, randomEmbeddings(1, 2, 3), "queries: row 1: want finite values"},
		{randomEmbeddings(1, 2, 3), randomEmbeddings(1, 2, 4), "gallery: want embeddings of 3 values like the queries, got 4"},
		{randomEmbeddings(1, 2, 3), Embeddings{N: 2, D: 3, Data: make([]float32, 5)}, "gallery: want [2 3] values, got 5"},
	} {
		if _, err := Cosine(tc.q, tc.g); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("want an error with %q, got %v", tc.want, err)
		}
	}
	if _, err := NewEmbeddings([][]float32{{1, 2}, {1}}); err == nil || !strings.Contains(err.Error(), "embedding 1: want 2 values, got 1") {
		t.Errorf("got %v", err)
	}
}

// TestProductsAreTiles: a product has the same bits wherever its rows stand, and whichever way it is computed.
func TestProductsAreTiles(t *testing.T) {
	for _, d := range []int{8, 12, 64, 72} {
		for _, n := range []int{1, 2, 3, 4, 5, 8, 11} {
			q, g := randomEmbeddings(3, n, d), randomEmbeddings(4, n+2, d)
			for start := range g.N {
				dst := make([]float32, q.N*g.N)
				products(q, g, 0, q.N, start, g.N, dst)
				for i := range q.N {
					for j := range g.N {
						a := [4][]float32{q.Row(i), q.Row(i), q.Row(i), q.Row(i)}
						b := [2][]float32{g.Row(j), g.Row(j)}
						var want [8]float32
						if j >= start { // what stands before is not touched
							tileGo(&a, &b, &want)
							addRest(&a, &b, &want)
						}
						if got := dst[i*g.N+j]; got != want[0] {
							t.Fatalf("d %d, [%d %d] from %d: want %v, got %v", d, i, j, start, want[0], got)
						}
					}
				}
			}
		}
	}
}
