package captions

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tolerance is that of reference figures computed in another order.
const tolerance = 1e-9

func near(t *testing.T, what string, want, got float64) {
	t.Helper()
	if !(math.Abs(want-got) <= tolerance) {
		t.Errorf("%s: want %.15f, got %.15f", what, want, got)
	}
}

type reference struct {
	Pairs []struct {
		Hypothesis string
		References []string
		BLEUEach   [4]float64 `json:"bleu_each"`
		ROUGEL     float64    `json:"rouge_l"`
		CIDEr      float64
	}
	BLEU      [4]float64
	ROUGEL    float64 `json:"rouge_l"`
	CIDEr     float64
	Distinct1 float64 `json:"distinct_1"`
	Distinct2 float64 `json:"distinct_2"`
}

func TestReference(t *testing.T) {
	b, err := os.ReadFile("testdata/captionmetrics.json")
	if err != nil {
		t.Fatal(err)
	}
	var want reference
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	var pairs []Pair
	for _, p := range want.Pairs {
		pairs = append(pairs, Pair{p.Hypothesis, p.References})
	}
	got, err := Evaluate(pairs, Options{KeepPunctuation: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(pairs) != 60 || len(got.Pairs) != 60 {
		t.Fatalf("want 60 pairs, got %d and %d", len(pairs), len(got.Pairs))
	}
	for n := range 4 {
		near(t, fmt.Sprintf("BLEU-%d", n+1), want.BLEU[n], got.BLEU[n])
	}
	near(t, "ROUGE-L", want.ROUGEL, got.ROUGEL)
	near(t, "CIDEr", want.CIDEr, got.CIDEr)
	near(t, "distinct-1", want.Distinct1, got.Distinct1)
	near(t, "distinct-2", want.Distinct2, got.Distinct2)
	for i, p := range want.Pairs {
		for n := range 4 {
			near(t, fmt.Sprintf("pair %d: BLEU-%d", i, n+1), p.BLEUEach[n], got.Pairs[i].BLEU[n])
		}
		near(t, fmt.Sprintf("pair %d: ROUGE-L", i), p.ROUGEL, got.Pairs[i].ROUGEL)
		near(t, fmt.Sprintf("pair %d: CIDEr", i), p.CIDEr, got.Pairs[i].CIDEr)
	}
}

func TestWords(t *testing.T) {
	text := "A man's  T-shirt, (red); \"blue\" — 3 bags."
	for _, tc := range []struct {
		o    Options
		want string
	}{
		{Options{}, "a|man's|t-shirt|red|blue|3|bags"},
		{Options{KeepPunctuation: true}, "a|man's|t-shirt,|(red);|\"blue\"|—|3|bags."},
	} {
		if got := strings.Join(tc.o.words(text), "|"); got != tc.want {
			t.Errorf("%+v: want %s, got %s", tc.o, tc.want, got)
		}
	}
}

func TestEmptyCaptions(t *testing.T) {
	s, err := Evaluate([]Pair{{"", []string{"a man"}}, {"a man", []string{""}}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range append(slices.Clone(s.BLEU[:]), s.ROUGEL, s.CIDEr, s.Pairs[0].BLEU[0], s.Pairs[1].BLEU[3]) {
		if math.IsNaN(x) || x > 1e-3 {
			t.Errorf("want figures near 0, got %+v", s)
			break
		}
	}
	if _, err := Evaluate([]Pair{{"a", []string{"b"}}, {"a", nil}}, Options{}); err == nil || !strings.Contains(err.Error(), "pair 1: want a reference or more") {
		t.Errorf("got %v", err)
	}
	if s, err := Evaluate(nil, Options{}); err != nil || s.CIDEr != 0 {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestDiversity(t *testing.T) {
	if got := Distinct([]string{"a red hat", "a red coat."}, 1, Options{}); got != 4.0/6 {
		t.Errorf("distinct-1: want %v, got %v", 4.0/6, got)
	}
	if got := Distinct([]string{"a red hat", "a red coat."}, 2, Options{}); got != 3.0/4 {
		t.Errorf("distinct-2: want %v, got %v", 3.0/4, got)
	}
	if got := Distinct([]string{"a"}, 2, Options{}); got != 0 {
		t.Errorf("no bigram: want 0, got %v", got)
	}
	same := SelfBLEU([][]string{{"a man in a red shirt", "A man in a red shirt."}, {"alone"}}, Options{})
	other := SelfBLEU([][]string{{"a man in a red shirt", "his top looks crimson and bright"}}, Options{})
	half := SelfBLEU([][]string{{"a b c d", "a b x y"}}, Options{})
	if math.Abs(same[3]-1) > 1e-8 || other[0] > 1e-9 || math.Abs(half[0]-0.5) > 1e-8 || math.Abs(half[1]-math.Sqrt(0.5/3)) > 1e-8 {
		t.Errorf("got %v, %v and %v", same, other, half)
	}
	if got := SelfBLEU([][]string{{"alone"}}, Options{}); got != [4]float64{} {
		t.Errorf("want 0 without two captions, got %v", got)
	}
}

func TestCompareStyles(t *testing.T) {
	a, b := "a man in a red shirt", "his top looks crimson and bright"
	got := CompareStyles([][]string{{a, b}, {a, b}, {a, b}, {b}, {"x y z w", "p q r s"}}, []int64{1, 1, 1, 1, 2}, Options{})
	if got.Captions != 6 || math.Abs(got.Within[3]-1) > 1e-8 || got.Between[0] > 1e-9 {
		t.Errorf("want 6 captions alike within their style alone, got %+v", got)
	}
	mixed := CompareStyles([][]string{{a, b}, {b, a}}, []int64{1, 1}, Options{})
	if mixed.Within[0] > 1e-9 || math.Abs(mixed.Between[3]-1) > 1e-8 {
		t.Errorf("want captions alike between the styles alone, got %+v", mixed)
	}
	if got := CompareStyles([][]string{{a, b}}, []int64{1}, Options{}); got != (Styles{}) {
		t.Errorf("want nothing of one picture, got %+v", got)
	}
}

func TestMeasureLengths(t *testing.T) {
	got := MeasureLengths([]string{"a b", "a b c d.", "a b c", "a b c"}, Options{})
	if want := (Lengths{4, 3, math.Sqrt(0.5), 2, 3, 4}); got != want {
		t.Errorf("want %+v, got %+v", want, got)
	}
	if got := MeasureLengths(nil, Options{}); got != (Lengths{}) {
		t.Errorf("want zeros, got %+v", got)
	}
}

func TestCover(t *testing.T) {
	contains := func(c string, _ int, a string) bool { return strings.Contains(c, a) }
	got := Cover(
		[][]string{{"man in red", "a man"}, {"nobody"}},
		[][]string{{"man", "red", Unknown}, {Unknown, Unknown, Unknown}},
		contains)
	want := Coverage{Captions: 3, Full: 2.0 / 3, Mean: 2.5 / 3, Unknown: 4.0 / 6}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"A man.", "", "\xff\xfe t-shirt", "... --- ...", "\u00a0\u2003x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, w := range (Options{}).words(s) {
			if w == "" || strings.TrimFunc(w, mark) != w {
				t.Errorf("%q gave the word %q", s, w)
			}
		}
		p, err := Evaluate([]Pair{{s, []string{s}}, {s, []string{"a man"}}}, Options{})
		if err != nil || math.IsNaN(p.CIDEr) || math.IsNaN(p.BLEU[3]) || p.ROUGEL < 0 || p.ROUGEL > 1+1e-12 {
			t.Errorf("%q: got %+v, %v", s, p, err)
		}
	})
}
