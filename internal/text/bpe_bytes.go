package text

import (
	"unicode/utf8"
)

// byteSymbols are the characters that stand for bytes in vocab.json and merges.txt: printable Latin-1 stands for
// itself, the other 68 bytes, in order, for U+0100 upward ("Ġ" is the space).
func byteSymbols() [256]rune {
	var symbols [256]rune
	next := rune(0x100)
	for c := range rune(256) {
		if c >= '!' && c <= '~' || c >= 0xA1 && c <= 0xAC || c >= 0xAE {
			symbols[c] = c
		} else {
			symbols[c] = next
			next++
		}
	}
	return symbols
}

// byteOfSymbol is the inverse of byteSymbols.
func byteOfSymbol() map[rune]byte {
	table := make(map[rune]byte, 256)
	for c, r := range byteSymbols() {
		table[r] = byte(c)
	}
	return table
}

// symbolBytes turns a token into the bytes it stands for; false if a character of it is no byte symbol.
func symbolBytes(token string, toByte map[rune]byte) (string, bool) {
	raw := make([]byte, 0, len(token))
	for _, r := range token {
		c, ok := toByte[r]
		if !ok {
			return "", false
		}
		raw = append(raw, c)
	}
	return string(raw), true
}

// validUTF8 is data with U+FFFD for each maximal bad part: the longest beginning of some character that is cut short,
// or else one byte (Unicode 15, section 3.9, "substitution of maximal subparts").
func validUTF8(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	out := make([]byte, 0, len(data)+8)
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			size = badPart(data)
		}
		out = utf8.AppendRune(out, r)
		data = data[size:]
	}
	return string(out)
}

// badPart is the length of the maximal bad part that data begins with.
func badPart(data []byte) int {
	length, low, high := 1, byte(0x80), byte(0xBF) // of the character begun, and bounds of its second byte
	switch c := data[0]; {
	case c >= 0xC2 && c <= 0xDF:
		length = 2
	case c >= 0xE0 && c <= 0xEF:
		length = 3
		if c == 0xE0 {
			low = 0xA0
		} else if c == 0xED {
			high = 0x9F
		}
	case c >= 0xF0 && c <= 0xF4:
		length = 4
		if c == 0xF0 {
			low = 0x90
		} else if c == 0xF4 {
			high = 0x8F
		}
	}
	n := 1
	for n < length && n < len(data) && data[n] >= low && data[n] <= high {
		n++
		low, high = 0x80, 0xBF
	}
	return n
}
