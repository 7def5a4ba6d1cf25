package attributes

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// RewriteGender returns the caption with its gender words and pronouns made consistent with
// one class. word is the noun for persons without a gender ("a person" becomes "a man") and
// for those whose noun has no counterpart; "" takes "man", "woman" or "person".
//
// Nouns of the other class become their counterparts (boy and girl), a neutral noun that
// names the caption's person becomes word unless another noun tells a gender, pronouns follow, "they" and its verb only where
// no gendered pronoun says that somebody else is meant. A second person ("beside a blonde
// woman") keeps its gender when the caption's own person already has the wanted one. Case
// is kept, and "a" or "an" before a changed word is put right. With Neutral, "he" becomes
// "the person", so that the verb still agrees.
func (e *Extractor) RewriteGender(caption string, to Class, word string) string {
	tokens := e.words.split(nil, caption)
	e.words.tagAll(tokens)
	w := rewriter{
		words: e.words, tokens: tokens, to: to, noun: word,
		plural: e.words.pluralPerson(word),
	}
	if word == "" {
		w.noun = [...]string{Neutral: "person", Male: "man", Female: "woman"}[to]
		w.plural = e.words.pluralPerson(w.noun)
	}
	g := readGenders(tokens)
	w.neutral = g.firstOf == Neutral
	// A caption about the wanted class may name others; their words stay.
	w.keepOthers = g.subject() == to && g.nouns[to.opposite()] > 0
	w.they = g.pronouns[Male] == 0 && g.pronouns[Female] == 0 && g.nouns[Male]+g.nouns[Female]+g.nouns[Neutral] > 0
	return w.rewrite(caption)
}

type rewriter struct {
	words        *vocabulary
	tokens       []token
	to           Class
	noun, plural string
	keepOthers   bool
	they         bool // "they" is the caption's person
	neutral      bool // no noun tells a gender: the neutral one is replaced
	named        bool // its first person noun has been passed
}

// rewrite copies the caption with every token's replacement.
func (w *rewriter) rewrite(caption string) string {
	var b strings.Builder
	b.Grow(len(caption) + 16)
	done := 0
	article := -1 // index of an "a" or "an" held back until the next word is known
	for i := range w.tokens {
		t := &w.tokens[i]
		text := caption[t.start:t.end]
		if with, ok := w.replacement(i); ok && with != t.text {
			text = matchCase(text, with)
			if article >= 0 {
				a := &w.tokens[article]
				b.WriteString(matchCase(caption[a.start:a.end], articleFor(with)))
				done = a.end
				article = -1
			}
		}
		if article >= 0 { // unchanged word: unchanged article
			a := &w.tokens[article]
			b.WriteString(caption[a.start:a.end])
			done = a.end
			article = -1
		}
		b.WriteString(caption[done:t.start])
		done = t.start
		if t.text == "a" || t.text == "an" {
			article = i
			continue
		}
		b.WriteString(text)
		done = t.end
	}
	b.WriteString(caption[done:])
	return b.String()
}

// replacement returns the new text of token i.
func (w *rewriter) replacement(i int) (string, bool) {
	t := &w.tokens[i]
	if personKeyword(t) {
		return w.person(i)
	}
	if c := pronounClass(t.text); c != Neutral {
		if c == w.to || w.keepOthers {
			return "", false
		}
		return w.pronoun(i), true
	}
	if !w.they || w.to == Neutral {
		return "", false
	}
	switch t.text {
	case "they":
		return w.pick("he", "she"), !w.meansThings(i)
	case "their":
		return w.pick("his", "her"), true
	case "them":
		return w.pick("him", "her"), true
	case "theirs":
		return w.pick("his", "hers"), true
	case "themselves", "themself":
		return w.pick("himself", "herself"), true
	}
	if w.followsThey(i) {
		return w.singularVerb(t.text)
	}
	return "", false
}

// person returns the new noun at i.
func (w *rewriter) person(i int) (string, bool) {
	t := &w.tokens[i]
	c := t.noun.class
	isFirst := !w.named
	w.named = true
	switch {
	case c == w.to:
		return "", false
	case c == Neutral:
		if t.noun.plural || i > 0 && personKeyword(&w.tokens[i-1]) || i+1 < len(w.tokens) && w.tokens[i+1].personClass() != Neutral {
			return "", false // "people", "male pedestrian", "adult man"
		}
		if !w.neutral || !isFirst && !w.definite(i) {
			return "", false // "the pedestrian is a man", another person
		}
		return w.noun, true
	case w.keepOthers:
		return "", false
	case w.to == Neutral:
		if i+1 < len(w.tokens) && personKeyword(&w.tokens[i+1]) {
			return "adult", true // "male student": the noun has no gender of its own
		}
	default:
		if other, ok := w.words.opposites[t.text]; ok {
			return other, true
		}
	}
	if t.noun.plural {
		return w.plural, true
	}
	return w.noun, true
}

// definite tells whether "the" or "this" stands before the person noun at i, which then
// names the caption's person again.
func (w *rewriter) definite(i int) bool {
	return i > 0 && (w.tokens[i-1].text == "the" || w.tokens[i-1].text == "this")
}

// pronoun returns the counterpart of the gendered pronoun at i.
func (w *rewriter) pronoun(i int) string {
	switch w.tokens[i].text {
	case "he", "she":
		if w.to == Neutral {
			return "the person"
		}
		return w.pick("he", "she")
	case "him":
		return w.pick("him", "her")
	case "himself", "herself":
		return w.pick("himself", "herself")
	case "hers":
		return w.pick("his", "hers")
	case "his":
		if w.ownsNothing(i) {
			return w.pick("his", "hers")
		}
		return w.pick("his", "her")
	}
	// "her" is both "his" and "him".
	if w.ownsNothing(i) {
		return w.pick("him", "her")
	}
	return w.pick("his", "her")
}

// pick chooses by the wanted class; the neutral word follows from the male one.
func (w *rewriter) pick(male, female string) string {
	switch w.to {
	case Male:
		return male
	case Female:
		return female
	}
	switch male {
	case "his":
		if female == "hers" {
			return "theirs"
		}
		return "their"
	case "himself":
		return "themselves"
	}
	return "them"
}

// ownsNothing tells whether no noun phrase follows the possessive at i.
func (w *rewriter) ownsNothing(i int) bool {
	if i+1 >= len(w.tokens) {
		return true
	}
	switch t := &w.tokens[i+1]; t.tag {
	case tagKeyword, tagNoun, tagInner, tagAdjective, tagColor, tagShade, tagModifier, tagNumber:
		return false
	case tagAdverb:
		// "her left hand", "her very long hair", but "beside her today."
		return i+2 >= len(w.tokens) || !w.tokens[i+2].tag.modifies() && w.tokens[i+2].tag != tagNoun &&
			w.tokens[i+2].tag != tagKeyword
	case tagVerb:
		// "her walking stick", "her outfit": an unlisted word is a thing, a listed verb not
		return t.word != nil
	}
	return true
}

// followsThey tells whether token i is the verb of a "they": right after it, after an
// adverb, or after "and" in the same clause.
func (w *rewriter) followsThey(i int) bool {
	for k := i - 1; k >= 0; k-- {
		switch t := &w.tokens[k]; {
		case t.text == "they":
			return !w.meansThings(k)
		case k == i-1 && (t.tag == tagAdverb || t.text == "also" || t.text == "both"):
			continue
		case k == i-1 && t.text == "and":
			// "they wear a coat and carry a bag": the base form marks the second verb
			if _, base := w.words.verbs[w.tokens[i].text]; !base && w.tokens[i].text != "are" {
				return false
			}
			for ; k >= 0 && w.tokens[k].tag != tagSign; k-- {
				if w.tokens[k].text == "they" {
					return !w.meansThings(k)
				}
			}
			return false
		}
		return false
	}
	return false
}

// meansThings tells whether the "they" at i stands for clothes: "they are white".
func (w *rewriter) meansThings(i int) bool {
	for i++; i < len(w.tokens); i++ {
		switch t := &w.tokens[i]; {
		case t.tag == tagBe, t.tag == tagAdverb, t.word != nil && t.word.degree:
			continue
		default:
			return t.tag.colours()
		}
	}
	return false
}

// singularVerb returns the form of a verb after "he".
func (w *rewriter) singularVerb(verb string) (string, bool) {
	switch verb {
	case "are":
		return "is", true
	case "were":
		return "was", true
	case "have":
		return "has", true
	case "do":
		return "does", true
	case "aren't":
		return "isn't", true
	case "don't":
		return "doesn't", true
	case "haven't":
		return "hasn't", true
	case "weren't":
		return "wasn't", true
	case "look", "appear", "seem":
		return verb + "s", true
	case "can", "may", "might", "could", "will", "would", "should", "must":
		return "", false
	}
	s, ok := w.words.verbs[verb]
	return s, ok
}

// matchCase gives a lower-case replacement the capital of the text it replaces.
func matchCase(was, with string) string {
	r, _ := utf8.DecodeRuneInString(was)
	if !unicode.IsUpper(r) || with == "" {
		return with
	}
	first, size := utf8.DecodeRuneInString(with)
	return string(unicode.ToUpper(first)) + with[size:]
}

// articleFor returns "a" or "an" for a person noun.
func articleFor(noun string) string {
	if noun != "" && strings.IndexByte("aeio", noun[0]) >= 0 { // no person noun in u- takes "an"
		return "an"
	}
	return "a"
}
