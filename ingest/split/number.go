package split

import (
	"fmt"
	"math"
	"strconv"
)

// number parses an integer or a float and prints it as Python does.
func (r *record) number() (span, error) {
	from, offset := len(r.text), r.s.offset()
	for c := r.s.peek(); c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'; c = r.s.peek() {
		r.text = append(r.text, c)
		if len(r.text)-from > maxRecordBytes {
			return span{}, r.errorf("record larger than %d MiB", maxRecordBytes>>20)
		}
		r.s.pos++
	}
	literal := r.text[from:]
	if string(literal) == "-" && r.s.peek() == 'I' {
		if _, err := r.word("Infinity"); err != nil {
			return span{}, err
		}
		return r.since(from), nil
	}
	integer, ok := numberForm(literal)
	if !ok {
		return span{}, &SyntaxError{offset, r.index, fmt.Sprintf("want a number, got %.40q", literal)}
	}
	if integer {
		if len(literal) > maxIntDigits+1 || len(literal) == maxIntDigits+1 && literal[0] != '-' {
			return span{}, &SyntaxError{offset, r.index, fmt.Sprintf("integer of more than %d digits", maxIntDigits)}
		}
		if string(literal) == "-0" {
			r.text = append(r.text[:from], '0')
		}
		return r.since(from), nil
	}
	v, err := strconv.ParseFloat(string(literal), 64)
	if err != nil && !math.IsInf(v, 0) { // out of range gives an infinity, as in Python
		return span{}, &SyntaxError{offset, r.index, fmt.Sprintf("want a number, got %.40q", literal)}
	}
	r.text = appendFloat(r.text[:from], v)
	return r.since(from), nil
}

// numberForm checks a literal against JSON's grammar of numbers.
func numberForm(b []byte) (integer, ok bool) {
	digits := func() int {
		n := 0
		for n < len(b) && b[n] >= '0' && b[n] <= '9' {
			n++
		}
		b = b[n:]
		return n
	}
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	zero := len(b) > 0 && b[0] == '0'
	if n := digits(); n == 0 || zero && n > 1 {
		return false, false
	}
	integer = true
	if len(b) > 0 && b[0] == '.' {
		b, integer = b[1:], false
		if digits() == 0 {
			return false, false
		}
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		b, integer = b[1:], false
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		if digits() == 0 {
			return false, false
		}
	}
	return integer, len(b) == 0
}

// appendFloat prints v as Python's repr: the shortest digits that read back
// equal, with an exponent below 1e-4 and from 1e16 on.
func appendFloat(b []byte, v float64) []byte {
	switch {
	case math.IsInf(v, 1):
		return append(b, "Infinity"...)
	case math.IsInf(v, -1):
		return append(b, "-Infinity"...)
	}
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	from := len(b)
	b = strconv.AppendFloat(b, v, 'f', -1, 64)
	for _, c := range b[from:] {
		if c == '.' {
			return b
		}
	}
	return append(b, ".0"...)
}
