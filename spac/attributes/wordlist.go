package attributes

import (
	"fmt"
	"strings"
)

// item is one entry of a word list.
type item struct {
	word   string // lower case, words separated by one space
	plural string // after a slash, "" when it is to be derived
	equals string // after an equals sign
	marks  marks
	line   int
}

// marks are the signs after a keyword; keywords.txt explains them.
type marks uint8

const (
	alwaysPlural  marks = 1 << iota // *
	needsModifier                   // ?
	needsSupport                    // ~
	notPlaced                       // @
	minor                           // ^
	garmentPart                     // &
)

const markSigns = "*?~@^&" // in the order of the constants

// section is a named run of entries.
type section struct {
	name  string
	line  int
	items []item
}

// parseSections reads the syntax that both word lists share. file names the list in
// errors, which carry the line.
func parseSections(file, text string) ([]section, error) {
	var out []section
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if strings.HasPrefix(line, "[") {
			name, ok := strings.CutSuffix(line[1:], "]")
			if !ok {
				return nil, fmt.Errorf("%s: line %d: want a closing bracket after %q", file, n+1, line)
			}
			out = append(out, section{name: strings.TrimSpace(name), line: n + 1})
			continue
		}
		if len(out) == 0 {
			return nil, fmt.Errorf("%s: line %d: want a [section] before %q", file, n+1, line)
		}
		last := &out[len(out)-1]
		for _, field := range strings.Split(line, ",") {
			if strings.TrimSpace(field) == "" { // after the comma that ends a line
				continue
			}
			it, err := parseItem(field)
			if err != nil {
				return nil, fmt.Errorf("%s: line %d: %w", file, n+1, err)
			}
			it.line = n + 1
			last.items = append(last.items, it)
		}
	}
	return out, nil
}

func parseItem(field string) (item, error) {
	var it item
	word, equals, _ := strings.Cut(strings.TrimSpace(field), "=")
	word = strings.TrimSpace(word)
	for word != "" {
		sign := strings.IndexByte(markSigns, word[len(word)-1])
		if sign < 0 {
			break
		}
		it.marks |= 1 << sign
		word = word[:len(word)-1]
	}
	word, plural, _ := strings.Cut(word, "/")
	it.word = strings.Join(strings.Fields(word), " ")
	it.plural = strings.TrimSpace(plural)
	it.equals = strings.TrimSpace(equals)
	if it.word == "" {
		return it, fmt.Errorf("entry %q: want a word", field)
	}
	if it.word != strings.ToLower(it.word) {
		return it, fmt.Errorf("entry %q: want lower case, got %q", field, it.word)
	}
	return it, nil
}

// pluralOf derives the plural of a regular noun; of several words the last one changes.
func pluralOf(noun string) string {
	n := len(noun)
	switch {
	case n < 2:
		return noun + "s"
	case strings.HasSuffix(noun, "s"), strings.HasSuffix(noun, "x"), strings.HasSuffix(noun, "z"),
		strings.HasSuffix(noun, "ch"), strings.HasSuffix(noun, "sh"):
		return noun + "es"
	case noun[n-1] == 'y' && !strings.ContainsRune("aeiou", rune(noun[n-2])):
		return noun[:n-1] + "ies"
	case strings.HasSuffix(noun, "man"):
		return noun[:n-3] + "men"
	}
	return noun + "s"
}

// verbForms returns the forms of a regular verb: in -s, in -ing, in -ed.
func verbForms(base string) (s, ing, ed string) {
	const vowels = "aeiou"
	n := len(base)
	s = pluralOf(base)
	switch {
	case n < 3:
		return s, base + "ing", base + "ed"
	case base[n-1] == 'e' && base[n-2] != 'e':
		return s, base[:n-1] + "ing", base + "d"
	case base[n-1] == 'y' && !strings.ContainsRune(vowels, rune(base[n-2])):
		return s, base + "ing", base[:n-1] + "ied"
	case !strings.ContainsRune(vowels+"wxy", rune(base[n-1])) && strings.ContainsRune(vowels, rune(base[n-2])) &&
		!strings.ContainsRune(vowels, rune(base[n-3])) && !strings.HasSuffix(base, "er"):
		return s, base + base[n-1:] + "ing", base + base[n-1:] + "ed" // step, stepping
	}
	return s, base + "ing", base + "ed"
}
