package wording

import (
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plip/ingest/demo/person"
)

// A written caption with whom it describes.
type written struct {
	who   person.Person
	seen  Seen
	texts []string
}

// write makes captions of n pictures of different persons.
func write(t *testing.T, n int) []written {
	t.Helper()
	w, err := NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	var out []written
	for i := range n {
		r := rand.New(rand.NewPCG(77, uint64(i)))
		p := person.Sample(r)
		seen := Seen{Shoes: i%11 != 0, Inner: i%3 == 0}
		texts, err := w.Captions(&p, seen, r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, written{p, seen, texts})
	}
	return out
}

// TestGrammar looks for what a careful reader would strike out.
func TestGrammar(t *testing.T) {
	faults := map[string]*regexp.Regexp{
		"two spaces":               regexp.MustCompile(`  `),
		"space before punctuation": regexp.MustCompile(` [,.;:)]`),
		"doubled punctuation":      regexp.MustCompile(`[,.;:][,.;:]`),
		"no space after a mark":    regexp.MustCompile(`[,.;:][A-Za-z]`),
		"a before a vowel":         regexp.MustCompile(`(?i)\ba [aeiou]`),
		"an before a consonant":    regexp.MustCompile(`(?i)\ban [^aeiou]`),
		"article before a plural":  regexp.MustCompile(`(?i)\ban? [a-z -]*\b(jeans|denims|trousers|pants|slacks|shorts|bermudas|leggings|tights|sweatpants|joggers|sneakers|trainers|boots|sandals|shoes|oxfords)\b`),
		"article before hair":      regexp.MustCompile(`(?i)\ban? (short|long|cropped|close-cut|flowing) [a-z -]*hair\b`),
		"bracket left":             regexp.MustCompile(`[\[\]{}&]`),
		"small letter at start":    regexp.MustCompile(`(^|\. )[a-z]`),
		"he or she after person":   regexp.MustCompile(`\b[Aa] (person|pedestrian)\b.*\b([Hh]e|[Ss]he)\b`),
	}
	pair := regexp.MustCompile(`(?i)a pair of [a-z -]*`)
	for _, c := range write(t, 4000) {
		for style, text := range c.texts {
			if !strings.HasSuffix(text, ".") {
				t.Errorf("no full stop: %q", text)
			}
			for ws, i := words(text), 1; i < len(ws); i++ {
				if ws[i] == ws[i-1] {
					t.Errorf("%q twice: %q", ws[i], text)
				}
			}
			plain := pair.ReplaceAllString(text, "footwear")
			for name, re := range faults {
				if m := re.FindString(plain); m != "" {
					// A plural further on belongs to another phrase: commas and "and" end one.
					if name == "article before a plural" && (strings.Contains(m, " and ") || strings.Contains(m, " with ") || crossesPhrase(m)) {
						continue
					}
					t.Fatalf("%s (%q) in style %d: %q", name, m, style, text)
				}
			}
		}
	}
}

// crossesPhrase reports whether a run of words from an article to a plural holds a countable noun in between: then the plural belongs to
// a later phrase ("a red coat over blue jeans").
func crossesPhrase(run string) bool {
	table, err := Synonyms()
	if err != nil {
		return false
	}
	tokens := table.Tokens(run)
	for _, k := range tokens[:len(tokens)-1] {
		if k.Class == Noun || k.Class == Gender || k.Word == "person" || k.Word == "pedestrian" || k.Word == "walk" || k.Word == "step" {
			return true
		}
	}
	return false
}

// TestNothingIsContradicted reads each caption back as base words and demands that every kind named is the identity's, and every colour
// belongs to the kind that follows it.
func TestNothingIsContradicted(t *testing.T) {
	table, err := Synonyms()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range write(t, 4000) {
		p := &c.who
		colorOf := map[string]string{
			string(p.Upper): string(p.UpperColor), string(p.Lower): string(p.LowerColor), string(p.Shoes): string(p.ShoesColor), string(p.Bag): string(p.BagColor),
		}
		if p.Hat != person.NoHat {
			colorOf[string(p.Hat)] = string(p.HatColor)
		} else {
			colorOf["hair"], colorOf["hair bun"], colorOf["bald head"] = string(p.HairColor), string(p.HairColor), ""
		}
		if p.Open && c.seen.Inner {
			colorOf["top"] = string(p.InnerColor)
		}
		if p.Upper == person.Vest {
			colorOf["sleeves"] = string(p.InnerColor)
		}
		colorOf["stripes"], colorOf["checks"], colorOf["dots"] = string(p.PatternColor), string(p.PatternColor), string(p.PatternColor)
		for _, text := range c.texts {
			color := ""
			for _, k := range table.Tokens(text) {
				switch {
				case k.Class == Color:
					color = k.Word
				case k.Class == Gender && k.Word != string(p.Gender):
					t.Fatalf("%q calls a %s %s", text, p.Gender, k.Word)
				case k.Class == Pattern && k.Word != string(p.Pattern):
					t.Fatalf("%q: pattern %s, want %q", text, k.Word, p.Pattern)
				case k.Word == "he" && p.Gender != person.Man || k.Word == "she" && p.Gender != person.Woman:
					t.Fatalf("%q: pronoun of a %s", text, p.Gender)
				case k.Class == Noun || k.Class == Plural || k.Class == Mass || k.Word == "top" || k.Word == "sleeves" || k.Word == "stripes" || k.Word == "checks" || k.Word == "dots":
					want, ok := colorOf[k.Word]
					if k.Word == "top" && !ok { // "top:" heads a list in one shape
						continue
					}
					if !ok {
						t.Fatalf("%q names %q, which %v does not have", text, k.Word, p.Attributes())
					}
					if color != "" && want != color {
						t.Fatalf("%q: %s is %s, want %s", text, k.Word, color, want)
					}
					if k.Class == Plural && k.Word == string(p.Shoes) && !c.seen.Shoes {
						t.Fatalf("%q names hidden shoes", text)
					}
					color = ""
				}
			}
		}
	}
}

// TestMentions counts how often a caption names each thing that is there.
func TestMentions(t *testing.T) {
	table, err := Synonyms()
	if err != nil {
		t.Fatal(err)
	}
	named, there := map[string]int{}, map[string]int{}
	for _, c := range write(t, 3000) {
		p := &c.who
		for _, text := range c.texts {
			words := map[string]bool{}
			for _, k := range table.Tokens(text) {
				words[k.Word] = true
			}
			for slot, word := range map[string]string{"gender": string(p.Gender), "upper": string(p.Upper), "lower": string(p.Lower), "shoes": string(p.Shoes), "bag": string(p.Bag)} {
				if word == "" || slot == "shoes" && !c.seen.Shoes {
					continue
				}
				there[slot]++
				if words[word] {
					named[slot]++
				}
			}
		}
	}
	for slot, least := range map[string]float64{"gender": 0.95, "upper": 1, "lower": 0.97, "shoes": 0.95, "bag": 0.92} {
		share := float64(named[slot]) / float64(there[slot])
		if share < least {
			t.Errorf("%s is named in %.3f of the captions, want %.2f or more", slot, share, least)
		}
		if least < 1 && share == 1 {
			t.Errorf("%s is never kept back", slot)
		}
	}
}

func TestTextsAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	all, label := 0, 0
	for _, c := range write(t, 3000) {
		phrases := strings.Join(c.who.Attributes(), ", ")
		for _, text := range c.texts {
			seen[text] = true
			all++
			if strings.EqualFold(strings.TrimSuffix(text, "."), phrases) {
				label++
			}
		}
	}
	if share := float64(len(seen)) / float64(all); share < 0.9 {
		t.Errorf("distinct texts: want 0.9 or more, got %.3f", share)
	}
	if label > all/100 {
		t.Errorf("%d of %d captions are the attributes themselves", label, all)
	}
}

// TestStylesAreTold trains naive Bayes on words and demands that it tells the styles apart.
func TestStylesAreTold(t *testing.T) {
	count := [NumStyles]map[string]float64{{}, {}}
	var total [NumStyles]float64
	texts := write(t, 1200)
	for _, c := range texts[:800] {
		for style, text := range c.texts {
			for _, w := range words(text) {
				count[style][w]++
				total[style]++
			}
		}
	}
	right, all := 0, 0
	for _, c := range texts[800:] {
		for style, text := range c.texts {
			var score [NumStyles]float64
			for s := range NumStyles {
				for _, w := range words(text) {
					score[s] += math.Log((count[s][w] + 1) / (total[s] + 2000))
				}
			}
			all++
			if (score[Flowing] > score[Terse]) == (Style(style) == Flowing) {
				right++
			}
		}
	}
	if share := float64(right) / float64(all); share < 0.95 {
		t.Errorf("styles told apart: want 0.95 or more, got %.3f", share)
	}
}

func TestEveryShapeIsUsed(t *testing.T) {
	w, err := NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := w.Shapes(Terse), w.Shapes(Flowing); a < 30 || b < 30 || a+b < 60 {
		t.Fatalf("want 60 shapes or more, 30 a style, got %d terse and %d flowing", a, b)
	}
	var sources []string
	for _, style := range w.shapes {
		for _, s := range style {
			sources = append(sources, s.Source)
			usable := false
			for bits := range 64 { // some set of attributes must fit
				var there [person.NumSlots]bool
				for a := range there {
					there[a] = bits>>a&1 != 0
				}
				usable = usable || there[person.SlotUpper] && s.fits(there)
			}
			if !usable {
				t.Errorf("no identity fits %q", s.Source)
			}
		}
	}
	slices.Sort(sources)
	if n := len(slices.Compact(slices.Clone(sources))); n != len(sources) {
		t.Errorf("%d shapes occur twice", len(sources)-n)
	}
	// Every combination that a picture can show has several shapes in each style.
	for bits := range 64 {
		var there [person.NumSlots]bool
		for a := range there {
			there[a] = bits>>a&1 != 0
		}
		if !there[person.SlotUpper] {
			continue
		}
		for style := range NumStyles {
			n := 0
			for i := range w.shapes[style] {
				if w.shapes[style][i].fits(there) {
					n++
				}
			}
			if n < 8 {
				t.Errorf("style %d: %d shapes for %v, want 8 or more", style, n, there)
			}
		}
	}
}
