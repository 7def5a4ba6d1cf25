package report

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFlowBalance(t *testing.T) {
	for name, c := range map[string]struct {
		step    Step
		missing int64
		shares  map[string]float64
	}{
		"even": {Step{In: 10, InUnit: "images", Out: 7, OutUnit: "images", Dropped: []Drop{{"a", 2}, {"b", 1}, {"c", 0}}}, 0,
			map[string]float64{"kept": .7, "d0": .2, "d1": .1}},
		"lost":    {Step{In: 10, InUnit: "images", Out: 7, OutUnit: "images", Dropped: []Drop{{"a", 2}}}, 1, map[string]float64{"kept": .7, "d0": .2, "missing": .1}},
		"gained":  {Step{In: 10, InUnit: "images", Out: 12, OutUnit: "images"}, -2, map[string]float64{"kept": 1}},
		"turned":  {Step{In: 10, InUnit: "images", Out: 30, OutUnit: "captions"}, 0, map[string]float64{"kept": 1}},
		"nothing": {Step{InUnit: "images", OutUnit: "images"}, 0, map[string]float64{}},
	} {
		v := newFlowViews([]Step{c.step})[0]
		if v.Missing != c.missing {
			t.Errorf("%s: missing: want %d, got %d", name, c.missing, v.Missing)
		}
		got, sum := map[string]float64{}, 0.0
		for _, p := range v.Parts {
			got[p.Class] = p.Share
			sum += p.Share
		}
		if diff := cmp.Diff(c.shares, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
		if c.step.In > 0 && math.Abs(sum-1) > 1e-12 {
			t.Errorf("%s: want a whole bar, got %v of it", name, sum)
		}
	}
}

func TestSlotsOfInvertsValues(t *testing.T) {
	v := [6]float64{.1, .2, .3, .4, .5, .6}
	s := SlotsOf(v)
	if s.Values() != v || s.Head != .2 || s.Belongings != .6 {
		t.Errorf("want %v, got %+v", v, s)
	}
	if math.Abs(s.Mean()-.35) > 1e-12 {
		t.Errorf("mean: want 0.35, got %v", s.Mean())
	}
}

func TestStartsNumeric(t *testing.T) {
	for text, want := range map[string]bool{"41.2 %": true, "+3": true, "−0.5": true, "-2": true, "–": true, "": false, "R@1": false, "- note": false, "+": false} {
		if got := startsNumeric(text); got != want {
			t.Errorf("%q: want %t, got %t", text, want, got)
		}
	}
}

func TestSettingGroupsKeepOrder(t *testing.T) {
	got := newSettingGroups([]Setting{{"b.x", "1"}, {"seed", "2"}, {"a.y.z", "3"}, {"b.w", "4"}})
	want := []settingGroup{{"b", []Setting{{"x", "1"}, {"w", "4"}}}, {"", []Setting{{"seed", "2"}}}, {"a", []Setting{{"y.z", "3"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestQueryOutcome(t *testing.T) {
	hits := func(v ...Verdict) []Hit {
		var h []Hit
		for _, v := range v {
			h = append(h, Hit{Crop: Crop{Verdict: v}})
		}
		return h
	}
	for _, c := range []struct {
		query Query
		want  string
	}{
		{Query{Hits: hits(Wrong, Right, Right), Relevant: 4}, "first right at rank 2; 2 of 4 found"},
		{Query{Hits: hits(Right, Wrong)}, "first right at rank 1; 1 right"},
		{Query{Hits: hits(Wrong, Wrong, Wrong)}, "none right in the first 3"},
		{Query{Hits: hits(Unjudged)}, ""},
		{Query{}, ""},
	} {
		if got := c.query.outcome(); got != c.want {
			t.Errorf("want %q, got %q", c.want, got)
		}
	}
}
