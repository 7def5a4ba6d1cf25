package person

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func people(n int) []Person {
	out := make([]Person, n)
	for i := range out {
		out[i] = Sample(rand.New(rand.NewPCG(11, uint64(i))))
	}
	return out
}

func TestSampleIsPure(t *testing.T) {
	if a, b := people(50), people(50); !reflect.DeepEqual(a, b) {
		t.Error("the same stream gives two persons")
	}
}

// TestEverythingOccurs counts phrases in as many identities as the captioned part has: what a captioner shall learn must be there often.
func TestEverythingOccurs(t *testing.T) {
	count := [NumSlots]map[string]int{{}, {}, {}, {}, {}, {}}
	colors := map[string]int{}
	for _, p := range people(1500) {
		colors[string(p.UpperColor)]++
		for slot, a := range p.Attributes() {
			words := strings.SplitN(a, " ", 2)
			noun := a
			if len(words) == 2 && slot != SlotGender {
				noun = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(words[1], "striped "), "checked "), "dotted ")
			}
			count[slot][noun]++
		}
	}
	for slot, least := range []int{2, 10, 10, 7, 4, 7} {
		if len(count[slot]) < least {
			t.Errorf("slot %d: want %d kinds or more, got %v", slot, least, count[slot])
		}
		for noun, n := range count[slot] {
			if n < 40 {
				t.Errorf("slot %d: %q occurs %d times in 1500, want 40 or more", slot, noun, n)
			}
			if share := float64(n) / 1500; share > 0.45 && slot != SlotGender {
				t.Errorf("slot %d: %q is %.2f of all, a constant answer would do", slot, noun, share)
			}
		}
	}
	if len(colors) < 13 {
		t.Errorf("want 13 upper colours or more, got %v", colors)
	}
	for c, n := range colors {
		if n < 60 {
			t.Errorf("upper colour %s occurs %d times in 1500, want 60 or more", c, n)
		}
	}
}

// TestPersonsMakeSense states the rules that keep a person nameable.
func TestPersonsMakeSense(t *testing.T) {
	for _, p := range people(5000) {
		a := p.Attributes()
		if len(a) != NumSlots {
			t.Fatalf("want %d attributes, got %v", NumSlots, a)
		}
		for slot, phrase := range a {
			if phrase == "" || phrase != strings.ToLower(phrase) || strings.Contains(phrase, ",") || strings.TrimSpace(phrase) != phrase {
				t.Fatalf("slot %d: want a lower-case phrase without commas, got %q", slot, phrase)
			}
		}
		if (p.Upper == Dress) != (a[SlotLower] == Unknown) || (p.Bag == NoBag) != (a[SlotBelongings] == Unknown) {
			t.Fatalf("unknown in the wrong slot: %v of %+v", a, p)
		}
		if p.Gender == Man && (p.Upper == Dress || p.Lower == Skirt || p.Hair == Bun) || p.Gender == Woman && p.Looks.Beard {
			t.Fatalf("dressed against the corpus' rules: %v", a)
		}
		if p.Bag != NoBag && (p.BagColor == p.UpperColor || p.Lower != NoLower && p.BagColor == p.LowerColor) {
			t.Fatalf("belongings in the colour of what is behind them: %v", a)
		}
		if p.Pattern != Plain {
			if d := math.Abs(float64(p.UpperColor.RGB().Luma() - p.PatternColor.RGB().Luma())); d < 60 {
				t.Fatalf("pattern %s on %s: brightness differs by %.0f only", p.PatternColor, p.UpperColor, d)
			}
		}
		if p.Hat != NoHat && p.Hair == Bun {
			t.Fatal("a bun under a hat")
		}
	}
}

// TestColorsAreApart keeps the palette's colours distinguishable before and after dyeing.
func TestColorsAreApart(t *testing.T) {
	d := func(a, b RGB) float64 {
		sum := 0.0
		for i := range 3 {
			sum += float64((a[i] - b[i]) * (a[i] - b[i]))
		}
		return math.Sqrt(sum)
	}
	all := Colors()
	for i, a := range all {
		for _, b := range all[:i] {
			if got := d(a.RGB(), b.RGB()); got < 55 {
				t.Errorf("%s and %s are %.0f apart, want 55", a, b, got)
			}
		}
	}
	r := rand.New(rand.NewPCG(3, 3))
	wrong := 0
	for range 4000 {
		c := all[r.IntN(len(all))]
		got := dye(r, c.RGB())
		for _, other := range all {
			if d(got, other.RGB()) < d(got, c.RGB()) {
				wrong++
				break
			}
		}
	}
	if wrong > 20 {
		t.Errorf("%d of 4000 dyed colours are nearer to another name", wrong)
	}
}
