package ingest

import (
	"bytes"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// record is one entry of a list of annotations, in whatever words its dataset
// puts it (text-reid.md, section 5.8). Keys that are not in recordKeys, such as
// processed_tokens in any nesting, are passed over.
type record struct {
	keys keySet

	path string       // clean and relative, or as it stands there where bad is set
	bad  *RejectError // why the path is not one

	id   int64
	name string // where id is no number; "" where it is one or there is none

	split         string // as it stands there
	captions      []string
	emptyCaptions int // left out of captions
	prompts       []string
	attributes    []string
	oddAttributes bool // they are not six, and kept as they stand there
	labels        []int8
}

// recordKey is a place in recordKeys.
type recordKey uint8

const (
	keyFilePath recordKey = iota
	keyImgPath
	keyImage
	keyID
	keyImageID
	keySplit
	keyCaptions
	keyCaption
	keySentence
	keyPrompt
	keyAttributes
	keyLabel
	countKeys
)

// recordKeys are the keys that are read. Of several paths, ids and captions the
// first in this order counts. The table is never written to.
var recordKeys = [countKeys]string{
	"file_path", "img_path", "image", "id", "image_id", "split",
	"captions", "caption", "sentence", "prompt_caption", "attributes", "label",
}

// keySet are the keys that a record has a value for.
type keySet uint16

func (k keySet) has(keys ...recordKey) bool {
	for _, key := range keys {
		if k&(1<<key) == 0 {
			return false
		}
	}
	return true
}

// String lists the keys of the set, for errors.
func (k keySet) String() string {
	var names []string
	for i, name := range recordKeys {
		if k.has(recordKey(i)) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// first is the first of the keys that the record has.
func (k keySet) first(keys ...recordKey) (recordKey, bool) {
	for _, key := range keys {
		if k.has(key) {
			return key, true
		}
	}
	return 0, false
}

// parse reads a record from a JSON object that is known to be JSON. Of a key
// that stands there twice the last value counts, as in Python.
func (r *record) parse(raw []byte) error { return r.parseObject("", raw) }

// parseMember reads a member of an object map: its value is a caption, an array
// of captions or a record, of the image at key.
func (r *record) parseMember(key string, value []byte) error {
	if value[0] == '{' {
		return r.parseObject(key, value)
	}
	*r = record{keys: 1<<keyFilePath | 1<<keyCaptions}
	r.setPath(key)
	return r.setCaptions(keyCaptions, value)
}

// parseObject takes the path from outside where the object has none.
func (r *record) parseObject(filePath string, raw []byte) error {
	*r = record{}
	if raw[0] != '{' {
		return fmt.Errorf("want an object, got %.40q", raw)
	}
	var values [countKeys][]byte
	if err := eachMember(raw, func(key, value []byte) error {
		name := key[1 : len(key)-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			s, err := unquote(key)
			if err != nil {
				return err
			}
			name = []byte(s)
		}
		for i, k := range recordKeys {
			if string(name) == k {
				values[i] = value
			}
		}
		return nil
	}); err != nil {
		return err
	}
	for i, value := range values {
		if value != nil && string(value) != "null" {
			r.keys |= 1 << i
		}
	}
	if key, ok := r.keys.first(keyFilePath, keyImgPath, keyImage); ok {
		s, err := unquote(values[key])
		if err != nil {
			return fmt.Errorf("key %q: %w", recordKeys[key], err)
		}
		filePath = s
	}
	if filePath == "" {
		return fmt.Errorf("want a path under the key file_path, img_path or image, got none (keys: %v)", r.keys)
	}
	r.setPath(filePath)
	return r.setFields(&values)
}

// setFields takes the values other than the path.
func (r *record) setFields(values *[countKeys][]byte) (err error) {
	if key, ok := r.keys.first(keyID, keyImageID); ok {
		text := string(values[key])
		if text[0] == '"' {
			if text, err = unquote(values[key]); err != nil {
				return fmt.Errorf("key %q: %w", recordKeys[key], err)
			}
		} else if !isDigits(strings.TrimPrefix(text, "-")) {
			return fmt.Errorf("key %q: want a whole number or a string, got %.40s", recordKeys[key], text)
		}
		if err := r.setID(text); err != nil {
			return fmt.Errorf("key %q: %w", recordKeys[key], err)
		}
	}
	if r.keys.has(keySplit) {
		if r.split, err = unquote(values[keySplit]); err != nil {
			return fmt.Errorf("key %q: %w", recordKeys[keySplit], err)
		}
	}
	if key, ok := r.keys.first(keyCaptions, keyCaption, keySentence); ok {
		if err := r.setCaptions(key, values[key]); err != nil {
			return err
		}
	}
	if r.keys.has(keyPrompt) {
		if r.prompts, err = texts(values[keyPrompt]); err != nil {
			return fmt.Errorf("key %q: %w", recordKeys[keyPrompt], err)
		}
		r.prompts, _ = withoutEmpty(r.prompts)
	}
	if r.keys.has(keyAttributes) {
		if r.attributes, err = texts(values[keyAttributes]); err != nil {
			return fmt.Errorf("key %q: %w", recordKeys[keyAttributes], err)
		}
		r.setAttributes()
	}
	if r.keys.has(keyLabel) {
		r.setLabels(values[keyLabel])
	}
	return nil
}

// hasID reports whether the record says whom the image shows.
func (r *record) hasID() bool { return r.keys.has(keyID) || r.keys.has(keyImageID) }

// setPath cleans the path, or says why it is none below a root.
func (r *record) setPath(p string) {
	r.path = path.Clean(p)
	switch {
	case path.IsAbs(p), len(p) > 1 && p[1] == ':':
		r.bad = rejectf(ReasonPathEscape, "want a relative path, got %q", p)
	case r.path == ".." || strings.HasPrefix(r.path, "../") || strings.Contains("/"+p+"/", "/../"):
		r.bad = rejectf(ReasonPathEscape, "want a path below the root, got %q", p)
	case r.path == "." || strings.ContainsAny(p, "\\\x00"):
		r.bad = rejectf(ReasonBadPath, "want the path of a file with slashes, got %q", p)
	}
	if r.bad != nil {
		r.path = p
	}
}

// setID takes digits as a number and anything else as a name.
func (r *record) setID(text string) error {
	digits := strings.TrimPrefix(text, "-")
	if !isDigits(digits) {
		if strings.TrimSpace(text) == "" {
			return fmt.Errorf("want a number or a name, got %q", text)
		}
		r.name = text
		return nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || digits != text {
		return fmt.Errorf("want a whole number from 0, got %s", text)
	}
	r.id = id
	return nil
}

func (r *record) setCaptions(key recordKey, value []byte) error {
	all, err := texts(value)
	if err != nil {
		return fmt.Errorf("key %q: %w", recordKeys[key], err)
	}
	r.captions, r.emptyCaptions = withoutEmpty(all)
	return nil
}

// setAttributes splits the one string in which SYNTH-PEDES has its six values.
func (r *record) setAttributes() {
	values := r.attributes
	if len(values) == 1 {
		values = strings.Split(values[0], ",")
	}
	if len(values) != 6 {
		r.oddAttributes = len(values) > 0
		return
	}
	for i, v := range values {
		if values[i] = strings.TrimSpace(v); values[i] == "" {
			values[i] = "unknown"
		}
	}
	r.attributes = values
}

// setLabels takes an array of small numbers; what else a label may be is an
// unknown field.
func (r *record) setLabels(value []byte) {
	if value[0] != '[' {
		return
	}
	labels := []int8{}
	if err := eachElement(value, func(v []byte) error {
		n, err := strconv.ParseInt(string(v), 10, 8)
		labels = append(labels, int8(n))
		return err
	}); err == nil {
		r.labels = labels
	}
}

// texts are the strings of an array, or one string.
func texts(value []byte) (all []string, err error) {
	switch value[0] {
	case '"':
		s, err := unquote(value)
		return []string{s}, err
	case '[':
		err := eachElement(value, func(v []byte) error {
			s, err := unquote(v)
			all = append(all, s)
			return err
		})
		return all, err
	}
	return nil, fmt.Errorf("want a string or an array of strings, got %.40q", value)
}

// withoutEmpty leaves out strings of white space alone, the others unchanged.
func withoutEmpty(all []string) (kept []string, empty int) {
	for _, s := range all {
		if strings.TrimSpace(s) == "" {
			empty++
		} else {
			kept = append(kept, s)
		}
	}
	return kept, empty
}
