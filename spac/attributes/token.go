package attributes

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word or a sign of a caption. Words keep inner hyphens and apostrophes; a final
// "'s" is a token of its own, so that "the man's shirt" still holds the word "man".
type token struct {
	start, end int    // bytes in the caption
	text       string // lower case
	word       *word  // nil when the word is in no list
	noun       *noun  // the keyword, of the compound where it ends one
	tag        tag
}

// split appends the tokens of a caption to dst. Any bytes are accepted: what is no letter
// or digit is a sign, and a byte that is no UTF-8 is one too.
func (v *vocabulary) split(dst []token, caption string) []token {
	for i := 0; i < len(caption); {
		r, size := decode(caption, i)
		switch {
		case r == ' ' || unicode.IsSpace(r):
			i += size
		case isWord(r):
			end := wordEnd(caption, i+size)
			dst = v.appendWord(dst, caption, i, end)
			i = end
		default:
			t := token{start: i, end: i + size, tag: tagSign, text: caption[i : i+size]}
			if r == ',' {
				t.tag = tagComma
			}
			if r == '&' {
				t.tag, t.text = tagConjunction, "and"
			}
			dst = append(dst, t)
			i += size
		}
	}
	return dst
}

func decode(s string, i int) (rune, int) {
	if c := s[i]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(s[i:])
}

func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

// wordEnd returns where the word ends whose first rune ends at i.
func wordEnd(s string, i int) int {
	for i < len(s) {
		r, size := decode(s, i)
		if isWord(r) {
			i += size
			continue
		}
		if (r == '-' || isOddHyphen(r) || r == '\'' || r == '’') && i+size < len(s) {
			if next, _ := decode(s, i+size); isWord(next) {
				i += size
				continue
			}
		}
		break
	}
	return i
}

// isOddHyphen tells whether r is one of the two hyphens that word processors write.
func isOddHyphen(r rune) bool { return r == '\u2010' || r == '\u2011' }

// appendWord adds the word at [start, end), cut before a final "'s".
func (v *vocabulary) appendWord(dst []token, caption string, start, end int) []token {
	text := strings.ToLower(caption[start:end])
	suffix := 0
	switch {
	case strings.HasSuffix(text, "'s"):
		suffix = len("'s")
	case strings.HasSuffix(text, "’s"):
		suffix = len("’s")
	}
	// Lower case can change the length of a few foreign letters, so the cut is made from
	// the end, where it cannot.
	body := text[:len(text)-suffix]
	if body == "let" {
		suffix, body = 0, text
	}
	if strings.ContainsFunc(body, isOddHyphen) {
		body = strings.NewReplacer("\u2010", "-", "\u2011", "-").Replace(body)
	}
	t := token{start: start, end: end - suffix, text: body, word: v.words[body]}
	dst = append(dst, t)
	if suffix > 0 {
		clitic := token{start: end - suffix, end: end, text: "'s", tag: tagPossessive}
		if t.word != nil && (t.word.tag == tagPronoun || body == "that" || body == "what") {
			clitic.tag = tagBe
		}
		dst = append(dst, clitic)
	}
	return dst
}
