package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxRecordBytes bounds the memory of one record of an annotation file (ours).
// Real records have a few kilobytes.
const maxRecordBytes = 16 << 20

// RecordError is an annotation file that cannot be read on: malformed JSON or
// CSV, or a record of which a field that is needed cannot be made out.
type RecordError struct {
	File   string // as it was named
	Byte   int64  // offset in the file, from 0
	Record int64  // index in the file, from 0; -1 outside of records
	Err    error
}

func (e *RecordError) Error() string {
	if e.Record < 0 {
		return fmt.Sprintf("%s: byte %d: %v", e.File, e.Byte, e.Err)
	}
	return fmt.Sprintf("%s: byte %d: record %d: %v", e.File, e.Byte, e.Record, e.Err)
}

func (e *RecordError) Unwrap() error { return e.Err }

// framer finds the end of one JSON value by brackets and quotes alone. Whether
// the bytes are JSON is for others to say.
type framer struct {
	depth           int
	quoted, escaped bool
}

// scan goes on with the bytes b of the value. It returns how many belong to the
// value, and whether it ends there.
func (f *framer) scan(b []byte) (n int, done bool) {
	for i := 0; i < len(b); i++ {
		if f.quoted {
			if i = f.quotedEnd(b, i); i == len(b) {
				break
			}
			if f.quoted = false; f.depth == 0 {
				return i + 1, true
			}
			continue
		}
		switch c := b[i]; {
		case c == '"':
			f.quoted = true
		case c == '{' || c == '[':
			f.depth++
		case c == '}' || c == ']':
			if f.depth == 0 {
				return i, true
			}
			if f.depth--; f.depth == 0 {
				return i + 1, true
			}
		case f.depth == 0 && (c == ',' || c == ':' || isSpace(c)):
			return i, true
		}
	}
	return len(b), false
}

// quotedStep is how far a search in a string goes at a time: one to its end from
// each of many escapes would take the square of its length.
const quotedStep = 256

// quotedEnd is where the quote is that ends the string at i, or len(b). Most of a
// list is text in quotes, so it is searched and not looked at byte by byte.
func (f *framer) quotedEnd(b []byte, i int) int {
	for i < len(b) {
		if f.escaped {
			f.escaped = false
			i++
			continue
		}
		step := b[i:min(i+quotedStep, len(b))]
		quote := bytes.IndexByte(step, '"')
		if quote >= 0 {
			step = step[:quote]
		}
		switch escape := bytes.IndexByte(step, '\\'); {
		case escape >= 0:
			f.escaped = true
			i += escape + 1
		case quote >= 0:
			return i + quote
		default:
			i += len(step)
		}
	}
	return len(b)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// recordScanner cuts a stream of JSON into its records. What it returns lies in
// its window and is valid until the next call.
type recordScanner struct {
	r      io.Reader
	buf    []byte
	pos    int // next byte, in buf
	end    int // end of what was read, in buf
	base   int64
	err    error // sticky error of r, io.EOF included
	record int64 // index of the record at pos; -1 outside of records
}

// newRecordScanner passes over a byte order mark, which some editors add.
func newRecordScanner(r io.Reader) *recordScanner {
	s := &recordScanner{r: r, buf: make([]byte, 256<<10), record: -1}
	if s.fill(3) && string(s.buf[:3]) == "\ufeff" {
		s.pos = 3
	}
	return s
}

// offset is the position of the next byte in the stream.
func (s *recordScanner) offset() int64 { return s.base + int64(s.pos) }

// fill reads until n unread bytes are in the window. It reports whether they are
// there: they are not where the stream ends or a record is too large.
func (s *recordScanner) fill(n int) bool {
	for s.end-s.pos < n && s.err == nil {
		if n > maxRecordBytes {
			return false
		}
		if s.pos > 0 {
			copy(s.buf, s.buf[s.pos:s.end])
			s.base += int64(s.pos)
			s.end -= s.pos
			s.pos = 0
		}
		if s.end == len(s.buf) {
			s.buf = append(s.buf, make([]byte, len(s.buf))...)
		}
		m, err := s.r.Read(s.buf[s.end:])
		s.end += m
		s.err = err
	}
	return s.end-s.pos >= n
}

// at is the byte n after the next one, 0 at the end of the stream.
func (s *recordScanner) at(n int) byte {
	if s.pos+n >= s.end && !s.fill(n+1) {
		return 0
	}
	return s.buf[s.pos+n]
}

// skip is where white space that begins n bytes after the next one ends.
func (s *recordScanner) skip(n int) int {
	for isSpace(s.at(n)) {
		n++
	}
	return n
}

// space consumes white space and returns the next byte, not consumed.
func (s *recordScanner) space() byte {
	for isSpace(s.at(0)) {
		s.pos++
	}
	return s.at(0)
}

// frame is where the value ends that begins n bytes after the next one.
func (s *recordScanner) frame(n int) int {
	var f framer
	for s.fill(n + 1) {
		m, done := f.scan(s.buf[s.pos+n : s.end])
		if n += m; done {
			break
		}
	}
	return n
}

// take consumes the value that ends at n, of which the first from bytes are no
// JSON of their own, and checks it.
func (s *recordScanner) take(from, n int) ([]byte, error) {
	raw := s.buf[s.pos : s.pos+n]
	if !json.Valid(raw[from:]) {
		return nil, s.malformed(from, n)
	}
	s.pos += n
	return raw, nil
}

// malformed says at which byte a value is no JSON. The byte behind the value
// tells what is wrong with one that ends too early.
func (s *recordScanner) malformed(from, n int) error {
	if n >= maxRecordBytes {
		return s.fail(s.offset(), fmt.Errorf("record larger than %d MiB", maxRecordBytes>>20))
	}
	behind := s.at(n)
	if s.pos+n == s.end {
		if s.err != nil && !errors.Is(s.err, io.EOF) {
			return s.err
		}
		behind = 0
	}
	value := append(bytes.Clone(s.buf[s.pos+from:s.pos+n]), behind)
	var sink json.RawMessage
	var syntax *json.SyntaxError
	err := json.Unmarshal(value, &sink)
	if !errors.As(err, &syntax) {
		return s.fail(s.offset(), fmt.Errorf("want a value, got %.40q: %w", value, err))
	}
	at := s.offset() + int64(from) + max(syntax.Offset-1, 0)
	if at == s.offset()+int64(n) && s.pos+n == s.end {
		return s.fail(at, errors.New("want the rest of a value, got the end of the file"))
	}
	return s.fail(at, err)
}

// fail is an error at a byte of the stream. Whoever knows the file names it.
func (s *recordScanner) fail(at int64, err error) error {
	return &RecordError{Byte: at, Record: s.record, Err: err}
}

// want says what stands at the next byte instead of want, or is the read error
// of the stream, if there was one.
func (s *recordScanner) want(want string) error {
	if s.fill(1) {
		return s.fail(s.offset(), fmt.Errorf("want %s, got %q", want, s.buf[s.pos]))
	}
	if s.err != nil && !errors.Is(s.err, io.EOF) {
		return s.err
	}
	return s.fail(s.offset(), fmt.Errorf("want %s, got the end of the file", want))
}
