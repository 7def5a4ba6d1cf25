package split

import (
	"errors"
	"fmt"
	"io"
)

// SyntaxError is malformed JSON, or a record that cannot be split.
type SyntaxError struct {
	Offset int64 // of the byte in the file, from 0
	Record int64 // index in the array, from 0; -1 outside of records
	Msg    string
}

func (e *SyntaxError) Error() string {
	if e.Record < 0 {
		return fmt.Sprintf("byte %d: %s", e.Offset, e.Msg)
	}
	return fmt.Sprintf("byte %d: record %d: %s", e.Offset, e.Record, e.Msg)
}

// scannerBytes is the size of the read buffer.
const scannerBytes = 256 << 10

// scanner gives access to the bytes of a stream from a sliding window.
type scanner struct {
	r    io.Reader
	buf  []byte
	pos  int // next byte, in buf
	end  int // end of what was read, in buf
	base int64
	err  error // sticky error of r, io.EOF included
}

func newScanner(r io.Reader) *scanner { return &scanner{r: r, buf: make([]byte, scannerBytes)} }

// offset is the position of the next byte in the stream.
func (s *scanner) offset() int64 { return s.base + int64(s.pos) }

// fill reads until n unread bytes are in the window, or the stream ends. It
// reports whether they are there.
func (s *scanner) fill(n int) bool {
	for s.end-s.pos < n && s.err == nil {
		if s.pos > 0 {
			copy(s.buf, s.buf[s.pos:s.end])
			s.base += int64(s.pos)
			s.end -= s.pos
			s.pos = 0
		}
		m, err := s.r.Read(s.buf[s.end:])
		s.end += m
		s.err = err
	}
	return s.end-s.pos >= n
}

// peek returns the next byte without consuming it, 0 at the end of the stream.
// A NUL byte in the stream is no different: neither starts or continues JSON.
func (s *scanner) peek() byte {
	if s.pos == s.end && !s.fill(1) {
		return 0
	}
	return s.buf[s.pos]
}

// space skips white space and returns the next byte, not consumed.
func (s *scanner) space() byte {
	for {
		switch c := s.peek(); c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
}

// atEnd reports whether the stream is exhausted.
func (s *scanner) atEnd() bool { return !s.fill(1) }

// failure is the read error of the stream, if it was one, else a SyntaxError
// that says what stands at the next byte instead of want.
func (s *scanner) failure(record int64, want string) error {
	if s.atEnd() {
		if s.err != nil && !errors.Is(s.err, io.EOF) {
			return s.err
		}
		return &SyntaxError{s.offset(), record, "want " + want + ", got the end of the file"}
	}
	return &SyntaxError{s.offset(), record, fmt.Sprintf("want %s, got %q", want, s.buf[s.pos])}
}
