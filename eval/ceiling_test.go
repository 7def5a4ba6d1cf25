package eval

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// permute calls f with every order of 0..n-1.
func permute(n int, f func([]int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var walk func(k int)
	walk = func(k int) {
		if k == n {
			f(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			walk(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	walk(0)
}

// The expected figures are those of all orders of the gallery, each ranked with
// ties by its own index, on average.
func TestCeilingIsTheMeanOverOrders(t *testing.T) {
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 1))
		const n = 6
		values := []string{"red", "blue", Unknown}
		attrs := func() []string { return []string{values[r.IntN(3)], values[r.IntN(2)]} }
		q := Set{IDs: []int64{1, 2}}
		qa := [][]string{attrs(), attrs()}
		g := Set{}
		var ga [][]string
		for range n {
			g.IDs = append(g.IDs, int64(1+r.IntN(3)))
			ga = append(ga, attrs())
		}
		p := Protocol{MaxRank: 4}
		got, err := Ceiling(context.Background(), q, g, qa, ga, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		var want Result
		want.CMC = make([]float64, 4)
		orders := 0
		permute(n, func(order []int) {
			mixed := Set{}
			for _, i := range order {
				mixed.IDs = append(mixed.IDs, g.IDs[i])
			}
			x, err := Rank(context.Background(), q, mixed, func(from, to int, dst []float32) error {
				for i := from; i < to; i++ {
					for j, k := range order {
						s := 0
						for slot, v := range qa[i] {
							if v != Unknown && v == ga[k][slot] {
								s++
							}
						}
						dst[(i-from)*n+j] = float32(s)
					}
				}
				return nil
			}, p)
			if err != nil {
				t.Fatal(err)
			}
			orders++
			for _, f := range []struct{ sum, x *float64 }{
				{&want.R1, &x.R1}, {&want.R5, &x.R5}, {&want.R10, &x.R10}, {&want.MAP, &x.MAP},
				{&want.MAPTrapezoid, &x.MAPTrapezoid}, {&want.MINP, &x.MINP},
				{&want.CMC[0], &x.CMC[0]}, {&want.CMC[1], &x.CMC[1]}, {&want.CMC[2], &x.CMC[2]}, {&want.CMC[3], &x.CMC[3]},
			} {
				*f.sum += *f.x
			}
		})
		want.divide(float64(orders))
		for _, f := range []struct {
			name string
			a, b float64
		}{
			{"R1", want.R1, got.R1}, {"R5", want.R5, got.R5}, {"R10", want.R10, got.R10}, {"mAP", want.MAP, got.MAP},
			{"trapezoid", want.MAPTrapezoid, got.MAPTrapezoid}, {"mINP", want.MINP, got.MINP},
			{"CMC 2", want.CMC[1], got.CMC[1]}, {"CMC 3", want.CMC[2], got.CMC[2]}, {"CMC 4", want.CMC[3], got.CMC[3]},
		} {
			near(t, fmt.Sprintf("seed %d: %s", seed, f.name), f.a, f.b, 1e-12)
		}
	}
}

func TestCeilingByHand(t *testing.T) {
	q := Set{IDs: []int64{1}, Keys: []string{"own"}}
	g := Set{IDs: []int64{1, 2, 1, 3}, Keys: []string{"own", "b", "c", "d"}}
	qa := [][]string{{"dark red", Unknown}}
	ga := [][]string{{"red", "x"}, {"crimson", "x"}, {"red", "y"}, {"blue", Unknown}}
	canonical := func(_ int, v string) string {
		if v == "crimson" || v == "dark red" {
			return "red"
		}
		return v
	}
	// Without its own picture the match shares the first place with entry 1.
	r, err := Ceiling(context.Background(), q, g, qa, ga, canonical, Protocol{WithoutOwnPicture: true, MaxRank: 3})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "R1", 0.5, r.R1, 1e-12)
	near(t, "CMC 2", 1, r.CMC[1], 1e-12)
	near(t, "mAP", 0.75, r.MAP, 1e-12)
	near(t, "trapezoid", (1+0.25)/2, r.MAPTrapezoid, 1e-12)
	near(t, "mINP", 0.75, r.MINP, 1e-12)
	if x := r.PerQuery[0]; !x.Tied || x.Matches != 1 || x.First != 1 {
		t.Errorf("got %+v", x)
	}
	if _, err := Ceiling(context.Background(), q, g, qa, [][]string{{"a"}, {"b"}, {"c"}, {"d"}}, nil, DefaultProtocol()); err == nil || !strings.Contains(err.Error(), "gallery entry 0: want 2 attributes, got 1") {
		t.Errorf("got %v", err)
	}
}

func TestAttributeAccuracy(t *testing.T) {
	truth := [][]string{{"man", "hat"}, {"man", Unknown}, {"woman", Unknown}, {"girl", Unknown}}
	answers := [][]string{{"man", Unknown}, {"woman", Unknown}, {"lady", Unknown}, {"man", "hat"}}
	canonical := func(_ int, v string) string {
		if v == "lady" {
			return "woman"
		}
		return v
	}
	got, err := AttributeAccuracy(answers, truth, canonical)
	if err != nil {
		t.Fatal(err)
	}
	want := []SlotAccuracy{
		{N: 4, Accuracy: 0.5, Majority: 0.5, MajorityValue: "man", MinorityN: 2, MinorityAccuracy: 0.5, MinorityMajority: 0.5},
		{N: 4, Accuracy: 0.5, Majority: 0.75, MajorityValue: Unknown, UnknownShare: 0.75, MinorityN: 1, MinorityAccuracy: 0, MinorityMajority: 1},
	}
	for s := range want {
		if got[s] != want[s] {
			t.Errorf("slot %d: want %+v, got %+v", s, want[s], got[s])
		}
	}
	if _, err := AttributeAccuracy(answers[:1], truth, nil); err == nil {
		t.Error("want an error for answers that are missing")
	}
	if _, err := AttributeAccuracy([][]string{{"a"}, {}}, [][]string{{"a"}, {"b"}}, nil); err == nil || !strings.Contains(err.Error(), "entry 1: want 1") {
		t.Errorf("got %v", err)
	}
}
