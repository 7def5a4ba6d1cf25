package runlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// maxFollowBytes is the greatest log that is followed: a few million steps.
const maxFollowBytes = 512 << 20

// Follower reads a log that a run in progress appends to, every line once. Not safe for concurrent use.
type Follower struct {
	path    string
	records []Record
	size    int64  // of the lines that were read
	last    []byte // the last of them: another one in its place means that the run went back to a checkpoint
}

// Follow makes a follower of the log at path, which need not be there yet.
func Follow(path string) *Follower { return &Follower{path: path} }

// Read returns all records so far and when the file last changed. A last line without its end is left to the next call;
// after a run went back to an earlier step the records are those of the new lines. The records are not to be changed.
func (f *Follower) Read() ([]Record, time.Time, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, time.Time{}, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFollowBytes {
		return nil, time.Time{}, fmt.Errorf("read %s: want a file of at most %d bytes, got %s of %d", f.path, maxFollowBytes, info.Mode().Type(), info.Size())
	}
	if !f.continues(file) {
		f.records, f.size, f.last = nil, 0, nil
	}
	data, err := io.ReadAll(io.NewSectionReader(file, f.size, maxFollowBytes))
	if err != nil {
		return nil, time.Time{}, err
	}
	for {
		line, rest, whole := bytes.Cut(data, []byte{'\n'})
		if !whole {
			return f.records, info.ModTime(), nil
		}
		r, err := parseRecord(line)
		if err != nil {
			return nil, time.Time{}, fmt.Errorf("read %s: line %d: %w", f.path, len(f.records)+1, err)
		}
		f.records, data = append(f.records, r), rest
		f.size += int64(len(line)) + 1
		f.last = bytes.Clone(line)
	}
}

// continues reports whether the lines that were read are still there.
func (f *Follower) continues(file *os.File) bool {
	if f.size == 0 {
		return true
	}
	there := make([]byte, len(f.last)+1)
	_, err := file.ReadAt(there, f.size-int64(len(there)))
	return (err == nil || errors.Is(err, io.EOF)) && bytes.Equal(there[:len(f.last)], f.last) && there[len(f.last)] == '\n'
}
