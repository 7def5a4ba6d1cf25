package parquet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// flushRejectsBytes bounds the memory of entries that wait for their shard.
const flushRejectsBytes = 1 << 20

// Rejects is rejects.jsonl: the inputs a stage left out, one object a line,
//
//	{"path":"a/b.jpg","reason":"truncated","detail":"..."}
//
// It belongs to a Writer and shares its fate: the length that goes with the
// inputs of the last Mark is stored in each shard's footer, and a resuming run
// cuts the file back to the length in the last whole shard. So an input that is
// read again is listed once. Not safe for concurrent use.
type Rejects struct {
	file    string
	buf     bytes.Buffer     // entries not yet in the file
	flushed int64            // length of the file
	marked  int64            // length up to the last Mark
	counts  map[string]int64 // by reason
	total   int64
}

type rejectLine struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// openRejects cuts dir's file back to keep bytes and counts what is left.
func openRejects(dir string, keep int64) (*Rejects, error) {
	r := &Rejects{file: filepath.Join(dir, rejectsName), counts: map[string]int64{}}
	if err := r.restore(keep); err != nil {
		return nil, fmt.Errorf("restore %s: %w", r.file, err)
	}
	return r, nil
}

func (r *Rejects) restore(keep int64) error {
	if keep == 0 {
		if err := os.Remove(r.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	f, err := os.OpenFile(r.file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < keep {
		return fmt.Errorf("want %d bytes or more, got %d", keep, info.Size())
	}
	if err := f.Truncate(keep); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	r.flushed, r.marked = keep, keep
	r.counts, r.total, err = readRejects(r.file, keep)
	return err
}

// readRejects counts the first size bytes of a rejects.jsonl by reason.
func readRejects(file string, size int64) (counts map[string]int64, total int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	counts = map[string]int64{}
	d := json.NewDecoder(io.LimitReader(f, size))
	for {
		var line rejectLine
		switch err := d.Decode(&line); {
		case err == io.EOF:
			return counts, total, nil
		case err != nil:
			return nil, 0, fmt.Errorf("line %d: byte %d: %w", total+1, d.InputOffset(), err)
		}
		counts[line.Reason]++
		total++
	}
}

// Add lists one input. Reason is a short word that inputs are counted by, path
// is relative, detail is free text.
func (r *Rejects) Add(path, reason, detail string) error {
	b, err := json.Marshal(rejectLine{path, reason, detail})
	if err != nil {
		return fmt.Errorf("list reject %q: %w", path, err)
	}
	r.buf.Write(append(b, '\n'))
	r.counts[reason]++
	r.total++
	if r.buf.Len() >= flushRejectsBytes {
		return r.flush()
	}
	return nil
}

// Total is the number of inputs left out, those of earlier runs included.
func (r *Rejects) Total() int64 { return r.total }

// Counts returns the number of inputs left out by reason.
func (r *Rejects) Counts() map[string]int64 {
	counts := make(map[string]int64, len(r.counts))
	for k, v := range r.counts {
		counts[k] = v
	}
	return counts
}

// mark notes that all entries so far belong to the inputs now consumed.
func (r *Rejects) mark() { r.marked = r.flushed + int64(r.buf.Len()) }

// flush brings all entries to disk. It runs before a shard is renamed, so the
// length in a footer never points past the end of the file.
func (r *Rejects) flush() error {
	if r.buf.Len() == 0 {
		return nil
	}
	f, err := os.OpenFile(r.file, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt(r.buf.Bytes(), r.flushed); err != nil {
		return fmt.Errorf("write %s: %w", r.file, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", r.file, err)
	}
	r.flushed += int64(r.buf.Len())
	r.buf.Reset()
	return nil
}
