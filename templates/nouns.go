package templates

import (
	"fmt"
	"strings"
)

// nounTable tells number, article and gender of the words that attribute values end in.
type nounTable struct {
	sections map[string]map[string]bool
}

var nounSections = []string{"plural", "pair", "mass", "an", "a", "male", "female", "preposition"}

func parseNouns(text string) (*nounTable, error) {
	t := &nounTable{sections: make(map[string]map[string]bool)}
	for _, name := range nounSections {
		t.sections[name] = make(map[string]bool)
	}
	var current map[string]bool
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok {
			if current, ok = t.sections[strings.TrimSuffix(name, "]")]; !ok {
				return nil, fmt.Errorf("nouns: line %d: want one of %v, got %q", n+1, nounSections, line)
			}
			continue
		}
		if current == nil {
			return nil, fmt.Errorf("nouns: line %d: want a [section] before %q", n+1, line)
		}
		for _, word := range strings.Split(line, ",") {
			if word = strings.TrimSpace(word); word != "" {
				current[word] = true
			}
		}
	}
	return t, nil
}

func (t *nounTable) is(section, word string) bool { return t.sections[section][word] }

// head returns the noun of a phrase: the last word before a preposition.
func (t *nounTable) head(phrase string) string {
	head := ""
	for i, w := range strings.Fields(strings.ToLower(phrase)) {
		if i > 0 && t.is("preposition", w) {
			break
		}
		head = strings.Trim(w, ",.")
	}
	return head
}

// plural tells whether a noun is plural: listed, or ending in s where that is no part of
// the singular (dress, bus, this).
func (t *nounTable) plural(noun string) bool {
	if t.is("plural", noun) || t.is("pair", noun) {
		return true
	}
	if t.is("mass", noun) {
		return false
	}
	return len(noun) > 3 && noun[len(noun)-1] == 's' && !strings.HasSuffix(noun, "ss") &&
		!strings.HasSuffix(noun, "us") && !strings.HasSuffix(noun, "is") && noun != "canvas"
}

// article returns what stands before a phrase: "a", "an" or "".
func (t *nounTable) article(phrase string) string {
	if t.startsWithNumber(phrase) {
		return ""
	}
	head := t.head(phrase)
	tail := head[strings.LastIndexByte(head, '-')+1:] // "ski-pants"
	if t.plural(head) || t.plural(tail) || t.is("mass", head) || t.is("mass", tail) {
		return ""
	}
	first, _, _ := strings.Cut(phrase, " ")
	return t.indefinite(strings.ToLower(first))
}

func (t *nounTable) indefinite(word string) string {
	part, _, _ := strings.Cut(word, "-")
	switch {
	case t.is("an", word), t.is("an", part):
		return "an"
	case t.is("a", word), t.is("a", part):
		return "a"
	case word != "" && strings.IndexByte("aeiou", word[0]) >= 0:
		return "an"
	}
	return "a"
}

func (t *nounTable) startsWithNumber(phrase string) bool {
	first, _, more := strings.Cut(phrase, " ")
	switch first {
	case "two", "three", "four", "several", "some", "many", "few":
		return more
	}
	return false
}

// comesInPairs tells whether a phrase is a plural garment that may follow "a pair of".
func (t *nounTable) comesInPairs(phrase string) bool {
	head := t.head(phrase)
	return t.is("pair", head) && !t.startsWithNumber(phrase) && !strings.Contains(phrase, " and ")
}

// gender returns the gender of a phrase for a person by its first gendered word.
func (t *nounTable) gender(phrase string) string {
	for _, w := range strings.Fields(phrase) {
		switch {
		case t.is("male", w):
			return Male
		case t.is("female", w):
			return Female
		}
	}
	return Neutral
}
