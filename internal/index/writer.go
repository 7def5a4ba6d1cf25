package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Options say what an index is to hold.
type Options struct {
	Dim  int   // components of a vector
	Rows int64 // vectors that will be written
	Key  Key   // what they are made of
}

// bufferBytes is about how much of a section is kept before it is written.
const bufferBytes = 1 << 20

// Writer writes an index file, or goes on with one. It is unusable after its first error. Not safe for concurrent use.
type Writer struct {
	path    string
	f       *os.File
	head    header // as it will be once the buffers are written
	buffers [3][]byte
	vector  []float32
	err     error
}

// Create begins the index at path, or goes on with PATH.part where the same options began it: Rows then says how many
// vectors are there. Another process that writes it is an error.
func Create(path string, o Options) (*Writer, error) {
	w := &Writer{path: path, head: header{dim: o.Dim, rows: o.Rows, key: o.Key}, vector: make([]float32, max(o.Dim, 0))}
	if err := w.head.check(); err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	f, err := os.OpenFile(path+".part", os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	w.f = f
	if err := w.begin(); err != nil {
		return nil, errors.Join(fmt.Errorf("create %s: %w", path, err), f.Close())
	}
	return w, nil
}

// begin takes the lock, and goes on with what an earlier run wrote or makes the file anew.
func (w *Writer) begin() error {
	if err := unix.Flock(int(w.f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return errors.New("another process is writing it")
		}
		return fmt.Errorf("lock: %w", err)
	}
	info, err := w.f.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, headerBytes)
	if n, _ := w.f.ReadAt(head, 0); n == len(head) {
		old, err := parseHeader(head, info.Size())
		if err == nil && old.dim == w.head.dim && old.rows == w.head.rows && old.key == w.head.key {
			w.head = old
			return nil
		}
	}
	_, size := w.head.sections()
	if err := w.f.Truncate(0); err != nil {
		return err
	}
	return w.f.Truncate(size)
}

// Rows is the number of vectors written so far, those of an earlier run included.
func (w *Writer) Rows() int64 { return w.head.done }

// Write appends a vector of any length but infinite.
func (w *Writer) Write(vector []float32) error {
	if w.err != nil {
		return w.err
	}
	switch {
	case len(vector) != w.head.dim:
		return fmt.Errorf("index entry %d: want %d components, got %d", w.head.done, w.head.dim, len(vector))
	case w.head.done == w.head.rows:
		return fmt.Errorf("index: want %d entries, got one more", w.head.rows)
	}
	if err := normalize(w.vector, vector); err != nil {
		return fmt.Errorf("index entry %d: %w", w.head.done, err)
	}
	scale := scaleOf(w.vector)
	codes := w.buffers[0]
	w.buffers[0] = append(codes, make([]byte, w.head.stride())...)
	encodeEntry(w.buffers[0][len(codes):], w.vector, scale)
	w.buffers[1] = binary.LittleEndian.AppendUint32(w.buffers[1], math.Float32bits(scale))
	for _, x := range w.vector {
		w.buffers[2] = binary.LittleEndian.AppendUint32(w.buffers[2], math.Float32bits(x))
	}
	w.head.done++
	if len(w.buffers[2]) >= bufferBytes {
		w.err = w.flush()
	}
	return w.err
}

// flush writes the buffers to their sections.
func (w *Writer) flush() error {
	parts, _ := w.head.sections()
	rows := int64(len(w.buffers[1]) / 4)
	for i, b := range w.buffers {
		if _, err := w.f.WriteAt(b, parts[i].offset+(w.head.done-rows)*parts[i].rowBytes); err != nil {
			return err
		}
		w.head.sums[i] = crc32.Update(w.head.sums[i], castagnoli, b)
		w.buffers[i] = b[:0]
	}
	return nil
}

// Sync makes what was written durable, so that a later run goes on from here.
func (w *Writer) Sync() error {
	if w.err != nil {
		return w.err
	}
	w.err = func() error {
		if err := w.flush(); err != nil {
			return err
		}
		if err := w.f.Sync(); err != nil { // the vectors before the header that counts them
			return err
		}
		if _, err := w.f.WriteAt(w.head.encode(), 0); err != nil {
			return err
		}
		return w.f.Sync()
	}()
	return w.err
}

// Close ends the file and gives it its name. All rows must have been written.
func (w *Writer) Close() error {
	if w.head.done != w.head.rows && w.err == nil {
		w.err = fmt.Errorf("index: want %d entries, got %d", w.head.rows, w.head.done)
	}
	err := w.Sync()
	if err == nil {
		err = os.Rename(w.path+".part", w.path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(w.path))
	}
	if err != nil {
		err = fmt.Errorf("write %s: %w", w.path, err)
	}
	return errors.Join(err, w.Stop())
}

// Stop leaves the file to a later run. It may follow Close, which makes it fit for defer.
func (w *Writer) Stop() error {
	if w.f == nil {
		return nil
	}
	f := w.f
	w.f, w.err = nil, os.ErrClosed
	return f.Close()
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
