package ingest

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// scratchSpace is what a sorter may take of memory and disk.
type scratchSpace struct {
	memory int    // bytes held before there is a run on disk
	dir    string // folder of the runs
	create func(dir string) (scratchFile, error)
}

// scratchFile is what a run lies in. Tests put a full disk behind it.
type scratchFile interface {
	io.Writer
	io.ReaderAt
	io.Closer
	Name() string
}

// sorterMemory holds 90,000 records of a list of annotations whose ids are numbers
// (ours: little beside the images under way, and a terabyte of records still has
// few runs).
const sorterMemory = 4 << 20

// newScratchSpace is that of a source's options.
func newScratchSpace(o *SourceOptions) scratchSpace {
	s := scratchSpace{memory: sorterMemory, dir: o.Scratch, create: createScratch}
	if s.dir == "" {
		s.dir = os.TempDir()
	}
	if o.sorterMemory > 0 {
		s.memory = o.sorterMemory
	}
	if o.createScratch != nil {
		s.create = o.createScratch
	}
	return s
}

// scratchName is what errors call a run. The dot and the word are those of
// package parquet's unfinished files, which the next run in a folder removes.
const scratchName = ".tmp-index"

// createScratch makes a file without a name: it is gone when it is closed, and
// however the process ends.
func createScratch(dir string) (scratchFile, error) {
	if fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600); err == nil {
		return os.NewFile(uintptr(fd), filepath.Join(dir, scratchName)), nil
	}
	// Some file systems, such as NFS, have none: a file that loses its name at once.
	f, err := os.CreateTemp(dir, scratchName+"-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// sortRun is a sorted run on disk: the length of each string as a varint, and its
// bytes. The checksum is held against what is read: of a disk that is full or
// breaks, some file systems tell when nobody asks any more.
type sortRun struct {
	file  scratchFile
	level int // 0, or one more than that of the runs it was merged of
	size  int64
	sum   uint32
}

func (r *sortRun) write(sorted iter.Seq2[[]byte, error]) error {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	w := bufio.NewWriterSize(io.MultiWriter(r.file, sum), runBuffer)
	var length [binary.MaxVarintLen64]byte
	for b, err := range sorted {
		if err != nil {
			return err
		}
		n := binary.PutUvarint(length[:], uint64(len(b)))
		r.size += int64(n + len(b))
		_, _ = w.Write(length[:n]) // Flush tells its error too
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	r.sum = sum.Sum32()
	return nil
}

// runReader reads a run. It is at head.
type runReader struct {
	run  *sortRun
	r    *bufio.Reader
	sum  hash.Hash32
	head []byte
}

func (r *sortRun) reader() *runReader {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	file := io.TeeReader(io.NewSectionReader(r.file, 0, r.size), sum)
	return &runReader{run: r, r: bufio.NewReaderSize(file, runBuffer), sum: sum}
}

// next goes to the next string; ok is false at the end.
func (r *runReader) next() (ok bool, err error) {
	n, err := binary.ReadUvarint(r.r)
	if errors.Is(err, io.EOF) && r.sum.Sum32() == r.run.sum {
		return false, nil
	}
	if err == nil && n <= uint64(r.run.size) {
		if uint64(cap(r.head)) < n {
			r.head = make([]byte, n)
		}
		r.head = r.head[:n]
		_, err = io.ReadFull(r.r, r.head)
		if err == nil {
			return true, nil
		}
	}
	if pathErr := (*os.PathError)(nil); errors.As(err, &pathErr) {
		return false, err
	}
	return false, fmt.Errorf("read %s: want the %d bytes that were written, got others", r.run.file.Name(), r.run.size)
}

// runHeap has the reader of the least string first.
type runHeap []*runReader

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return bytes.Compare(h[i].head, h[j].head) < 0 }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)        { *h = append(*h, x.(*runReader)) } // heap.Interface is of any

// Pop implements heap.Interface.
func (h *runHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// mergeOf is the strings of all runs in order, each valid until the next.
func mergeOf(runs []*sortRun) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var heads runHeap
		for _, run := range runs {
			r := run.reader()
			ok, err := r.next()
			if err != nil {
				yield(nil, err)
				return
			}
			if ok {
				heads = append(heads, r)
			}
		}
		heap.Init(&heads)
		for len(heads) > 0 {
			if !yield(heads[0].head, nil) {
				return
			}
			switch ok, err := heads[0].next(); {
			case err != nil:
				yield(nil, err)
				return
			case ok:
				heap.Fix(&heads, 0)
			default:
				heap.Pop(&heads)
			}
		}
	}
}
