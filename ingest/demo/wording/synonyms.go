package wording

import (
	_ "embed" // the word list
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
)

//go:embed synonyms.txt
var synonymsText string

// A Class is the grammatical role of a word in an attribute phrase.
type Class string

// The classes of the word list. Modifiers are brought into the order length, colour, pattern, noun.
const (
	Color   Class = "color"
	Length  Class = "length"
	Pattern Class = "pattern"
	Gender  Class = "gender"
	Noun    Class = "noun"   // countable: takes an article
	Plural  Class = "plural" // jeans, boots
	Mass    Class = "mass"   // hair
)

// An Entry is a base word, as attribute phrases use it, with the words that mean the same.
type Entry struct {
	Class Class
	Base  string
	Words []string // synonyms, without the base
}

// A Table is the parsed word list. It is immutable and safe for concurrent use.
type Table struct {
	entries []Entry
	lookup  map[string]int // normalised base or synonym to entry
	longest int            // words in the longest key
}

// ParseTable reads a word list in the format that synonyms.txt states. It refuses unknown classes and a word that occurs twice.
func ParseTable(text string) (*Table, error) {
	t := &Table{lookup: map[string]int{}}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		left, right, ok := strings.Cut(line, "=")
		class, base, named := strings.Cut(strings.TrimSpace(left), " ")
		if !ok || !named {
			return nil, fmt.Errorf("word list: line %d: want \"class base = synonyms\", got %q", i+1, line)
		}
		e := Entry{Class: Class(class), Base: base}
		if !slices.Contains([]Class{Color, Length, Pattern, Gender, Noun, Plural, Mass}, e.Class) {
			return nil, fmt.Errorf("word list: line %d: unknown class %q", i+1, class)
		}
		for _, w := range strings.Split(right, ",") {
			if w = strings.TrimSpace(w); w != "" {
				e.Words = append(e.Words, w)
			}
		}
		for _, w := range append([]string{e.Base}, e.Words...) {
			key := words(w)
			k := strings.Join(key, " ")
			if j, taken := t.lookup[k]; taken {
				return nil, fmt.Errorf("word list: line %d: %q already means %q", i+1, w, t.entries[j].Base)
			}
			t.lookup[k] = len(t.entries)
			t.longest = max(t.longest, len(key))
		}
		t.entries = append(t.entries, e)
	}
	return t, nil
}

// embedded parses the committed list once; it is constant, so the result is as well.
var embedded = sync.OnceValues(func() (*Table, error) { return ParseTable(synonymsText) })

// Synonyms returns the committed table.
func Synonyms() (*Table, error) { return embedded() }

// Entries returns the base words with their synonyms, in the file's order. The caller must not change them.
func (t *Table) Entries() []Entry { return t.entries }

// words splits into lower-case words; hyphens separate, so that "polka-dot" and "polka dot" are one.
func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == '-' || unicode.IsSpace(r) || isStop(r) })
}

// isStop reports whether a mark ends a phrase.
func isStop(r rune) bool { return strings.ContainsRune(",.;:()/+", r) }

// A Token is a base word found in a text, or a word the table does not have (Class is empty then).
type Token struct {
	Word  string
	Class Class
}

// Tokens reads a text as base words, the longest match first ("dark blue" is navy), and leaves articles out. No match crosses a
// punctuation mark: "red dress, shoes" are not dress shoes.
func (t *Table) Tokens(text string) []Token {
	var out []Token
	for _, phrase := range strings.FieldsFunc(text, isStop) {
		out = t.appendTokens(out, words(phrase))
	}
	return out
}

func (t *Table) appendTokens(out []Token, ws []string) []Token {
	for i := 0; i < len(ws); {
		n := min(t.longest, len(ws)-i)
		for ; n > 0; n-- {
			if j, ok := t.lookup[strings.Join(ws[i:i+n], " ")]; ok {
				out = append(out, Token{t.entries[j].Base, t.entries[j].Class})
				break
			}
		}
		if n > 0 {
			i += n
			continue
		}
		switch w := ws[i]; w {
		case "a", "an", "the", "his", "her":
		case "pair", "set":
			if i+1 < len(ws) && ws[i+1] == "of" {
				i++
			}
		default:
			out = append(out, Token{w, ""})
		}
		i++
	}
	return out
}

// Canonical rewrites a phrase in base words and in the order length, colour, pattern, noun, so that two phrases are the same up to
// synonyms if and only if their canonical forms are equal: "a pair of grey denim pants" gives "gray jeans". Words that the table does
// not have stay; empty input gives "".
func (t *Table) Canonical(phrase string) string {
	tokens := t.Tokens(phrase)
	rank := func(k Token) int {
		switch k.Class {
		case Color:
			return 1
		case Pattern:
			return 2
		case Noun, Plural, Mass, Gender:
			return 3
		}
		return 0
	}
	// Modifiers move only within what stands before one noun.
	for start, i := 0, 0; i < len(tokens); i++ {
		if rank(tokens[i]) == 3 {
			slices.SortStableFunc(tokens[start:i], func(a, b Token) int { return rank(a) - rank(b) })
			start = i + 1
		}
	}
	out := make([]string, len(tokens))
	for i, k := range tokens {
		out[i] = k.Word
	}
	return strings.Join(out, " ")
}
