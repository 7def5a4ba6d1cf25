package text

import (
	"unicode"
	"unicode/utf8"
)

// cutKind is what GPT-2's pattern tells apart.
type cutKind uint8

const (
	kindOther cutKind = iota
	kindLetter
	kindNumber
	kindSpace
)

// nextCut is the length in bytes of the first match of GPT-2's pattern in text, which must not be empty:
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// The alternatives are tried in this order at every position, so that a contraction is cut off only where a match
// begins, and one space belongs to the word that follows it.
func nextCut(text string) int {
	if n := contraction(text); n > 0 {
		return n
	}
	kind, size := kindAt(text, 0)
	at := size
	if text[0] == ' ' && len(text) > 1 {
		if next, nextSize := kindAt(text, 1); next != kindSpace {
			kind, at = next, 1+nextSize
		}
	}
	before := 0 // end of the run less its last rune
	for at < len(text) {
		k, n := kindAt(text, at)
		if k != kind {
			break
		}
		before, at = at, at+n
	}
	// White space gives its last rune to what follows, unless that would leave nothing.
	if kind == kindSpace && at < len(text) && before > 0 {
		return before
	}
	return at
}

// contraction is the length of the English contraction that text begins with, or 0.
func contraction(text string) int {
	if text[0] != '\'' || len(text) < 2 {
		return 0
	}
	switch text[1] {
	case 's', 't', 'm', 'd':
		return 2
	}
	if len(text) > 2 {
		switch text[1:3] {
		case "re", "ve", "ll":
			return 3
		}
	}
	return 0
}

// kindAt classifies the rune at text[at:] and gives its length. A byte that is no UTF-8 is kindOther.
func kindAt(text string, at int) (cutKind, int) {
	c := text[at]
	switch {
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		return kindLetter, 1
	case c == ' ' || c >= '\t' && c <= '\r':
		return kindSpace, 1
	case c >= '0' && c <= '9':
		return kindNumber, 1
	case c < utf8.RuneSelf:
		return kindOther, 1
	}
	r, size := utf8.DecodeRuneInString(text[at:])
	switch {
	case unicode.IsLetter(r):
		return kindLetter, size
	case unicode.IsNumber(r):
		return kindNumber, size
	case unicode.IsSpace(r):
		return kindSpace, size
	}
	return kindOther, size
}
