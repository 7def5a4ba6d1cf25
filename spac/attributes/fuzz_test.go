package attributes

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzExtract checks that spans lie in the caption, on rune borders, apart from each other,
// and that values fit them and the joined attribute string.
func FuzzExtract(f *testing.F) {
	e := newExtractor(f)
	for _, c := range benchCaptions {
		f.Add(c)
	}
	f.Add("a pair of a pair of, and, black and black, black shoes")
	f.Add("the coat and the coat are black and, white")
	f.Add("T-SHİRT's Ⱥ ’s 'S - -a- \xff\xfe hat\x80 hat’")
	f.Add("her his no not a the of hood & hood's hood")
	f.Fuzz(func(t *testing.T, caption string) {
		r := e.Extract(caption)
		borders := make(map[int]bool, len(caption)+1)
		for i := range caption {
			borders[i] = true
		}
		borders[len(caption)] = true
		var all []Span
		for s := range r.Spans {
			if (r.Values[s] == Unknown) != (len(r.Spans[s]) == 0) {
				t.Fatalf("slot %v: value %q with %d spans", Slot(s), r.Values[s], len(r.Spans[s]))
			}
			if v := r.Values[s]; v == "" || strings.Contains(v, ",") || v != strings.TrimSpace(v) {
				t.Fatalf("slot %v: value %q", Slot(s), v)
			}
			all = append(all, r.Spans[s]...)
		}
		slices.SortFunc(all, func(a, b Span) int { return a.Start - b.Start })
		end := 0
		for _, sp := range all {
			if sp.Start < end || sp.End <= sp.Start || sp.End > len(caption) {
				t.Fatalf("span %v after byte %d of %d", sp, end, len(caption))
			}
			if !borders[sp.Start] || !borders[sp.End] {
				t.Fatalf("span %v is not on rune borders of %q", sp, caption)
			}
			end = sp.End
		}
	})
}

func FuzzRewriteGender(f *testing.F) {
	e := newExtractor(f)
	for _, c := range benchCaptions {
		f.Add(c, 1)
	}
	f.Add("they THEY'RE her a an a an", 2)
	f.Add("A a man\xff An", 0)
	f.Fuzz(func(t *testing.T, caption string, class int) {
		to := Class(((class % 3) + 3) % 3)
		got := e.RewriteGender(caption, to, "")
		if utf8.ValidString(caption) && !utf8.ValidString(got) {
			t.Fatalf("RewriteGender(%q) is no UTF-8: %q", caption, got)
		}
		if to != Neutral && e.ContradictsGender(got, to) {
			t.Fatalf("RewriteGender(%q, %v) contradicts it: %q", caption, to, got)
		}
	})
}

// FuzzNew checks that a keyword list from a user's file is taken or refused, never a crash,
// and that what is taken works.
func FuzzNew(f *testing.F) {
	f.Add("[male]\nman/men*?~@^&, a b c\n[colours]\nx=y\n")
	f.Add("[opposites]\na=b\n[ignore]\na b\n[head]\n, ,/,=\n")
	f.Fuzz(func(t *testing.T, keywords string) {
		e, err := New(Options{Keywords: keywords, Lexicon: "[determiner]\na\n"})
		if err == nil {
			e.Extract(keywords)
		}
	})
}
