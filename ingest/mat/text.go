package mat

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// readCodes takes the text of a char array as it is stored, and makes sure that
// there is a code for every element. Where there is none at all, the text is empty
// whatever the dimensions say.
func readCodes(c *cursor, a *Array) error {
	start := c.at
	e, err := c.next()
	if err != nil {
		return err
	}
	size, n := e.kind.size(), a.Len()
	switch e.kind {
	case kindInt8, kindUint8, kindUint16, kindUTF8, kindUTF16, kindUTF32:
	default:
		return c.failf(start, "%v: want text, got kind %d", a, e.kind)
	}
	if len(e.data) == 0 && n > 0 { // found in released files: text whose codes were left out
		a.Dims, n = []int{0, 0}, 0
	}
	got := len(e.data) / size
	if e.kind == kindUTF8 {
		var units int
		if got, units, err = countUTF8(e.data); err != nil {
			return c.failf(start, "%v: %w", a, err)
		}
		if units == n { // MATLAB counts UTF-16
			got = n
		}
	}
	if len(e.data)%size != 0 || got != n {
		return c.failf(start, "%v: want %d codes, got %d bytes of kind %d", a, n, len(e.data), e.kind)
	}
	a.real, a.kind = e.data, e.kind
	return nil
}

// countUTF8 is the number of characters, and what it is in UTF-16.
func countUTF8(b []byte) (runes, units int, err error) {
	for at := 0; at < len(b); runes++ {
		r, size := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && size <= 1 {
			return 0, 0, fmt.Errorf("text: want UTF-8, got byte %#02x at %d", b[at], at)
		}
		at += size
		units += utf16.RuneLen(r)
	}
	return runes, units, nil
}

// Text is a char array of one row or none. ok is false for other classes and for
// several rows. Codes that are no characters become U+FFFD.
func (a *Array) Text() (text string, ok bool) {
	if a.Class != Char || a.Len() > 0 && a.Dims[0] != 1 {
		return "", false
	}
	switch a.kind {
	case kindUTF8:
		return string(a.real), true
	case kindUTF16, kindUint16:
		return string(utf16.Decode(a.units())), true
	}
	return string(a.runes()), true
}

// Lines are the rows of a char array, padded with spaces as they are stored.
// Further dimensions count as columns. It is nil for other classes.
func (a *Array) Lines() []string {
	n := a.Len()
	if a.Class != Char || n == 0 {
		return nil
	}
	rows := a.Dims[0]
	lines := make([]string, rows)
	if text, ok := a.Text(); ok {
		lines[0] = text
		return lines
	}
	runes := a.runes()
	for r := range lines {
		var line strings.Builder
		for at := r; at < len(runes); at += rows {
			line.WriteRune(runes[at])
		}
		lines[r] = line.String()
	}
	return lines
}

// units are the codes of text in UTF-16.
func (a *Array) units() []uint16 {
	units := make([]uint16, len(a.real)/2)
	for i := range units {
		units[i] = a.order.Uint16(a.real[2*i:])
	}
	return units
}

// runes are the codes one by one: of UTF-16 the units, so that they keep their
// places in rows and columns.
func (a *Array) runes() []rune {
	if a.kind == kindUTF8 {
		runes := []rune(string(a.real))
		if len(runes) == a.Len() {
			return runes
		}
		units := utf16.Encode(runes) // readCodes made sure that these are as many
		runes = runes[:0]
		for _, u := range units {
			runes = append(runes, rune(u))
		}
		return runes
	}
	size := a.kind.size()
	runes := make([]rune, len(a.real)/size)
	for i := range runes {
		switch size {
		case 1:
			runes[i] = rune(a.real[i])
		case 2:
			runes[i] = rune(a.order.Uint16(a.real[2*i:]))
		default:
			runes[i] = rune(a.order.Uint32(a.real[4*i:]))
		}
	}
	return runes
}
