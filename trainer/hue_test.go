package trainer

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"plip/spac/attributes"
)

func TestSwapColors(t *testing.T) {
	e, err := attributes.Default()
	if err != nil {
		t.Fatal(err)
	}
	s := swapper{e}
	for _, c := range []struct {
		caption, before, after string // of the word that is swapped; "": none is
	}{
		{"A man in a red jacket and blue jeans.", "A man in a ", " jacket and blue jeans."},
		{"A man in a black jacket and Blue jeans.", "A man in a black jacket and ", " jeans."},
		{"A woman with a red bag and black trousers.", "", ""},
		{"A woman in a red and white shirt.", "", ""},
		{"a person", "", ""},
		{"", "", ""},
	} {
		seen := map[string]bool{}
		for k := range 40 {
			got, ok := s.swap(rand.New(rand.NewPCG(1, uint64(k))), c.caption)
			if ok != (c.after != "") {
				t.Fatalf("%q: want swapped %v, got %v", c.caption, c.after != "", ok)
			}
			if !ok {
				continue
			}
			word := strings.TrimSuffix(strings.TrimPrefix(got.caption, c.before), c.after)
			if c.before+word+c.after != got.caption || hueDistance(got.from, got.to) < hueGap {
				t.Errorf("%q: got %q, from %v to %v degrees", c.caption, got.caption, got.from, got.to)
			}
			seen[word] = true
		}
		if c.after != "" && len(seen) < 2 {
			t.Errorf("%q: want several words drawn, got %v", c.caption, seen)
		}
	}
}

func TestHue(t *testing.T) {
	for _, c := range []struct{ r, g, b, want float64 }{{255, 0, 0, 0}, {255, 255, 0, 60}, {0, 255, 0, 120}, {0, 0, 255, 240}, {255, 0, 255, 300}, {9, 9, 9, 0}} {
		if got := hueOf(c.r, c.g, c.b); hueDistance(got, c.want) > 1e-9 {
			t.Errorf("hue of %v %v %v: want %v, got %v", c.r, c.g, c.b, c.want, got)
		}
	}
	if got := hueDistance(350, 20); math.Abs(got-30) > 1e-9 {
		t.Errorf("want 30, got %v", got)
	}
}

// TestChangedHues has ten pixels, of which one turns from red to blue: the others do not count.
func TestChangedHues(t *testing.T) {
	before, after := make([]uint8, 30), make([]uint8, 30)
	for i := range before {
		before[i], after[i] = 90, 92
	}
	copy(before[12:], []uint8{200, 10, 10})
	copy(after[12:], []uint8{10, 10, 200})
	if from, to := changedHues(before, after); from != 0 || math.Abs(to-240) > 1e-9 {
		t.Errorf("want 0 and 240, got %v and %v", from, to)
	}
}

func TestRGBOf(t *testing.T) {
	got := rgbOf([]float32{(0.5 - 0.357) / 0.252, -9, (1 - 0.323) / 0.242, 9, 0, (0.2 - 0.328) / 0.239})
	want := []uint8{128, 255, 84, 0, 255, 51}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("want %v, got %v", want, got)
		}
	}
}
