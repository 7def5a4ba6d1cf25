package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxWordRunes is the length past which a word is [UNK] (reference: max_input_chars_per_word). In runes.
const maxWordRunes = 100

// The special tokens of BERT. They are matched in a text as written, case included.
const (
	padToken  = "[PAD]"
	unkToken  = "[UNK]"
	clsToken  = "[CLS]"
	sepToken  = "[SEP]"
	maskToken = "[MASK]"
)

// wordScanner cuts a text into the words that WordPiece splits further. After next returns true the fields hold one
// word; they are overwritten by the following call.
type wordScanner struct {
	text  string
	rules runeRules

	word    []byte   // the normalised word, UTF-8
	spans   [][2]int // per byte of word: range in text of the character it came from
	runes   int      // length of the word; past maxWordRunes word and spans are cut short
	from    int      // range of the whole word in text
	to      int
	special bool // word is a special token as written

	pos   int     // next unread byte of text
	parts [8]rune // decomposition of the rune last read, accents dropped, lower case
	n     int     // parts in use; a canonical decomposition has four runes at most
	part  int     // next unused part
	span  [2]int  // range of that rune in text
	alone bool    // that rune is an ideograph
}

// next reads one word and says whether there was one.
func (s *wordScanner) next() bool {
	s.word, s.spans, s.runes, s.special = s.word[:0], s.spans[:0], 0, false
	for {
		for s.part < s.n {
			r := s.parts[s.part]
			if s.alone || s.rules.punctuation(r) {
				if s.runes > 0 {
					return true
				}
				s.part++
				s.add(r)
				return true
			}
			s.part++
			s.add(r)
		}
		if s.pos == len(s.text) {
			return s.runes > 0
		}
		c := s.text[s.pos]
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			s.addByte(c)
		case c >= 'A' && c <= 'Z':
			s.addByte(c + 'a' - 'A')
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			s.pos++
			if s.runes > 0 {
				return true
			}
		case c < ' ' || c == 0x7F:
			s.pos++
		case c < utf8.RuneSelf:
			if s.runes > 0 {
				return true
			}
			if t := specialPrefix(s.text[s.pos:]); t != "" {
				s.word = append(s.word, t...)
				s.from, s.to, s.special = s.pos, s.pos+len(t), true
				s.pos = s.to
				return true
			}
			s.addByte(c)
			return true
		default:
			if s.read() && s.runes > 0 {
				return true
			}
		}
	}
}

// read decodes the rune at pos into parts. It says whether the rune is white space, which ends a word.
func (s *wordScanner) read() (space bool) {
	r, size := utf8.DecodeRuneInString(s.text[s.pos:])
	s.span = [2]int{s.pos, s.pos + size}
	s.pos += size
	s.n, s.part = 0, 0
	if s.rules.dropped(r) { // a byte that is no UTF-8 decodes to U+FFFD and goes the same way
		return false
	}
	if unicode.IsSpace(r) {
		return true
	}
	s.alone = ideograph(r)
	if !s.rules.known(r) {
		s.parts[0], s.n = unicode.ToLower(r), 1
		return false
	}
	var buf [32]byte
	for d := norm.NFD.AppendString(buf[:0], s.text[s.span[0]:s.span[1]]); len(d) > 0 && s.n < len(s.parts); {
		r, size := utf8.DecodeRune(d)
		d = d[size:]
		if !s.rules.accent(r) {
			s.parts[s.n] = unicode.ToLower(r)
			s.n++
		}
	}
	return false
}

// add appends a rune that came from span.
func (s *wordScanner) add(r rune) {
	if s.runes == 0 {
		s.from = s.span[0]
	}
	s.to = s.span[1]
	s.runes++
	if s.runes > maxWordRunes {
		return
	}
	s.word = utf8.AppendRune(s.word, r)
	for len(s.spans) < len(s.word) {
		s.spans = append(s.spans, s.span)
	}
}

// addByte is add for the ASCII character at pos, and steps over it.
func (s *wordScanner) addByte(c byte) {
	if s.runes == 0 {
		s.from = s.pos
	}
	s.runes++
	if s.runes <= maxWordRunes {
		s.word = append(s.word, c)
		s.spans = append(s.spans, [2]int{s.pos, s.pos + 1})
	}
	s.pos++
	s.to = s.pos
}

// specialPrefix returns the special token that text begins with, or "".
func specialPrefix(text string) string {
	if text[0] != '[' {
		return ""
	}
	for _, t := range [...]string{maskToken, padToken, unkToken, clsToken, sepToken} {
		if strings.HasPrefix(text, t) {
			return t
		}
	}
	return ""
}
