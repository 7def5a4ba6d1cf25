package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// place is where a record stands in its file.
type place struct {
	index int64 // from 0
	at    int64 // of its first byte
	bytes int64
}

// recordReader reads one file of annotations, whatever its syntax.
type recordReader interface {
	// each calls fn for every record of the file, read from r. The record is
	// valid until fn returns. Bad data is a *RecordError without a file.
	each(ctx context.Context, r io.Reader, fn func(p place, rec *record) error) error

	// parse reads the bytes of one record again.
	parse(raw []byte, rec *record) error
}

// jsonRecords reads JSON in any of the forms in which lists of annotations come:
//
//	[{...}, ...]                  an array of records
//	{"Part1/1/0.jpg": ..., ...}   a record, a caption or an array of captions by path
//	{"annotations": [...], ...}   an array of records among other things
//	{...} {...}                   records one after the other, as in JSON lines
type jsonRecords struct {
	form  jsonForm
	fault error // of a map that was taken for one by the members before the fault
}

// jsonForm is one of the forms.
type jsonForm uint8

const (
	jsonArray jsonForm = iota
	jsonMap
	jsonAnnotations
	jsonLines
)

// annotationsKey is the member that holds the records of an object with others.
const annotationsKey = `"annotations"`

// newJSONLines takes a file for records one after the other, or for an array.
func newJSONLines(file io.Reader) *jsonRecords {
	s := newRecordScanner(file)
	if s.space() == '[' {
		return &jsonRecords{form: jsonArray}
	}
	return &jsonRecords{form: jsonLines}
}

// newJSONRecords looks at a file for its form: of an object, at all its keys.
func newJSONRecords(file io.Reader) (*jsonRecords, error) {
	s := newRecordScanner(file)
	switch s.space() {
	case '[':
		return &jsonRecords{form: jsonArray}, nil
	case '{':
	default:
		return nil, s.want("an array or object of records")
	}
	first := s.skip(1)
	last := s.frame(first)
	key := string(s.buf[s.pos+first : s.pos+last])
	if slices.ContainsFunc(recordKeys[:], func(name string) bool { return key == `"`+name+`"` }) {
		return &jsonRecords{form: jsonLines}, nil
	}
	form, members := jsonMap, 0
	err := s.members(func(key []byte, colon int) error {
		if string(key) == annotationsKey && s.at(s.skip(colon+1)) == '[' {
			form = jsonAnnotations
			return errStop
		}
		end := s.frame(s.skip(colon + 1)) // moves the window
		s.pos += end
		members++
		return nil
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	if err != nil && members == 0 {
		return nil, err
	}
	return &jsonRecords{form: form, fault: err}, nil
}

// errStop ends a loop by callback before its end.
var errStop = errors.New("stopped")

// each implements recordReader.
func (j *jsonRecords) each(ctx context.Context, r io.Reader, fn func(p place, rec *record) error) error {
	s := newRecordScanner(r)
	var index int64
	var rec record
	good := false
	give := func(at int64, raw []byte) error {
		if index%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		err := j.parse(raw, &rec)
		if err == nil {
			err = fn(place{index, at, int64(len(raw))}, &rec)
		}
		var placed *RecordError
		if err != nil && !errors.Is(err, errStop) && !errors.As(err, &placed) {
			err = s.fail(at, err)
		}
		index++
		good = good || err == nil
		return err
	}
	s.space()
	err := error(nil)
	switch j.form {
	case jsonArray:
		err = s.elements(&index, give)
	case jsonAnnotations:
		err = s.members(func(key []byte, colon int) error {
			if string(key) == annotationsKey {
				s.pos += colon + 1
				s.space()
				return s.elements(&index, give)
			}
			_, err := s.member(colon)
			return err
		})
	case jsonMap:
		err = s.members(func(_ []byte, colon int) error {
			s.record = index
			at := s.offset()
			raw, err := s.member(colon)
			if err == nil {
				err = give(at, raw)
			}
			s.record = -1
			return err
		})
	case jsonLines:
		err = s.lines(&index, give)
	}
	var placed *RecordError
	if j.fault != nil && !good && errors.As(err, &placed) && !errors.Is(err, errNamedIDs) {
		return j.fault // it is no map of records: what it is was not read
	}
	if err != nil {
		return err
	}
	if s.space(); s.fill(1) || !errors.Is(s.err, io.EOF) {
		return s.want("the end of the file")
	}
	return nil
}

// parse implements recordReader. A member of a map is its key, a colon and its
// value.
func (j *jsonRecords) parse(raw []byte, rec *record) error {
	if j.form != jsonMap {
		return rec.parse(raw)
	}
	var f framer
	n, _ := f.scan(raw)
	key, err := unquote(raw[:n])
	if err != nil {
		return err
	}
	for isSpace(raw[n]) || raw[n] == ':' {
		n++
	}
	return rec.parseMember(key, raw[n:])
}

// lines reads records up to the end of the stream.
func (s *recordScanner) lines(index *int64, give func(at int64, raw []byte) error) error {
	for s.space(); s.fill(1); s.space() {
		s.record = *index
		at := s.offset()
		raw, err := s.take(0, s.frame(0))
		if err == nil {
			err = give(at, raw)
		}
		if err != nil {
			return err
		}
	}
	s.record = -1
	return nil
}

// elements reads the array at the next byte.
func (s *recordScanner) elements(index *int64, give func(at int64, raw []byte) error) error {
	if s.at(0) != '[' {
		return s.want("an array of records")
	}
	s.pos++
	if s.space() == ']' {
		s.pos++
		return nil
	}
	for {
		s.space()
		s.record = *index
		at := s.offset()
		raw, err := s.take(0, s.frame(0))
		if err == nil {
			err = give(at, raw)
		}
		if err != nil {
			return err
		}
		s.record = -1
		if done, err := s.next(']'); done || err != nil {
			return err
		}
	}
}

// members reads the object at the next byte. value is called at every key with
// where its colon is; it consumes the member.
func (s *recordScanner) members(value func(key []byte, colon int) error) error {
	if s.at(0) != '{' {
		return s.want("an object")
	}
	s.pos++
	if s.space() == '}' {
		s.pos++
		return nil
	}
	for {
		if s.space() != '"' {
			return s.want("a key in quotes")
		}
		n := s.frame(0)
		if !json.Valid(s.buf[s.pos : s.pos+n]) {
			return s.malformed(0, n)
		}
		colon := s.skip(n)
		if s.at(colon) != ':' {
			s.pos += colon
			return s.want("':'")
		}
		key := s.buf[s.pos : s.pos+n]
		if err := value(key, colon); err != nil {
			return err
		}
		if done, err := s.next('}'); done || err != nil {
			return err
		}
	}
}

// member consumes a member and returns it, its key first.
func (s *recordScanner) member(colon int) ([]byte, error) {
	from := s.skip(colon + 1)
	return s.take(from, s.frame(from))
}

// next consumes what follows a value: a comma, or the end of what it is part of.
func (s *recordScanner) next(end byte) (done bool, err error) {
	switch s.space() {
	case ',':
		s.pos++
		return false, nil
	case end:
		s.pos++
		return true, nil
	}
	return false, s.want(fmt.Sprintf("',' or %q", end))
}
