package wording

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"plip/ingest/demo/person"
)

func table(t *testing.T) *Table {
	t.Helper()
	s, err := Synonyms()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCanonical(t *testing.T) {
	s := table(t)
	for _, c := range []struct{ in, want string }{
		{"gray jeans", "gray jeans"},
		{"a pair of grey denim pants", "gray jeans"},
		{"Dark blue button-up shirt", "navy shirt"},
		{"plaid scarlet shirt", "red checked shirt"},
		{"a polka dot tee", "dotted t-shirt"},
		{"a violet T-Shirt", "purple t-shirt"},
		{"flowing blonde hair", "long blond hair"},
		{"the suit jacket", "blazer"},
		{"zip-up jacket", "jacket"},
		{"tan dress shoes", "beige leather shoes"},
		{"white dress", "white dress"},
		{"his jet-black topknot", "black hair bun"},
		{"blue long-sleeved shirt", "long sleeved blue shirt"},
		{"long-sleeved blue shirt", "long sleeved blue shirt"},
		{"unknown", "unknown"},
		{"frobnicated hat", "frobnicated hat"},
		{"", ""},
		{" ,. ", ""},
	} {
		if got := s.Canonical(c.in); got != c.want {
			t.Errorf("Canonical(%q): want %q, got %q", c.in, c.want, got)
		}
	}
}

// TestAttributesAreCanonical demands that base words are what attribute phrases use, so that a phrase is its own canonical form, and that
// different phrases stay different.
func TestAttributesAreCanonical(t *testing.T) {
	s := table(t)
	for i := range 3000 {
		p := person.Sample(rand.New(rand.NewPCG(5, uint64(i))))
		for _, a := range p.Attributes() {
			if got := s.Canonical(a); got != a {
				t.Fatalf("Canonical(%q): want it unchanged, got %q", a, got)
			}
		}
	}
}

func TestEverySynonymMeansItsBase(t *testing.T) {
	s := table(t)
	for _, e := range s.Entries() {
		for _, w := range e.Words {
			if got := s.Canonical(w); got != e.Base {
				t.Errorf("Canonical(%q): want %q, got %q", w, e.Base, got)
			}
			if phrase := "red " + w; e.Class == Noun && s.Canonical(phrase) != "red "+e.Base {
				t.Errorf("Canonical(%q): got %q", phrase, s.Canonical(phrase))
			}
		}
	}
}

func TestBaseColorsAreApart(t *testing.T) {
	s := table(t)
	var bases []string
	for _, e := range s.Entries() {
		if e.Class == Color {
			bases = append(bases, e.Base)
		}
	}
	want := []string{string(person.Blond)}
	for _, c := range person.Colors() {
		want = append(want, string(c))
	}
	slices.Sort(bases)
	slices.Sort(want)
	if !slices.Equal(bases, want) {
		t.Errorf("colours of the table: want %v, got %v", want, bases)
	}
	for _, b := range bases {
		if got := s.Canonical(b); got != b {
			t.Errorf("%q is taken for %q", b, got)
		}
	}
}

func TestParseTableRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"color red", "line 1"},
		{"shade red = scarlet", "unknown class"},
		{"color red = scarlet\ncolor pink = scarlet", "already means \"red\""},
		{"color = x", "line 1"},
		{"noun t-shirt = tee\nnoun t shirt =", "already means"},
	} {
		if _, err := ParseTable(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: want an error with %q, got %v", c.text, c.want, err)
		}
	}
}

func TestParseGrammarRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"loud: {subject}.", "want \"terse: \""},
		{"terse: {subject", "unmatched"},
		{"terse: {colour}.", "unknown slot \"colour\""},
		{"terse: [a [b] c].", "group in a group"},
		{"terse: a ] b", "unmatched"},
		{"# fine\n\nflowing: {subject} }", "line 3"},
	} {
		if _, err := ParseGrammar(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: want an error with %q, got %v", c.text, c.want, err)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"gray jeans", "a pair of", "pair", "dark blue", "t-shirt - t-shirt", "\xff\x00", "the a an"} {
		f.Add(s)
	}
	s, err := Synonyms()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, phrase string) {
		once := s.Canonical(phrase)
		if len(once) > 8*len(phrase)+16 {
			t.Errorf("%q grows to %q", phrase, once)
		}
	})
}
