package split

import "fmt"

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
