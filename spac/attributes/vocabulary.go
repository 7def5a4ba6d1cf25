package attributes

import (
	"fmt"
	"strings"
)

// noun is a keyword: a head noun that decides a slot.
type noun struct {
	slot   Slot
	lemma  string // the entry as listed, singular unless always plural
	plural bool   // this surface form is plural
	marks  marks
	class  Class
}

// word is all that is known of one surface form.
type word struct {
	tag       tag
	noun      *noun // set when tag is tagKeyword
	color     string
	shade     string
	basic     string // the basic colour of a colour word, "" when it has none
	personMod bool
	place     bool
	measure   bool
	degree    bool       // may stand between "is" and a colour
	compounds []compound // keywords of several words that begin with this one, longest first
}

// compound is a keyword, or a word group to ignore, of several words.
type compound struct {
	rest []string // the words after the first
	noun *noun    // nil: ignore
}

// vocabulary joins the keyword list and the lexicon.
type vocabulary struct {
	words     map[string]*word
	opposites map[string]string // singular and plural person nouns, both ways
	plurals   map[string]string // person nouns: singular to plural
	verbs     map[string]string // base form to the form in -s
}

var slotSections = map[string]Slot{
	"male": Gender, "female": Gender, "neutral": Gender,
	"head": Head, "upper": Upper, "lower": Lower, "shoes": Shoes, "belongings": Belongings,
}

var classSections = map[string]Class{"male": Male, "female": Female}

var lexiconTags = map[string]tag{
	"determiner": tagDeterminer, "possessive": tagPossessive, "pronoun": tagPronoun,
	"preposition": tagPreposition, "conjunction": tagConjunction, "be": tagBe,
	"negation": tagNegation, "number": tagNumber, "adverb": tagAdverb, "verb": tagVerb,
	"verb form": tagVerb, "adjective": tagAdjective, "noun": tagNoun,
}

// closedSections hold words whose tag beats a keyword's.
var closedSections = []string{
	"negation", "determiner", "possessive", "pronoun", "preposition", "conjunction", "be",
}

// openSections follow the keywords; of a word in two of them the first counts.
var openSections = []string{"adjective", "number", "adverb", "verb form", "noun", "verb"}

func newVocabulary(keywords, lexicon string) (*vocabulary, error) {
	keys, err := parseSections("keywords", keywords)
	if err != nil {
		return nil, err
	}
	lex, err := parseSections("lexicon", lexicon)
	if err != nil {
		return nil, err
	}
	v := &vocabulary{
		words:     make(map[string]*word, 4096),
		opposites: make(map[string]string),
		plurals:   make(map[string]string),
		verbs:     make(map[string]string),
	}
	for _, s := range lex {
		if _, ok := lexiconTags[s.name]; !ok && s.name != "place" && s.name != "measure" {
			return nil, fmt.Errorf("lexicon: line %d: unknown section [%s]", s.line, s.name)
		}
	}
	for _, name := range closedSections {
		v.addLexicon(lex, name)
	}
	for _, s := range keys {
		if err := v.addKeywords(s); err != nil {
			return nil, err
		}
	}
	for _, name := range openSections {
		v.addLexicon(lex, name)
	}
	for _, s := range lex {
		for _, it := range s.items {
			switch s.name {
			case "place":
				v.at(it.word).place = true
			case "measure":
				v.at(it.word).measure = true
				v.at(pluralOf(it.word)).measure = true
			}
		}
	}
	for _, w := range []string{"both", "all", "like", "to", "be"} {
		v.at(w).degree = true
	}
	return v, nil
}

// at returns the record of a surface form, making an untagged one where there is none.
func (v *vocabulary) at(surface string) *word {
	w, ok := v.words[surface]
	if !ok {
		w = &word{tag: tagUnknown}
		v.words[surface] = w
	}
	return w
}

// claim gives a surface form its tag unless it already has one.
func (v *vocabulary) claim(surface string, t tag) {
	if w := v.at(surface); w.tag == tagUnknown {
		w.tag = t
	}
}

func (v *vocabulary) addLexicon(lex []section, name string) {
	for _, s := range lex {
		if s.name != name {
			continue
		}
		t := lexiconTags[name]
		for _, it := range s.items {
			v.claim(it.word, t)
			switch name {
			case "noun":
				v.claim(pluralOf(it.word), t)
			case "verb":
				third, ing, ed := verbForms(it.word)
				v.claim(third, t)
				v.claim(ing, tagParticiple)
				v.claim(ed, tagPast)
				v.verbs[it.word] = third
			}
		}
	}
}

func (v *vocabulary) addKeywords(s section) error {
	if slot, ok := slotSections[s.name]; ok {
		for _, it := range s.items {
			v.addNoun(it, slot, classSections[s.name])
		}
		return nil
	}
	switch s.name {
	case "colours":
		for _, it := range s.items {
			w := v.at(it.word)
			if w.tag == tagUnknown {
				w.tag = tagColor
			}
			w.color = it.word
			if it.equals != "" {
				w.color = it.equals
			}
		}
	case "shades":
		for _, it := range s.items {
			w := v.at(it.word)
			if w.tag == tagUnknown {
				w.tag = tagShade
			}
			w.shade = it.word
			if it.equals != "" {
				w.shade = it.equals
			}
		}
	case "basic colours":
		for _, it := range s.items {
			if it.equals == "" {
				return fmt.Errorf("keywords: line %d: want word=word in [basic colours], got %q", it.line, it.word)
			}
			v.at(it.word).basic = it.equals
		}
	case "person modifiers":
		for _, it := range s.items {
			w := v.at(it.word)
			w.personMod = true
			if w.tag == tagUnknown {
				w.tag = tagAdjective
			}
		}
	case "opposites":
		for _, it := range s.items {
			if it.equals == "" {
				return fmt.Errorf("keywords: line %d: want word=word in [opposites], got %q", it.line, it.word)
			}
			v.addOpposite(it.word, it.equals)
		}
	case "ignore":
		for _, it := range s.items {
			v.addCompound(it.word, nil)
		}
	default:
		return fmt.Errorf("keywords: line %d: unknown section [%s]", s.line, s.name)
	}
	return nil
}

func (v *vocabulary) addNoun(it item, slot Slot, class Class) {
	always := it.marks&alwaysPlural != 0
	v.addForm(it.word, &noun{slot: slot, lemma: it.word, plural: always, marks: it.marks, class: class})
	if always {
		return
	}
	plural := it.plural
	if plural == "" {
		plural = pluralOf(it.word)
	}
	v.addForm(plural, &noun{slot: slot, lemma: it.word, plural: true, marks: it.marks, class: class})
	if slot == Gender {
		v.plurals[it.word] = plural
	}
}

// addForm enters one surface form of a keyword; the first slot to name a form keeps it.
func (v *vocabulary) addForm(surface string, n *noun) {
	if strings.Contains(surface, " ") {
		v.addCompound(surface, n)
		return
	}
	if w := v.at(surface); w.tag == tagUnknown {
		w.tag, w.noun = tagKeyword, n
	}
}

func (v *vocabulary) addCompound(surface string, n *noun) {
	parts := strings.Fields(surface)
	first := v.at(parts[0])
	c := compound{rest: parts[1:], noun: n}
	at := len(first.compounds)
	for at > 0 && len(first.compounds[at-1].rest) < len(c.rest) { // longest first
		at--
	}
	first.compounds = append(first.compounds, compound{})
	copy(first.compounds[at+1:], first.compounds[at:])
	first.compounds[at] = c
}

// addOpposite links two person nouns and their plurals; the first link of a word counts.
func (v *vocabulary) addOpposite(a, b string) {
	link := func(x, y string) {
		if _, ok := v.opposites[x]; !ok {
			v.opposites[x] = y
		}
	}
	link(a, b)
	link(b, a)
	pa, pb := v.pluralPerson(a), v.pluralPerson(b)
	link(pa, pb)
	link(pb, pa)
}

// pluralPerson returns the plural of a person noun, derived when it is not listed.
func (v *vocabulary) pluralPerson(singular string) string {
	if p, ok := v.plurals[singular]; ok {
		return p
	}
	return pluralOf(singular)
}
