package templates

import (
	"strings"
	"testing"
)

func TestParseGrammarRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no sentence", "@a:\nx\n", "grammar: want a rule @sentence, got 1 others"},
		{"before a rule", "x\n@sentence:\n", `grammar: line 1: want a rule before "x"`},
		{"twice", "@sentence:\nx\n@sentence:\ny\n", "grammar: line 3: rule @sentence: want one definition, got a second"},
		{"bracket", "@sentence:\n[person] [coat]\n", `grammar: line 2: want one of [person] [head] [up] [down] [shoes] [others], got "[coat]"`},
		{"open bracket", "@sentence:\n[person\n", `grammar: line 2: want one of [person] [head] [up] [down] [shoes] [others], got "[person"`},
		{"brace", "@sentence:\n{he\n", `grammar: line 2: want a closing brace in "{he"`},
		{"pronoun", "@sentence:\n{it}\n", `grammar: line 2: want a pronoun or two verbs between braces, got "it"`},
		{"rule", "@sentence:\n@wear it\n", `grammar: line 2: want a rule of the grammar, got "@wear"`},
		{"cycle", "@sentence:\n@a\n@a:\nx @sentence\n", "grammar: rule @sentence leads to itself"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := parseGrammar(c.text); err == nil || err.Error() != c.want {
				t.Errorf("want error %q, got %v", c.want, err)
			}
		})
	}
}

func TestLoadRefusesAnEmptyCombination(t *testing.T) {
	_, err := load("@sentence:\n[person] is out walking in [up] today\n", "")
	if err == nil || err.Error() != "grammar: want a sentence for head+upper, got none" {
		t.Errorf("got %v", err)
	}
}

func TestParseNounsRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"hair\n":         `nouns: line 1: want a [section] before "hair"`,
		"[colours]\nx\n": `nouns: line 1: want one of [plural pair mass an a male female preposition], got "[colours]"`,
	} {
		if _, err := parseNouns(text); err == nil || err.Error() != want {
			t.Errorf("%q: want error %q, got %v", text, want, err)
		}
	}
}

// Unranking gives every derivation once: the ranks of a small grammar list its sentences.
func TestDeriverListsEveryDerivation(t *testing.T) {
	g, err := parseGrammar(strings.Join([]string{
		"@sentence:", "[person] @w @t", "@t @w on [person]",
		"@w:", "[up]", "[down]", "[up] and [down]",
		"@t:", "-", "with [shoes]", "plus @w",
	}, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDeriver(g)
	if err != nil {
		t.Fatal(err)
	}
	want := map[Set][]string{
		Upper: {"[person] [up].", "[up] on [person]."},
		Upper | Lower: {
			"[person] [up] and [down].", "[person] [up] plus [down].", "[person] [down] plus [up].",
			"[up] and [down] on [person].", "Plus [down] [up] on [person].", "Plus [up] [down] on [person].",
		},
		Upper | Shoes: {"[person] [up] with [shoes].", "With [shoes] [up] on [person]."},
		Shoes:         nil,
		Head | Upper:  nil,
	}
	for set, sentences := range want {
		got := make(map[string]bool)
		n := d.rules[g.start][set]
		for rank := range n {
			got[capitalize(render(d.buildRule(nil, g.start, set, rank), 0))] = true
		}
		if int(n) != len(sentences) || len(got) != len(sentences) {
			t.Errorf("%v: want %d derivations, got %d (%d different): %v", set, len(sentences), n, len(got), got)
		}
		for _, s := range sentences {
			if !got[capitalize(s)] {
				t.Errorf("%v: %q is missing in %v", set, s, got)
			}
		}
	}
}

func TestDeriverRefusesTooMany(t *testing.T) {
	var b strings.Builder
	b.WriteString("@sentence:\n@a\n")
	for r := 'a'; r < 'z'; r++ { // eight alternatives to the power of 25
		b.WriteString("@" + string(r) + ":\n")
		b.WriteString(strings.Repeat("@"+string(r+1)+"\n", 8))
	}
	b.WriteString("@z:\nx\n")
	g, err := parseGrammar(b.String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newDeriver(g); err == nil || !strings.Contains(err.Error(), "derivations of a set") {
		t.Errorf("want an error about the number of derivations, got %v", err)
	}
}

func TestWellMade(t *testing.T) {
	for text, want := range map[string]bool{
		"[person] is out walking in [up].":                               true,
		"[person] wears [up].":                                           false, // too short
		"[person] wears [up] and is wearing [down].":                     false,
		"[person] walked past in [up] and wore [down].":                  true,
		"[person] wore [up] and [down] has worn.":                        false,
		"[person] with [head] with [up] with [down].":                    false,
		"[person] " + strings.Repeat("x ", 3) + "[up].":                  false,
		"[person] one two three four five six seven eight nine ten [up]": true,
	} {
		if got := wellMade(text); got != want {
			t.Errorf("wellMade(%q): want %v, got %v", text, want, got)
		}
	}
}

func FuzzParseGrammar(f *testing.F) {
	f.Add("@sentence:\n[person] @a {he} {is/are} [up]\n@a:\n-\nx\n")
	f.Add("@a:\n@b\n@b:\n@a\n")
	f.Add("@:\n@\n[\n{\n")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := parseGrammar(text)
		if err != nil {
			return
		}
		d, err := newDeriver(g)
		if err != nil {
			return
		}
		for set := range Set(numSets) {
			if n := d.rules[g.start][set]; n > 0 {
				render(d.buildRule(nil, g.start, set, n-1), 2)
			}
		}
	})
}
