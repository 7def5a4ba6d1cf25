package ingest

import (
	"encoding/json"
	"fmt"
	"slices"
)

// unquote is the text of a JSON string that is known to be one.
func unquote(raw []byte) (string, error) {
	var s string
	if len(raw) < 2 || raw[0] != '"' {
		return "", fmt.Errorf("want a string, got %.40q", raw)
	}
	if slices.Contains(raw, '\\') {
		err := json.Unmarshal(raw, &s)
		return s, err
	}
	return string(raw[1 : len(raw)-1]), nil
}

// eachElement calls fn for the elements of an array that is known to be one.
func eachElement(raw []byte, fn func(value []byte) error) error {
	for n := 1; ; {
		for isSpace(raw[n]) || raw[n] == ',' {
			n++
		}
		if raw[n] == ']' {
			return nil
		}
		var f framer
		m, _ := f.scan(raw[n:])
		if err := fn(raw[n : n+m]); err != nil {
			return err
		}
		n += m
	}
}

// eachMember calls fn for the members of an object that is known to be one. The
// key is in quotes, as it stands there.
func eachMember(raw []byte, fn func(key, value []byte) error) error {
	for n := 1; ; {
		for isSpace(raw[n]) || raw[n] == ',' {
			n++
		}
		if raw[n] == '}' {
			return nil
		}
		var k, v framer
		m, _ := k.scan(raw[n:])
		key := raw[n : n+m]
		n += m
		for isSpace(raw[n]) || raw[n] == ':' {
			n++
		}
		m, _ = v.scan(raw[n:])
		if err := fn(key, raw[n:n+m]); err != nil {
			return err
		}
		n += m
	}
}
