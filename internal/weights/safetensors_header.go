package weights

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// metadataKey is the one name in a header that is no tensor.
const metadataKey = "__metadata__"

// safetensorsHeader is a header read and checked tensor by tensor.
type safetensorsHeader struct {
	names    []string // as they stand in the header
	entries  map[string]headerEntry
	metadata map[string]string
}

// headerEntry is one tensor; begin and end count from the end of the header.
type headerEntry struct {
	dtype      DType
	shape      []int64
	begin, end int64
}

// parseHeader reads the JSON token by token: the ordinary decoder would let a repeated key win silently.
func parseHeader(data []byte) (safetensorsHeader, error) {
	h := safetensorsHeader{entries: make(map[string]headerEntry)}
	if len(data) == 0 || data[0] != '{' {
		return h, refuse("", "the header does not begin with %q", "{")
	}
	if !utf8.Valid(data) {
		return h, refuse("", "the header is not UTF-8")
	}
	p := headerParser{dec: json.NewDecoder(bytes.NewReader(data))}
	p.dec.UseNumber()
	err := p.object("the header", func(key string) error {
		if key == metadataKey {
			h.metadata = make(map[string]string)
			return p.object(metadataKey, func(key string) (err error) {
				h.metadata[key], err = p.text(metadataKey, key)
				return err
			})
		}
		e, err := p.entry(key)
		h.names = append(h.names, key)
		h.entries[key] = e
		return err
	})
	if err != nil {
		return h, err
	}
	if _, err := p.dec.Token(); err != io.EOF {
		return h, refuse("", "the header goes on after its closing brace")
	}
	return h, nil
}

// checkLayout makes sure that the tensors fill size bytes of data without overlap or hole.
func (h safetensorsHeader) checkLayout(size int64) error {
	order := slices.Clone(h.names)
	slices.SortStableFunc(order, func(a, b string) int {
		x, y := h.entries[a], h.entries[b]
		return cmp.Or(cmp.Compare(x.begin, y.begin), cmp.Compare(x.end, y.end))
	})
	at := int64(0)
	for _, name := range order {
		e := h.entries[name]
		if e.begin < at {
			return refuse(name, "tensor %q: begins at byte %d, inside the tensor before it (ends at %d)", name, e.begin, at)
		}
		if e.begin > at {
			return refuse(name, "tensor %q: begins at byte %d, bytes %d to %d belong to no tensor", name, e.begin, at, e.begin)
		}
		if e.end > size {
			return refuse(name, "tensor %q: ends at byte %d, the file has %d bytes of data", name, e.end, size)
		}
		at = e.end
	}
	if at != size {
		return refuse("", "the tensors end at byte %d, the file has %d bytes of data", at, size)
	}
	return nil
}

// headerParser reads the few JSON shapes of a header; nothing in it recurses deeper than two objects.
type headerParser struct{ dec *json.Decoder }

func (p headerParser) token(where string) (json.Token, error) {
	t, err := p.dec.Token()
	if err != nil {
		return nil, refuse(where, "%s: byte %d of the header: %v", where, p.dec.InputOffset(), err)
	}
	return t, nil
}

// object reads an object and calls value after each key; a key twice is refused.
func (p headerParser) object(where string, value func(key string) error) error {
	t, err := p.token(where)
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return refuse(where, "%s: want an object, got %v", where, t)
	}
	seen := make(map[string]struct{})
	for p.dec.More() {
		t, err := p.token(where)
		if err != nil {
			return err
		}
		key, ok := t.(string)
		if !ok {
			return refuse(where, "%s: want a key, got %v", where, t)
		}
		if _, twice := seen[key]; twice {
			return refuse(key, "%s: key %q stands there twice", where, key)
		}
		seen[key] = struct{}{}
		if err := value(key); err != nil {
			return err
		}
	}
	_, err = p.token(where) // the closing brace
	return err
}

// text reads a string.
func (p headerParser) text(where, key string) (string, error) {
	t, err := p.token(where)
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok {
		return "", refuse(where, "%s: %q: want a string, got %v", where, key, t)
	}
	return s, nil
}

// numbers reads an array of integers that are not negative.
func (p headerParser) numbers(where, key string) ([]int64, error) {
	t, err := p.token(where)
	if err != nil {
		return nil, err
	}
	if t != json.Delim('[') {
		return nil, refuse(where, "tensor %q: %s: want an array, got %v", where, key, t)
	}
	var out []int64
	for p.dec.More() {
		t, err := p.token(where)
		if err != nil {
			return nil, err
		}
		number, ok := t.(json.Number)
		if !ok {
			return nil, refuse(where, "tensor %q: %s: want integers, got %v", where, key, t)
		}
		n, err := strconv.ParseInt(number.String(), 10, 64)
		if err != nil || n < 0 {
			return nil, refuse(where, "tensor %q: %s: want an integer from 0, got %s", where, key, number)
		}
		out = append(out, n)
	}
	_, err = p.token(where) // the closing bracket
	return out, err
}

// entry reads one tensor's object and checks it by itself.
func (p headerParser) entry(name string) (headerEntry, error) {
	var e headerEntry
	var offsets []int64
	keys := 0
	err := p.object("tensor "+strconv.Quote(name), func(key string) (err error) {
		keys++
		switch key {
		case "dtype":
			var s string
			s, err = p.text(name, key)
			e.dtype = DType(s)
		case "shape":
			e.shape, err = p.numbers(name, key)
		case "data_offsets":
			offsets, err = p.numbers(name, key)
		default:
			err = refuse(name, "tensor %q: unknown key %q", name, key)
		}
		return err
	})
	if err != nil {
		return e, err
	}
	if keys != 3 {
		return e, refuse(name, "tensor %q: want dtype, shape and data_offsets, got %d of them", name, keys)
	}
	if e.dtype.Size() == 0 {
		return e, refuse(name, "tensor %q: dtype %q is not supported", name, e.dtype)
	}
	if len(offsets) != 2 || offsets[0] > offsets[1] {
		return e, refuse(name, "tensor %q: want data_offsets [begin, end], got %v", name, offsets)
	}
	e.begin, e.end = offsets[0], offsets[1]
	size, ok := elementCount(e.shape)
	if ok {
		size, ok = mul(size, e.dtype.Size())
	}
	if !ok {
		return e, refuse(name, "tensor %q: shape %v is too large", name, e.shape)
	}
	if size != e.end-e.begin {
		return e, refuse(name, "tensor %q: want %d bytes for %s %v, got %d", name, size, e.dtype, e.shape, e.end-e.begin)
	}
	return e, nil
}
