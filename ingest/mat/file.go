package mat

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
)

// MaxBytes is the most a file may hold, and the most its compressed elements may
// inflate to all together (ours: the greatest release, RAP v2, has 13 million
// labels, 103 MB as doubles).
const MaxBytes = 1 << 30

const headerBytes = 128

// Versions in the header.
const (
	version5  = 0x0100
	version73 = 0x0200
)

// File is a MAT file in memory. It is not changed by reading, so it is safe for
// concurrent use.
type File struct {
	variables []variable
}

type variable struct {
	name  string
	array *Array
}

// FormatError says where a file departs from the format.
type FormatError struct {
	Offset     int64 // byte from the start of the file, or of what an element inflates to
	Compressed int64 // byte at which that element starts in the file; -1 outside of one
	Err        error
}

func (e *FormatError) Error() string {
	if e.Compressed >= 0 {
		return fmt.Sprintf("byte %d of what is compressed at byte %d: %v", e.Offset, e.Compressed, e.Err)
	}
	return fmt.Sprintf("byte %d: %v", e.Offset, e.Err)
}

func (e *FormatError) Unwrap() error { return e.Err }

// Open reads a whole file. The error of a bad one is a *FormatError.
func Open(name string) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read mat: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read mat: %w", err)
	}
	if info.Size() > MaxBytes {
		return nil, fmt.Errorf("read mat: %s: want at most %d bytes, got %d", name, int64(MaxBytes), info.Size())
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes))
	if err != nil {
		return nil, fmt.Errorf("read mat: %w", err)
	}
	m, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("read mat: %s: %w", name, err)
	}
	return m, nil
}

// Decode reads a file that is in memory already. The file keeps data, which must
// not change any more. The error of a bad one is a *FormatError.
func Decode(data []byte) (*File, error) { return decode(data, MaxBytes) }

func decode(data []byte, maxInflated int) (*File, error) {
	order, err := readHeader(data)
	if err != nil {
		return nil, err
	}
	f, p := &File{}, &parser{budget: maxInflated}
	for c := newCursor(data, headerBytes, order); c.left() > 0; {
		start := c.at
		e, err := c.next()
		if err != nil {
			return nil, err
		}
		if e.kind == kindCompressed {
			if e, err = p.inflate(e, start); err != nil {
				return nil, err
			}
		}
		v, err := p.variable(e)
		if err != nil {
			return nil, err
		}
		f.variables = append(f.variables, v)
	}
	return f, nil
}

// HasHeader tells by the first 128 bytes whether a file is meant to be a MAT file
// of level 5 or of version 7.3.
func HasHeader(start []byte) bool {
	if len(start) < headerBytes {
		return false
	}
	mark := string(start[126:headerBytes])
	return mark == "IM" || mark == "MI"
}

// readHeader tells the byte order.
func readHeader(data []byte) (binary.ByteOrder, error) {
	fail := func(at int64, format string, args ...any) (binary.ByteOrder, error) {
		return nil, &FormatError{at, -1, fmt.Errorf(format, args...)}
	}
	if bytes.HasPrefix(data, []byte("\x89HDF")) || strings.HasPrefix(string(data[:min(len(data), 19)]), "MATLAB 7.3 MAT-file") {
		return fail(0, "want a MAT file of level 5, got one of version 7.3: save it with the option -v7")
	}
	// Level 5 has text here; level 4 a number below 5000, so at least one zero byte.
	if len(data) >= 4 && bytes.IndexByte(data[:4], 0) >= 0 {
		return fail(0, "want a MAT file of level 5, got no text at its start as in level 4 (bytes % x): save it with the option -v7", data[:4])
	}
	if len(data) < headerBytes {
		return fail(int64(len(data)), "want a header of %d bytes, got %d", headerBytes, len(data))
	}
	var order binary.ByteOrder
	switch mark := string(data[126:headerBytes]); mark {
	case "IM":
		order = binary.LittleEndian
	case "MI":
		order = binary.BigEndian
	default:
		return fail(126, `want "IM" or "MI", got %q: no MAT file`, mark)
	}
	switch version := order.Uint16(data[124:]); version {
	case version5:
		return order, nil
	case version73:
		return fail(124, "want a MAT file of level 5, got one of version 7.3: save it with the option -v7")
	default:
		return fail(124, "version: want %#04x, got %#04x", version5, version)
	}
}

// Names lists the variables in the order of the file. A name may be empty.
func (f *File) Names() []string {
	names := make([]string, len(f.variables))
	for i, v := range f.variables {
		names[i] = v.name
	}
	return names
}

// Variable finds a variable by its name; the first where several have it. It is
// nil where none has.
func (f *File) Variable(name string) *Array {
	for _, v := range f.variables {
		if v.name == name {
			return v.array
		}
	}
	return nil
}
