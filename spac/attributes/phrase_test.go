package attributes

import (
	"slices"
	"strings"
	"testing"
)

func TestKnown(t *testing.T) {
	e := newExtractor(t)
	for _, c := range []struct {
		slot   Slot
		phrase string
		want   bool
	}{
		{Upper, "red shirt", true},
		{Upper, "shirt", true},
		{Lower, "red shirt", false},
		{Lower, "dress pants", true},
		{Shoes, "white sneakers", true},
		{Head, "long hair", true},
		{Belongings, "black backpack", true},
		{Gender, "young woman", true},
		{Gender, "man", true},
		{Upper, "unknown", false},
		{Upper, "", false},
		{Upper, "red", false},
		{Upper, "red banana", false},
		{Slot(9), "red shirt", false},
		{noSlot, "red shirt", false},
	} {
		if got := e.Known(c.slot, c.phrase); got != c.want {
			t.Errorf("Known(%v, %q): want %v, got %v", c.slot, c.phrase, c.want, got)
		}
	}
}

func TestColorAndNoun(t *testing.T) {
	e := newExtractor(t)
	for _, c := range []struct{ phrase, color, noun string }{
		{"black shoes", "black", "shoe"},
		{"gray t-shirt", "grey", "t-shirt"},
		{"light blue jeans", "light blue", "jeans"},
		{"black and white striped shirt", "black and white", "shirt"},
		{"long dark hair", "dark", "hair"},
		{"dark grey leather ankle boots", "dark grey", "ankle boot"},
		{"plain skirt", "", "skirt"},
		{"red banana", "red", "banana"},
		{"unknown", "", ""},
		{"", "", ""},
	} {
		if color, noun := e.ColorAndNoun(c.phrase); color != c.color || noun != c.noun {
			t.Errorf("ColorAndNoun(%q): want %q %q, got %q %q", c.phrase, c.color, c.noun, color, noun)
		}
	}
}

func TestBasicColors(t *testing.T) {
	e := newExtractor(t)
	for phrase, want := range map[string]string{
		"black shoes": "black", "gray t-shirt": "grey", "light blue jeans": "blue", "navy-blue shorts": "blue",
		"dark grey-brown jacket": "grey brown", "black and white striped shirt": "black white",
		"navy padded jacket with red sleeves": "blue", "beige chinos": "brown", "black and charcoal and black coat": "black grey",
		"reddish skirt": "red", "multicoloured shirt": "", "plain skirt": "", "dark trousers": "", "unknown": "", "": "",
	} {
		if got := strings.Join(e.BasicColors(phrase), " "); got != want {
			t.Errorf("BasicColors(%q): want %q, got %q", phrase, want, got)
		}
	}
}

// TestBasicColorsOfEveryColor holds that a colour word of the list has a basic colour, but for
// those that name no colour of their own.
func TestBasicColorsOfEveryColor(t *testing.T) {
	e := newExtractor(t)
	none := []string{"multicoloured", "colourful"}
	for word, w := range e.words.words {
		if w.tag == tagColor && w.color != "" && !slices.Contains(none, w.color) && len(e.BasicColors(word+" shirt")) != 1 {
			t.Errorf("colour %q: want one basic colour, got %q", word, e.BasicColors(word+" shirt"))
		}
	}
}

func TestPlural(t *testing.T) {
	e := newExtractor(t)
	for phrase, want := range map[string]bool{
		"black shoes": true, "jeans": true, "sunglasses": true, "red shirt": false, "short hair": false,
		"black dress": false, "footwear": false, "blue hot pants": true, "suit jacket": false,
		"frobnics": true, "glass": false, "": false, "two scarves": true,
	} {
		if got := e.Plural(phrase); got != want {
			t.Errorf("Plural(%q): want %v, got %v", phrase, want, got)
		}
	}
}
