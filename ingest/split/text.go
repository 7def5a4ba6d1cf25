package split

import (
	"strconv"
	"unicode/utf8"
)

// str parses a string and prints it, quotes included, in Python's ASCII form.
// Two strings are equal exactly when their printed forms are.
func (r *record) str() (span, error) {
	r.s.pos++ // '"'
	from := len(r.text)
	r.text = append(r.text, '"')
	for {
		if r.s.atEnd() {
			return span{}, r.s.failure(r.index, "the end of a string")
		}
		window := r.s.buf[r.s.pos:r.s.end]
		n := 0
		for n < len(window) && plain[window[n]] {
			n++
		}
		r.text = append(r.text, window[:n]...)
		r.s.pos += n
		if r.s.offset()-r.start > maxRecordBytes {
			return span{}, r.errorf("record larger than %d MiB", maxRecordBytes>>20)
		}
		if n == len(window) {
			continue
		}
		switch c := window[n]; {
		case c == '"':
			r.s.pos++
			r.text = append(r.text, '"')
			return r.since(from), nil
		case c == '\\':
			if err := r.escape(); err != nil {
				return span{}, err
			}
		case c < ' ':
			return span{}, r.errorf("control character %q in a string", c)
		default:
			r.s.fill(utf8.UTFMax)
			u, size := utf8.DecodeRune(r.s.buf[r.s.pos:r.s.end])
			if u == utf8.RuneError && size <= 1 {
				return span{}, r.errorf("byte 0x%02x is not UTF-8", c)
			}
			r.s.pos += size
			r.text = appendEscaped(r.text, u)
		}
	}
}

// plain marks the bytes that stand for themselves in both forms.
var plain = func() (t [256]bool) {
	for c := ' '; c <= '~'; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// escape parses one escape sequence, and the second half of a surrogate pair.
func (r *record) escape() error {
	if !r.s.fill(2) {
		return r.s.failure(r.index, "the end of a string")
	}
	c := r.s.buf[r.s.pos+1]
	if c == 'u' {
		return r.unicodeEscape()
	}
	switch c {
	case '"', '\\', 'b', 'f', 'n', 'r', 't':
		r.text = append(r.text, '\\', c)
	case '/':
		r.text = append(r.text, '/')
	default:
		return r.errorf("unknown escape \\%c in a string", c)
	}
	r.s.pos += 2
	return nil
}

func (r *record) unicodeEscape() error {
	u, ok := r.hex(0)
	if !ok {
		return r.errorf(`want four hexadecimal digits after \u`)
	}
	size := 6
	if u >= 0xd800 && u < 0xdc00 && r.s.fill(8) && r.s.buf[r.s.pos+6] == '\\' && r.s.buf[r.s.pos+7] == 'u' {
		low, ok := r.hex(6)
		if !ok {
			r.s.pos += 6
			return r.errorf(`want four hexadecimal digits after \u`)
		}
		if low >= 0xdc00 && low < 0xe000 {
			u, size = (u-0xd800)<<10+(low-0xdc00)+0x10000, 12
		}
	}
	r.s.pos += size
	r.text = appendEscaped(r.text, u)
	return nil
}

// hex is the value of the \uXXXX that begins at bytes after the next.
func (r *record) hex(at int) (rune, bool) {
	if !r.s.fill(at + 6) {
		return 0, false
	}
	u, err := strconv.ParseUint(string(r.s.buf[r.s.pos+at+2:r.s.pos+at+6]), 16, 16)
	return rune(u), err == nil
}

// appendEscaped prints one code point, which may be a surrogate.
func appendEscaped(b []byte, u rune) []byte {
	const digits = "0123456789abcdef"
	switch {
	case u == '"' || u == '\\':
		return append(b, '\\', byte(u))
	case u >= ' ' && u <= '~':
		return append(b, byte(u))
	case u == '\b':
		return append(b, `\b`...)
	case u == '\f':
		return append(b, `\f`...)
	case u == '\n':
		return append(b, `\n`...)
	case u == '\r':
		return append(b, `\r`...)
	case u == '\t':
		return append(b, `\t`...)
	case u > 0xffff:
		u -= 0x10000
		return appendEscaped(appendEscaped(b, 0xd800+u>>10), 0xdc00+u&0x3ff)
	}
	return append(b, '\\', 'u', digits[u>>12], digits[u>>8&15], digits[u>>4&15], digits[u&15])
}
