package eval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestRerankFixture(t *testing.T) {
	f := openFixture(t, "rerank")
	q, g := f.set("query"), f.set("gallery")
	for _, run := range []struct {
		name string
		c    RerankConfig
	}{
		{"k20", DefaultRerankConfig()},
		{"k6", RerankConfig{K1: 6, K2: 3, Lambda: 0.3}},
		{"k20_jaccard", RerankConfig{K1: 20, K2: 6}},
	} {
		scores, err := Rerank(context.Background(), f.embeddings("input.query"), f.embeddings("input.gallery"), nil, run.c)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, q.Len()*g.Len())
		if err := scores(0, q.Len(), got); err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for i, want := range f.float32s("out." + run.name + ".distance") {
			worst = max(worst, math.Abs(float64(want)+float64(got[i])))
		}
		if worst > 1e-5 {
			t.Errorf("%s: greatest difference of distances: want 1e-5 or less, got %g", run.name, worst)
		}
		r, err := Rank(context.Background(), q, g, scores, Protocol{CameraJunk: true, MaxRank: 20})
		if err != nil {
			t.Fatal(err)
		}
		checkReid(t, f, run.name, r)
	}
	plain := f.float32s("out.plain.distance")
	r, err := Rank(context.Background(), q, g, matrix(plain, g.Len()), Protocol{CameraJunk: true, MaxRank: 20})
	if err != nil {
		t.Fatal(err)
	}
	checkReid(t, f, "plain", r)
}

func checkReid(t *testing.T, f *fixture, run string, r *Result) {
	t.Helper()
	for k, want := range f.float64s("out." + run + ".cmc") {
		near(t, fmt.Sprintf("%s: cmc at %d", run, k+1), want, r.CMC[k], 1e-9)
	}
	for j, got := range []float64{r.MAP, r.MAPTrapezoid, r.MINP} {
		near(t, fmt.Sprintf("%s: mean %d", run, j), f.float64s("out." + run + ".mean")[j], got, 1e-6)
	}
}

// Eight points in the plane, worked out with the published numpy code.
func TestRerankByHand(t *testing.T) {
	q := Embeddings{N: 2, D: 2, Data: []float32{0, 0, 4, .3}}
	g := Embeddings{N: 6, D: 2, Data: []float32{1, .2, .1, 2.3, 5.3, .1, 4.1, 3.2, 2.4, 2.25, 9, 9.5}}
	for _, tc := range []struct {
		c    RerankConfig
		want []float64
	}{
		{RerankConfig{3, 2, 0.3}, []float64{.00182, .16341, .74923, .58983, .56140, .95434, .72465, .75256, .00473, .49204, .48641, .84044}},
		{RerankConfig{3, 2, 0}, []float64{0, .22018, 1, .77491, .77491, .93477, 1, 1, 0, .67000, .67000, .77206}},
		{RerankConfig{3, 1, 0.3}, []float64{.27727, .28697, .74923, .74739, .49181, 1, .72465, .75256, .01714, .30971, .61742, 1}},
	} {
		scores, err := Rerank(context.Background(), q, g, nil, tc.c)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, 12)
		if err := scores(0, 2, got); err != nil {
			t.Fatal(err)
		}
		for i, want := range tc.want {
			near(t, fmt.Sprintf("%+v: distance %d", tc.c, i), want, -float64(got[i]), 6e-6)
		}
	}
}

// Dot products from outside and blocks of any size give the same scores.
func TestRerankWithGivenProducts(t *testing.T) {
	q, g := randomEmbeddings(1, 23, 12), randomEmbeddings(2, 61, 12)
	all := Embeddings{N: 84, D: 12, Data: append(append([]float32(nil), q.Data...), g.Data...)}
	calls := 0
	given, err := Rerank(context.Background(), q, g, func(from, to int, dst []float32) error {
		calls++
		products(all, all, from, to, 0, all.N, dst)
		return nil
	}, DefaultRerankConfig())
	if err != nil {
		t.Fatal(err)
	}
	own, err := Rerank(context.Background(), q, g, nil, DefaultRerankConfig())
	if err != nil {
		t.Fatal(err)
	}
	want, got := make([]float32, 23*61), make([]float32, 61)
	if err := own(0, 23, want); err != nil {
		t.Fatal(err)
	}
	for i := range 23 {
		if err := given(i, i+1, got); err != nil {
			t.Fatal(err)
		}
		for j, s := range got {
			if s != want[i*61+j] {
				t.Fatalf("score %d, %d: want %v, got %v", i, j, want[i*61+j], s)
			}
		}
	}
	if calls < 24 {
		t.Errorf("want the given products used for all samples and each query, got %d calls", calls)
	}
}

func TestRerankRefuses(t *testing.T) {
	q := randomEmbeddings(1, 3, 4)
	for _, tc := range []struct {
		g    Embeddings
		c    RerankConfig
		want string
	}{
		{randomEmbeddings(1, 3, 5), DefaultRerankConfig(), "gallery: want embeddings of 4 values"},
		{q, RerankConfig{K1: 0, K2: 3, Lambda: 2}, "K1: want 1 neighbour or more, got 0"},
		{q, RerankConfig{K1: 1, K2: 3, Lambda: 2}, "Lambda: want a weight in 0..1, got 2"},
		{Embeddings{N: 1, D: 4, Data: []float32{0, 0, 0, float32(math.NaN())}}, DefaultRerankConfig(), "sample 3: want finite values"},
	} {
		if _, err := Rerank(context.Background(), q, tc.g, nil, tc.c); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("want an error with %q, got %v", tc.want, err)
		}
	}
	// Fewer samples than neighbours, and all in one place.
	same := Embeddings{N: 2, D: 1, Data: []float32{1, 1}}
	scores, err := Rerank(context.Background(), same, same, nil, DefaultRerankConfig())
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 4)
	if err := scores(0, 2, got); err != nil {
		t.Fatal(err)
	}
	for _, s := range got {
		near(t, "distance in one place", 0, float64(s), 1e-6)
	}
}

// TestNearest compares with sorting all distances: of samples in heaps, far from zero, where float32 tells neighbours
// apart badly, of some that are there twice, and of nothing but zeros; and likewise with products from outside.
func TestNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for _, tc := range []struct{ offset, spread float32 }{{0, 1}, {1, 1}, {100, 1}, {0, 0}} {
		const n, d, k = 300, 8, 7
		e := Embeddings{N: n, D: d, Data: make([]float32, n*d)}
		for i := range n {
			if i > 0 && i%9 == 0 {
				copy(e.Row(i), e.Row(i-1-r.IntN(i)))
				continue
			}
			for c := range d {
				e.Row(i)[c] = tc.offset*float32(i%3) + tc.spread*float32(r.NormFloat64())*[]float32{1e-3, 1}[i%2]
			}
		}
		s, err := newSamples(e, Embeddings{D: d}, nil)
		if err != nil {
			t.Fatal(err)
		}
		near, err := s.nearest(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		other, err := newSamples(e, Embeddings{D: d}, s.products)
		if err != nil {
			t.Fatal(err)
		}
		given, err := other.nearest(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(given.index, near.index) || !slices.Equal(given.distances, near.distances) || !slices.Equal(given.furthest, near.furthest) {
			t.Fatalf("%+v: want the same with products from outside", tc)
		}
		dots := make([]float32, n*n)
		if err := s.dots(0, n, dots); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			order, all, furthest := make([]int32, n), make([]float32, n), float32(0)
			for j := range n {
				order[j], all[j] = int32(j), s.distance(i, j, dots[i*n+j])
				furthest = max(furthest, all[j])
			}
			slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(all[a], all[b]) })
			if got := near.of(i); !slices.Equal(got, order[:k]) || near.furthest[i] != furthest {
				t.Fatalf("%+v, sample %d: want %v and %v, got %v and %v", tc, i, order[:k], furthest, got, near.furthest[i])
			}
		}
	}
}

// TestScan compares with one comparison at a time, from all places in a row and with few, many and no finds.
func TestScan(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, edges := range []float32{0, 1, 3, 30} {
		n := 41
		dots, lengths, below, above := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
		for i := range n {
			dots[i], lengths[i] = float32(r.NormFloat64()), float32(r.NormFloat64())
			below[i], above[i] = -edges-r.Float32(), edges+r.Float32()
		}
		dots[5] = float32(math.NaN()) // of which nobody learns
		e := edge{length: 0.3, below: -edges, above: edges}
		for from := range n + 1 {
			for to := from; to <= n; to++ {
				want := from
				for ; want < to; want++ {
					mine, theirs := lengths[want]-2*dots[want], e.length-2*dots[want]
					if mine < e.below || mine > e.above || theirs < below[want] || theirs > above[want] {
						break
					}
				}
				if got := from + e.scan(dots[from:to], lengths[from:], below[from:], above[from:]); got != want {
					t.Fatalf("edges %v, %d to %d: want %d, got %d", edges, from, to, want, got)
				}
			}
		}
	}
}

// TestBlendRow: a row has the bits of single scores.
func TestBlendRow(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	for _, furthest := range []float32{0, 3.7} {
		for n := range 30 {
			b := blend{length: 1.1, furthest: furthest, apart: 0.7, lambda: 0.3}
			dots, lengths, got := make([]float32, n), make([]float64, n), make([]float32, n+1)
			got[n] = 42
			for i := range n {
				dots[i], lengths[i] = float32(r.NormFloat64()), 2*r.Float64() // some of them nearer than nothing
			}
			b.row(dots, lengths, got[:n])
			for i := range n {
				if want := b.score(dots[i], lengths[i], 1); got[i] != want {
					t.Fatalf("furthest %v, %d of %d: want %v, got %v", furthest, i, n, want, got[i])
				}
			}
			if got[n] != 42 {
				t.Fatalf("%d entries: wrote past the end", n)
			}
		}
	}
}

// TestRerankStops: a search that is cancelled ends with the cause.
func TestRerankStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := randomEmbeddings(1, 1500, 8)
	for _, dots := range []Scores{nil, func(int, int, []float32) error { return nil }} {
		if _, err := Rerank(ctx, e, e, dots, DefaultRerankConfig()); !errors.Is(err, context.Canceled) {
			t.Errorf("want it stopped, got %v", err)
		}
	}
}
