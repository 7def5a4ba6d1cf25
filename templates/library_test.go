package templates

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func newLibrary(t testing.TB) *Library {
	t.Helper()
	l, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// reachable lists the 24 sets that have sentences.
func reachable() []Set {
	var out []Set
	for s := range Set(numSets) {
		if s.Reachable() {
			out = append(out, s)
		}
	}
	return out
}

func TestEveryCombinationHasSentences(t *testing.T) {
	l := newLibrary(t)
	if n := len(reachable()); n != 24 {
		t.Fatalf("want 24 reachable sets, got %d", n)
	}
	perCombination := make(map[string]map[string]bool)
	distinct := make(map[string]bool)
	for _, tpl := range l.All() {
		key := strings.Join(tpl.Slots, "+") + " " + tpl.Gender
		if perCombination[key] == nil {
			perCombination[key] = make(map[string]bool)
		}
		if perCombination[key][tpl.Text] {
			t.Errorf("%s: twice %q", key, tpl.Text)
		}
		perCombination[key][tpl.Text] = true
		distinct[tpl.Text] = true
	}
	for _, s := range reachable() {
		for _, g := range genders {
			if n := len(perCombination[s.String()+" "+g]); n < 12 {
				t.Errorf("%v, %s: want 12 sentences or more, got %d", s, g, n)
			}
		}
	}
	if len(perCombination) != 24*3 {
		t.Errorf("want 72 combinations, got %d", len(perCombination))
	}
	if len(distinct) < 1664 {
		t.Errorf("want 1,664 distinct sentences or more, got %d", len(distinct))
	}
	t.Logf("%d templates, %d distinct sentences", len(l.All()), len(distinct))
}

var (
	bracketPattern = regexp.MustCompile(`\[\w+\]`)
	// Words that must not stand before a bracket, because the filler writes an article.
	beforeBracket = regexp.MustCompile(`(?i)\b(a|an|the|his|her|their|its|this|that|these|those|some|any|no|my|your|very|heavy|shiny|pretty|easy|black|dark|matching) \[`)
)

func TestBracketsAreTheSlots(t *testing.T) {
	for _, tpl := range newLibrary(t).All() {
		want := []string{personBracket}
		for i, name := range slotNames {
			if slices.Contains(tpl.Slots, name) {
				want = append(want, brackets[i])
			}
		}
		got := bracketPattern.FindAllString(tpl.Text, -1)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q: want brackets %v, got %v", tpl.Text, want, got)
		}
		if m := beforeBracket.FindString(tpl.Text); m != "" {
			t.Errorf("%q: %q before a bracket", tpl.Text, m)
		}
		if rest := bracketPattern.ReplaceAllString(tpl.Text, ""); strings.ContainsAny(rest, "[]{}@/-") {
			t.Errorf("%q: unresolved grammar", tpl.Text)
		}
	}
}

func TestPronounsFitTheGender(t *testing.T) {
	foreign := map[string]*regexp.Regexp{
		Male:    regexp.MustCompile(`(?i)\b(she|her|hers|they|them|their)\b`),
		Female:  regexp.MustCompile(`(?i)\b(he|him|his|they|them|their)\b`),
		Neutral: regexp.MustCompile(`(?i)\b(she|her|hers|he|him|his)\b`),
	}
	verb := map[string]*regexp.Regexp{
		Male:    regexp.MustCompile(`(?i)\bhe (are|were|have|wear|carry|walk|appear)\b`),
		Female:  regexp.MustCompile(`(?i)\bshe (are|were|have|wear|carry|walk|appear)\b`),
		Neutral: regexp.MustCompile(`(?i)\bthey (also )?(is|was|has|wears|carries|walks|appears)\b`),
	}
	with := make(map[string]int)
	for _, tpl := range newLibrary(t).All() {
		if m := foreign[tpl.Gender].FindString(tpl.Text); m != "" {
			t.Errorf("%s: %q in %q", tpl.Gender, m, tpl.Text)
		}
		if m := verb[tpl.Gender].FindString(tpl.Text); m != "" {
			t.Errorf("%s: %q in %q", tpl.Gender, m, tpl.Text)
		}
		if regexp.MustCompile(`(?i)\b(he|she|they|his|her|their|him|them)\b`).MatchString(tpl.Text) {
			with[tpl.Gender]++
		}
	}
	if with[Male] == 0 || with[Male] != with[Female] || with[Male] != with[Neutral] {
		t.Errorf("want as many sentences with pronouns for each gender, got %v", with)
	}
}

// A skeleton is what is left of a sentence without slots, articles and adjectives; the three
// genders of a pronoun count as one word.
func TestSkeletonsVary(t *testing.T) {
	drop := regexp.MustCompile(`\b(a|an|the|easy|other|upper|same)\b|[^a-z ]`)
	same := strings.NewReplacer(" she ", " he ", " they ", " he ", " her ", " his ", " their ", " his ",
		" him ", " his ", " them ", " his ", " are ", " is ", " have ", " has ", " were ", " was ",
		" wear ", " wears ", " carry ", " carries ", " walk ", " walks ", " appear ", " appears ")
	count := make(map[string]int)
	distinct := make(map[string]bool)
	for _, tpl := range newLibrary(t).All() {
		if distinct[tpl.Text] {
			continue
		}
		distinct[tpl.Text] = true
		text := strings.ToLower(bracketPattern.ReplaceAllString(tpl.Text, " "))
		text = strings.ReplaceAll(drop.ReplaceAllString(text, " "), " ", "  ")
		text = same.Replace(" " + text + " ")
		count[strings.Join(strings.Fields(text), " ")]++
	}
	most, name := 0, ""
	for skeleton, n := range count {
		if n > most {
			most, name = n, skeleton
		}
	}
	if len(count) < 150 {
		t.Errorf("want 150 skeletons or more, got %d", len(count))
	}
	if most*100 > 3*len(distinct) {
		t.Errorf("skeleton %q has %d of %d sentences, want at most 3 %%", name, most, len(distinct))
	}
	t.Logf("%d skeletons; the commonest has %d of %d: %q", len(count), most, len(distinct), name)
}

func TestPick(t *testing.T) {
	l := newLibrary(t)
	for _, c := range []struct {
		set    Set
		gender string
	}{{0, Male}, {Head | Shoes | Belongings, Female}, {Upper, "man"}, {Upper, ""}, {numSets | Upper, Male}} {
		if tpl, ok := l.Pick(c.set, c.gender, 1); ok || tpl.Text != "" {
			t.Errorf("Pick(%v, %q): want none, got %q", c.set, c.gender, tpl.Text)
		}
	}
	for _, s := range reachable() {
		picked := make(map[string]bool)
		for key := range uint64(perCase) {
			tpl, ok := l.Pick(s, Female, key)
			if !ok || tpl.Gender != Female || !slices.Equal(tpl.Slots, s.Names()) {
				t.Fatalf("Pick(%v, female, %d): got %v %v", s, key, tpl, ok)
			}
			picked[tpl.Text] = true
		}
		if len(picked) != len(l.byCase[s][1]) {
			t.Errorf("%v: want every sentence picked, got %d of %d", s, len(picked), len(l.byCase[s][1]))
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}
