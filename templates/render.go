package templates

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// render writes a derivation for the gender of the given number as a sentence: one space
// between words, none before a comma or full stop, a capital first, a full stop last.
func render(symbols []symbol, gender int) string {
	var b strings.Builder
	for _, s := range symbols {
		b.WriteByte(' ')
		switch s.kind {
		case words:
			b.WriteString(s.text)
		case bracket:
			if s.slot < 0 {
				b.WriteString(personBracket)
			} else {
				b.WriteString(brackets[s.slot])
			}
		case gendered:
			b.WriteString(inflect(s.text, gender))
		}
	}
	b.WriteByte('.')
	text := strings.Join(strings.Fields(b.String()), " ")
	text = strings.ReplaceAll(strings.ReplaceAll(text, " ,", ","), " .", ".")
	return capitalize(strings.ReplaceAll(text, ",,", ","))
}

// inflect returns the pronoun or verb form for a gender.
func inflect(text string, gender int) string {
	if p, ok := pronouns[text]; ok {
		return p[gender]
	}
	singular, plural, _ := strings.Cut(text, "/")
	if genders[gender] == Neutral { // "they" takes the plural
		return plural
	}
	return singular
}

func capitalize(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

// limits of a sentence's length in words.
const (
	minWords = 6  // each bracket counted as one word
	maxWords = 40 // each bracket counted as bracketWords

	// bracketWords is the length of a filled bracket: article, colour, noun.
	bracketWords = 3
)

// wellMade tells whether a sentence would pass for one a person wrote: its length, and no
// word said twice that a writer would vary.
func wellMade(text string) bool {
	seen := make(map[string]int)
	count, long := 0, 0
	for _, w := range strings.Fields(strings.ToLower(text)) {
		count++
		if strings.HasPrefix(w, "[") {
			long += bracketWords
			continue
		}
		long++
		w = strings.Trim(w, ",.")
		stem, limit := repeats(w)
		seen[stem]++
		if seen[stem] > limit {
			return false
		}
	}
	return count >= minWords && long <= maxWords
}

// repeats returns what a word has in common with its other forms, and how often one of
// them may stand in a sentence.
func repeats(word string) (stem string, limit int) {
	switch word {
	case "the", "on", "he", "she", "they":
		return word, 3
	case "and", "with", "in", "of", "his", "her", "their":
		return word, 2
	case "has", "have":
		return "have", 2
	case "is", "are":
		return "be", 2
	case "wore", "worn":
		return "wear", 1
	case "see", "sees", "seen":
		return "see", 1
	case "this":
		return word, 1
	}
	if len(word) > 4 {
		return word[:4], 1
	}
	return word, 1
}
