package text

import (
	"unicode"

	"golang.org/x/text/unicode/rangetable"
)

// runeRules are the character categories of the reference BERT tokenizer: Unicode 8. Go's tables are newer, so each
// question is limited to what Unicode 8 had assigned, and the six runes whose category changed since are named.
type runeRules struct {
	assigned *unicode.RangeTable // code points of Unicode 8
}

func newRuneRules() runeRules {
	return runeRules{assigned: rangetable.Assigned("8.0.0")}
}

// known says whether Unicode 8 had assigned r. What it had not is kept as it is: no category, no decomposition.
func (u runeRules) known(r rune) bool {
	return r < 0x300 || unicode.Is(u.assigned, r)
}

// dropped says whether r is removed before anything else: NUL, the replacement character, control, format and private
// characters. Tab, line feed and carriage return are white space instead.
func (u runeRules) dropped(r rune) bool {
	switch r {
	case '\t', '\n', '\r':
		return false
	case 0, unicode.ReplacementChar:
		return true
	}
	return unicode.Is(unicode.C, r) && u.known(r)
}

// accent says whether r is a non-spacing mark (Mn), dropped after decomposition.
func (u runeRules) accent(r rune) bool {
	switch r {
	case 0x1734: // Mn then, Mc since Unicode 14
		return true
	case 0x1885, 0x1886, 0xA9BD, 0x111C9: // Lo, Mc or Po then, Mn since
		return false
	}
	return unicode.Is(unicode.Mn, r) && u.known(r)
}

// punctuation says whether r stands alone: every ASCII symbol, and the categories P* beyond ASCII.
func (u runeRules) punctuation(r rune) bool {
	if r < 0x80 {
		return asciiPunctuation(byte(r))
	}
	if r == 0x166D { // Po then, So since Unicode 12
		return true
	}
	return unicode.Is(unicode.P, r) && u.known(r)
}

func asciiPunctuation(c byte) bool {
	switch {
	case c <= ' ' || c >= 0x7F:
		return false
	case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		return false
	}
	return true
}

// ideograph says whether r is in one of the CJK blocks that BERT sets apart. Japanese kana and Korean are not. The
// block from U+2B920 begins 256 code points late, as in the reference.
func ideograph(r rune) bool {
	switch {
	case r < 0x3400:
		return false
	case r <= 0x4DBF, r >= 0x4E00 && r <= 0x9FFF, r >= 0xF900 && r <= 0xFAFF:
		return true
	case r < 0x20000:
		return false
	}
	return r <= 0x2A6DF ||
		r >= 0x2A700 && r <= 0x2B73F ||
		r >= 0x2B740 && r <= 0x2B81F ||
		r >= 0x2B920 && r <= 0x2CEAF ||
		r >= 0x2F800 && r <= 0x2FA1F
}
