package split

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// Limits of one record. Real records have a few kilobytes.
const (
	maxRecordBytes = 16 << 20
	maxDepth       = 1000 // json.load gives up at about the same depth
	maxIntDigits   = 4300 // as Python's int has it
)

type kind uint8

const (
	scalar kind = iota
	array
	object
)

// span is a part of record.text.
type span struct{ from, to int32 }

// node is one value. Nodes refer to each other by index, 0 being none: index 0
// is the record itself, which is nobody's child.
type node struct {
	kind  kind
	key   span // printed key, of a child of an object
	text  span // printed form, of a scalar
	first int32
	next  int32
}

// record is one parsed value, its scalars already in the form Python prints.
// It is reused from record to record.
type record struct {
	nodes []node
	text  []byte

	s     *scanner
	index int64 // of the record in its array, for errors
	start int64 // offset of its first byte
}

// parse reads the next value of s, which becomes record number index.
func (r *record) parse(s *scanner, index int64) error {
	r.nodes, r.text = r.nodes[:0], r.text[:0]
	r.s, r.index, r.start = s, index, s.offset()
	_, err := r.value(1)
	return err
}

func (r *record) errorf(format string, args ...any) error {
	return &SyntaxError{r.s.offset(), r.index, fmt.Sprintf(format, args...)}
}

// value parses one value and returns its node.
func (r *record) value(depth int) (int32, error) {
	if depth > maxDepth {
		return 0, r.errorf("nested deeper than %d levels", maxDepth)
	}
	if r.s.offset()-r.start > maxRecordBytes {
		return 0, r.errorf("record larger than %d MiB", maxRecordBytes>>20)
	}
	at := int32(len(r.nodes))
	r.nodes = append(r.nodes, node{})
	var err error
	switch c := r.s.space(); {
	case c == '{':
		r.nodes[at].kind = object
		err = r.object(at, depth)
	case c == '[':
		r.nodes[at].kind = array
		err = r.array(at, depth)
	case c == '"':
		r.nodes[at].text, err = r.str()
	case c == '-' || c >= '0' && c <= '9':
		r.nodes[at].text, err = r.number()
	case c == 't':
		r.nodes[at].text, err = r.word("true")
	case c == 'f':
		r.nodes[at].text, err = r.word("false")
	case c == 'n':
		r.nodes[at].text, err = r.word("null")
	case c == 'N':
		r.nodes[at].text, err = r.word("NaN")
	case c == 'I':
		r.nodes[at].text, err = r.word("Infinity")
	default:
		err = r.s.failure(r.index, "a value")
	}
	return at, err
}

// array parses the elements of node at.
func (r *record) array(at int32, depth int) error {
	r.s.pos++ // '['
	if r.s.space() == ']' {
		r.s.pos++
		return nil
	}
	last := int32(0)
	for {
		child, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		last = r.link(at, last, child)
		switch r.s.space() {
		case ',':
			r.s.pos++
		case ']':
			r.s.pos++
			return nil
		default:
			return r.s.failure(r.index, "',' or ']'")
		}
	}
}

// object parses the members of node at. A key that was there before keeps its
// place and gets the new value.
func (r *record) object(at int32, depth int) error {
	r.s.pos++ // '{'
	if r.s.space() == '}' {
		r.s.pos++
		return nil
	}
	var (
		last  int32
		count int
		index map[string]int32 // keys of a large object
	)
	for {
		if r.s.space() != '"' {
			return r.s.failure(r.index, "a key in quotes")
		}
		key, err := r.str()
		if err != nil {
			return err
		}
		if r.s.space() != ':' {
			return r.s.failure(r.index, "':'")
		}
		r.s.pos++
		child, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		name := r.text[key.from:key.to]
		if count == 16 && index == nil {
			index = r.keys(at)
		}
		if old := r.lookup(at, name, index); old != 0 {
			n := r.nodes[child]
			n.key, n.next = r.nodes[old].key, r.nodes[old].next
			r.nodes[old] = n
		} else {
			r.nodes[child].key = key
			last = r.link(at, last, child)
			if index != nil {
				index[string(name)] = child
			}
			count++
		}
		switch r.s.space() {
		case ',':
			r.s.pos++
		case '}':
			r.s.pos++
			return nil
		default:
			return r.s.failure(r.index, "',' or '}'")
		}
	}
}

// link appends child to the children of parent, of which last is the last.
func (r *record) link(parent, last, child int32) int32 {
	if last == 0 {
		r.nodes[parent].first = child
	} else {
		r.nodes[last].next = child
	}
	return child
}

// keys indexes the members of an object, so that duplicates are found fast.
func (r *record) keys(at int32) map[string]int32 {
	index := map[string]int32{}
	for c := r.nodes[at].first; c != 0; c = r.nodes[c].next {
		index[string(r.bytes(r.nodes[c].key))] = c
	}
	return index
}

// lookup finds the member of an object by its printed key, quotes included; 0
// is none. index may be nil.
func (r *record) lookup(at int32, name []byte, index map[string]int32) int32 {
	if index != nil {
		return index[string(name)]
	}
	for c := r.nodes[at].first; c != 0; c = r.nodes[c].next {
		if string(r.bytes(r.nodes[c].key)) == string(name) {
			return c
		}
	}
	return 0
}

func (r *record) bytes(s span) []byte { return r.text[s.from:s.to] }

// word parses a literal that prints as itself.
func (r *record) word(w string) (span, error) {
	if !r.s.fill(len(w)) || string(r.s.buf[r.s.pos:r.s.pos+len(w)]) != w {
		return span{}, r.s.failure(r.index, "a value")
	}
	r.s.pos += len(w)
	from := len(r.text)
	r.text = append(r.text, w...)
	return r.since(from), nil
}

// since is the text from an offset to its end.
func (r *record) since(from int) span { return span{int32(from), int32(len(r.text))} }

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
