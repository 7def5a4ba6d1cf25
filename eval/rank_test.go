package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReleaseFixtures(t *testing.T) {
	for _, name := range []string{"rank-a", "rank-b"} {
		f := openFixture(t, name)
		scores, err := Cosine(f.embeddings("query"), f.embeddings("gallery"))
		if err != nil {
			t.Fatal(err)
		}
		p := DefaultProtocol()
		p.AllQueries = true
		r, err := Rank(context.Background(), Set{IDs: f.ints("query_id")}, Set{IDs: f.ints("gallery_id")}, scores, p)
		if err != nil {
			t.Fatal(err)
		}
		want := f.float32s("result")
		for i, got := range []float64{r.R1, r.R5, r.R10} {
			if float32(got) != want[i] {
				t.Errorf("%s: rank %d: want %v, got %v", name, []int{1, 5, 10}[i], want[i], got)
			}
		}
		near(t, name+": trapezoid mAP", float64(want[3]), r.MAPTrapezoid, 1e-6)
	}
}

func TestMarketFixtures(t *testing.T) {
	for _, name := range []string{"reid-a", "reid-b"} {
		f := openFixture(t, name)
		q, g := f.set("query"), f.set("gallery")
		p := Protocol{CameraJunk: true, JunkID: true, MaxRank: 20}
		r, err := Rank(context.Background(), q, g, matrix(f.float32s("input.distance"), g.Len()), p)
		if err != nil {
			t.Fatal(err)
		}
		if r.WithoutMatch != 2 || r.Queries != 30 {
			t.Errorf("%s: want 2 of 30 queries without a match, got %d of %d", name, r.WithoutMatch, r.Queries)
		}
		if (r.Tied > 0) != (name == "reid-b") {
			t.Errorf("%s: got %d queries with ties", name, r.Tied)
		}
		for k, want := range f.float64s("out.cmc") {
			near(t, fmt.Sprintf("%s: cmc at %d", name, k+1), want, r.CMC[k], 1e-9)
		}
		per := f.float64s("out.per_query") // [Q, 3]
		for i, x := range r.PerQuery {
			if x.Matches == 0 {
				x.AP, x.APTrapezoid, x.INP = -1, -1, -1
			}
			for j, got := range []float64{x.AP, x.APTrapezoid, x.INP} {
				near(t, fmt.Sprintf("%s: query %d: value %d", name, i, j), per[3*i+j], got, 1e-9)
			}
		}
		for j, got := range []float64{r.MAP, r.MAPTrapezoid, r.MINP} {
			near(t, fmt.Sprintf("%s: mean %d", name, j), f.float64s("out.mean")[j], got, 1e-9)
		}
	}
}

func TestMeasure(t *testing.T) {
	// Two tables worked out by hand: text re-ID (ranks from 0) and Market (from 1).
	for _, tc := range []struct {
		ranks        []int32
		ap, trap, in float64
	}{
		{[]int32{0, 1, 2}, 1, 1, 1},
		{[]int32{0, 2, 5}, .722222, .677778, .5},
		{[]int32{1, 3}, .5, .333333, .5},
		{[]int32{4, 9, 10}, .224242, .163973, .272727},
		{[]int32{6}, 1. / 7, 1. / 14, 1. / 7},
		{[]int32{0, 1, 3, 6}, .830357, .811012, .571429},
		{[]int32{2, 9, 59}, .194444, .121390, .05},
	} {
		var q Query
		q.measure(tc.ranks)
		near(t, fmt.Sprint(tc.ranks, " AP"), tc.ap, q.AP, 5e-7)
		near(t, fmt.Sprint(tc.ranks, " trapezoid"), tc.trap, q.APTrapezoid, 5e-7)
		near(t, fmt.Sprint(tc.ranks, " INP"), tc.in, q.INP, 5e-7)
		if q.First != int(tc.ranks[0])+1 || q.Matches != len(tc.ranks) {
			t.Errorf("%v: got first %d of %d", tc.ranks, q.First, q.Matches)
		}
	}
}

func TestCameraRule(t *testing.T) {
	q := Set{IDs: []int64{1, 2}, Cameras: []int32{0, 1}}
	g := Set{IDs: []int64{1, 1, 2, 1, 0, 2}, Cameras: []int32{0, 1, 1, 2, 3, 0}}
	d := []float32{.1, .2, .3, .4, .5, .6, .6, .5, .4, .3, .2, .1}
	r, err := Rank(context.Background(), q, g, matrix(d, 6), Protocol{CameraJunk: true, MaxRank: 5})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "AP A", .833333, r.PerQuery[0].AP, 5e-7)
	near(t, "AP B", 1, r.PerQuery[1].AP, 0)
	near(t, "INP A", .666667, r.PerQuery[0].INP, 5e-7)
	near(t, "mAP", .916667, r.MAP, 5e-7)
	if !slices.Equal(r.CMC, []float64{1, 1, 1, 1, 1}) {
		t.Errorf("want a CMC of ones, got %v", r.CMC)
	}
	// A camera that is not known is like no other.
	q.Cameras[0] = -1
	g.Cameras[0] = -1
	if r, err = Rank(context.Background(), q, g, matrix(d, 6), Protocol{CameraJunk: true, MaxRank: 5}); err != nil || r.PerQuery[0].Matches != 3 {
		t.Errorf("want 3 matches, got %+v, %v", r.PerQuery[0], err)
	}
}

// bruteForce ranks by a full sort of the entries that count.
func bruteForce(q, g Set, score []float32, p Protocol, i int, left func(int) bool) (Query, []int32) {
	type entry struct {
		s float32
		g int
	}
	var e []entry
	for k := range g.IDs {
		switch {
		case left(k),
			p.JunkID && g.IDs[k] == JunkID,
			p.CameraJunk && g.IDs[k] == q.IDs[i] && g.Cameras[k] == q.Cameras[i],
			p.WithoutOwnPicture && g.Keys[k] == q.Keys[i]:
		default:
			e = append(e, entry{score[k], k})
		}
	}
	slices.SortStableFunc(e, func(a, b entry) int {
		switch {
		case a.s > b.s:
			return -1
		case a.s < b.s:
			return 1
		}
		return 0
	})
	var out Query
	var ranks, top []int32
	for r, x := range e {
		if len(top) < p.Top {
			top = append(top, int32(x.g))
		}
		if g.IDs[x.g] != q.IDs[i] {
			continue
		}
		ranks = append(ranks, int32(r))
		for s := range e {
			if s != r && e[s].s == x.s {
				out.Tied = true
			}
		}
	}
	if len(ranks) > 0 {
		out.measure(ranks)
	} else {
		out = Query{}
	}
	return out, top
}

func TestRankEqualsFullSort(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		n, m := 1+r.IntN(20), 1+r.IntN(200)
		ids := 1 + r.IntN(20)
		if seed%5 == 0 {
			m, ids = 700, 2 // hundreds of matches a query
		}
		levels := []int{3, 40, 1 << 20}[r.IntN(3)] // ties: many, some, none
		draw := func(n int, what string) (s Set) {
			for i := range n {
				s.IDs = append(s.IDs, int64(r.IntN(ids)-1))
				s.Cameras = append(s.Cameras, int32(r.IntN(3)))
				s.Keys = append(s.Keys, fmt.Sprintf("%d.jpg", i*7%13))
				_ = what
			}
			return s
		}
		q, g := draw(n, "query"), draw(m, "gallery")
		score := make([]float32, n*m)
		for i := range score {
			score[i] = float32(r.IntN(levels)) - float32(levels/2)
		}
		p := Protocol{CameraJunk: r.IntN(2) == 0, JunkID: r.IntN(2) == 0, WithoutOwnPicture: r.IntN(2) == 0, MaxRank: 10, Top: r.IntN(4)}
		if r.IntN(3) == 0 {
			p.PerIdentity = 1 + r.IntN(4)
		}
		got, err := Rank(context.Background(), q, g, func(from, to int, dst []float32) error {
			copy(dst, score[from*m:to*m])
			return nil
		}, p)
		if err != nil {
			t.Fatal(err)
		}
		f, err := newFilter(q, g, p)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			want, top := bruteForce(q, g, score[i*m:(i+1)*m], p, i, func(k int) bool { return p.PerIdentity > 0 && f.left[k] })
			if p.Top > 0 && !slices.Equal(top, got.PerQuery[i].Top) {
				t.Fatalf("seed %d: query %d: top: want %v, got %v", seed, i, top, got.PerQuery[i].Top)
			}
			got.PerQuery[i].Top = nil
			if diff := cmp.Diff(want, got.PerQuery[i]); diff != "" {
				t.Fatalf("seed %d, %+v: query %d (-want +got):\n%s", seed, p, i, diff)
			}
		}
	}
}

func TestPerIdentity(t *testing.T) {
	var g Set
	for id := range int64(40) {
		for k := range 1 + id%7 {
			g.IDs = append(g.IDs, id)
			g.Keys = append(g.Keys, fmt.Sprintf("%d/%d.jpg", id, k))
		}
	}
	left := func(g Set, seed uint64) map[string]bool {
		f, err := newFilter(g, g, Protocol{PerIdentity: 2, Seed: seed, MaxRank: 1})
		if err != nil {
			t.Fatal(err)
		}
		m, n := map[string]bool{}, map[int64]int{}
		for i := range g.IDs {
			if f.left[i] {
				m[g.Keys[i]] = true
			} else {
				n[g.IDs[i]]++
			}
		}
		for id, k := range n {
			if want := min(2, 1+int(id)%7); k != want {
				t.Errorf("identity %d: want %d entries, got %d", id, want, k)
			}
		}
		return m
	}
	a := left(g, 1)
	slices.Reverse(g.IDs)
	slices.Reverse(g.Keys)
	if diff := cmp.Diff(a, left(g, 1)); diff != "" {
		t.Errorf("the draw depends on the order:\n%s", diff)
	}
	if cmp.Equal(a, left(g, 2)) {
		t.Error("another seed drew the same entries")
	}
}

func TestOwnPicture(t *testing.T) {
	q := Set{IDs: []int64{1, 2}, Keys: []string{"a", "c"}}
	g := Set{IDs: []int64{1, 1, 2}, Keys: []string{"a", "b", "c"}}
	d := []float32{0, 2, 1, 3, 3, 0}
	r, err := Rank(context.Background(), q, g, matrix(d, 3), Protocol{WithoutOwnPicture: true, MaxRank: 2})
	if err != nil {
		t.Fatal(err)
	}
	if x := r.PerQuery[0]; x.Matches != 1 || x.First != 2 {
		t.Errorf("want one match at rank 2, got %+v", x)
	}
	if r.WithoutMatch != 1 || r.R1 != 0 || r.CMC[1] != 1 {
		t.Errorf("want one query left out and a hit at 2, got %+v", r)
	}
}

func TestRankRefuses(t *testing.T) {
	ids := Set{IDs: []int64{1, 1}}
	nan := float32(math.NaN())
	broken := errors.New("device lost")
	for _, tc := range []struct {
		q, g Set
		d    []float32
		p    Protocol
		want string
	}{
		{ids, ids, []float32{1, 2, nan, 2}, DefaultProtocol(), "query 1: gallery entry 0: want a finite score, got NaN"},
		{ids, Set{IDs: []int64{3, 1}}, []float32{1, 2, nan, 2}, DefaultProtocol(), "query 1: gallery entry 0: want a score, got NaN"},
		{ids, Set{IDs: []int64{1, 3}}, []float32{1, 2, 2, nan}, DefaultProtocol(), "query 1: gallery entry 1: want a score, got NaN"},
		{ids, ids, nil, Protocol{CameraJunk: true, MaxRank: 1}, "camera junk removal: want cameras"},
		{ids, ids, nil, Protocol{WithoutOwnPicture: true, MaxRank: 1}, "want keys of queries and gallery"},
		{ids, ids, nil, Protocol{PerIdentity: -1}, "MaxRank: want 1 or more, got 0"},
		{Set{IDs: []int64{1}, Keys: []string{"a", "b"}}, ids, nil, DefaultProtocol(), "queries: want 1 keys"},
	} {
		_, err := Rank(context.Background(), tc.q, tc.g, matrix(tc.d, tc.g.Len()), tc.p)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("want an error with %q, got %v", tc.want, err)
		}
	}
	if _, err := Rank(context.Background(), ids, ids, func(int, int, []float32) error { return broken }, DefaultProtocol()); !errors.Is(err, broken) {
		t.Errorf("want the error of the scores, got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Rank(ctx, ids, ids, matrix(make([]float32, 4), 2), DefaultProtocol()); !errors.Is(err, context.Canceled) {
		t.Errorf("want context.Canceled, got %v", err)
	}
	// Nobody has a match, or there is nothing to rank: figures of 0, no NaN.
	for _, g := range []Set{{}, {IDs: []int64{7, 8}}} {
		r, err := Rank(context.Background(), ids, g, matrix(make([]float32, 4), g.Len()), DefaultProtocol())
		if err != nil || r.WithoutMatch != 2 || r.MAP != 0 || r.R1 != 0 {
			t.Errorf("want figures of 0 and no error, got %+v, %v", r, err)
		}
	}
}

func TestCount(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 70 {
		row := make([]float32, n)
		for i := range row {
			row[i] = []float32{-1, 0, 1, 2, float32(math.NaN()), float32(math.Inf(-1))}[r.IntN(6)]
		}
		thresholds := [atOnce]float32{1, 0, -1}
		above, notBelow := count(row, &thresholds)
		for k, limit := range thresholds {
			greater, notLess := 0, 0
			for _, s := range row {
				if s > limit {
					greater++
				}
				if !(s < limit) {
					notLess++
				}
			}
			if above[k] != greater || notBelow[k] != notLess {
				t.Errorf("length %d, threshold %v: want %d and %d, got %d and %d", n, limit, greater, notLess, above[k], notBelow[k])
			}
		}
	}
}
