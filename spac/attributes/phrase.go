package attributes

import (
	"slices"
	"strings"
)

// Known tells whether phrase is a phrase of the slot: its head noun, after the rules of
// Extract, is one of the slot's keywords. "unknown" and "" are not known.
func (e *Extractor) Known(s Slot, phrase string) bool {
	if s < 0 || s >= NumSlots {
		return false
	}
	n := e.headNoun(e.tagged(phrase))
	return n != nil && n.slot == s
}

// ColorAndNoun returns the colour words of a phrase and its head noun, each "" when there is
// none. Colours stand in their order with their shades, spelled one way ("gray" is "grey"),
// several joined by "and"; the noun is the keyword as listed, so "sneakers" gives "sneaker"
// and "jeans" stays. Of a head that is no keyword the last word is the noun.
func (e *Extractor) ColorAndNoun(phrase string) (color, noun string) {
	if phrase == Unknown {
		return "", ""
	}
	tokens := e.tagged(phrase)
	var b strings.Builder
	open := false // a shade was written and waits for its colour
	for i := range tokens {
		t := &tokens[i]
		if !t.tag.colours() {
			open = open && t.text == "-"
			continue
		}
		text := t.text
		if t.word != nil && t.word.color != "" {
			text = t.word.color
		} else if t.word != nil && t.word.shade != "" {
			text = t.word.shade
		}
		switch {
		case b.Len() == 0:
		case open:
			b.WriteByte(' ')
		default:
			b.WriteString(" and ")
		}
		b.WriteString(text)
		open = t.tag == tagShade
	}
	if n := e.headNoun(tokens); n != nil {
		return b.String(), n.lemma
	}
	if len(tokens) > 0 {
		return b.String(), tokens[len(tokens)-1].text
	}
	return b.String(), ""
}

// BasicColors returns the basic colours (Berlin and Kay, 1969) of a phrase in its order, each
// once: "dark grey-brown jacket" gives grey and brown, "navy jeans" blue, "shirt" none.
func (e *Extractor) BasicColors(phrase string) []string {
	if phrase == Unknown {
		return nil
	}
	tokens := e.tagged(phrase)
	var out []string
	for i := range tokens {
		if !tokens[i].tag.colours() {
			continue
		}
		for _, text := range e.colorWords(&tokens[i]) {
			if basic := e.basicOf(text); basic != "" && !slices.Contains(out, basic) {
				out = append(out, basic)
			}
		}
	}
	return out
}

// colorWords are the listed words of a colour: the token itself, or the parts of "grey-brown".
func (e *Extractor) colorWords(t *token) []string {
	if t.word != nil {
		return []string{t.text}
	}
	return strings.Split(t.text, "-")
}

// basicOf returns the basic colour of a colour word in any of its spellings.
func (e *Extractor) basicOf(text string) string {
	w := e.words.words[text]
	if w != nil && w.basic == "" {
		w = e.words.words[w.color] // gray is listed as grey
	}
	if w == nil {
		return ""
	}
	return w.basic
}

// Plural tells whether a phrase takes a plural verb: its head is a plural ("sneakers") or a
// word that is always one ("jeans"). Of a head that is no keyword the ending decides.
func (e *Extractor) Plural(phrase string) bool {
	tokens := e.tagged(phrase)
	if n := e.headNoun(tokens); n != nil {
		return n.plural
	}
	if len(tokens) == 0 {
		return false
	}
	last := tokens[len(tokens)-1].text
	return strings.HasSuffix(last, "s") && !strings.HasSuffix(last, "ss") && !strings.HasSuffix(last, "us")
}

// tagged returns the tagged tokens of a phrase up to the end of its first noun phrase that
// has a keyword; of the whole phrase when it has none.
func (e *Extractor) tagged(phrase string) []token {
	tokens := e.words.split(nil, phrase)
	e.words.tagAll(tokens)
	for _, p := range chunk(nil, tokens) {
		if tokens[p.head].noun != nil {
			return tokens[:p.head+1]
		}
	}
	return tokens
}

// headNoun returns the keyword that ends tokens, nil when there is none.
func (e *Extractor) headNoun(tokens []token) *noun {
	if len(tokens) == 0 {
		return nil
	}
	return tokens[len(tokens)-1].noun
}
