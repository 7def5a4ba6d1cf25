package ingest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"iter"
	"slices"
)

// sorter puts byte strings in ascending order within a bounded memory. What they
// mean is their owner's; of equal ones all stay.
//
//	add:    hold the string
//	        where the memory is full: sort what is held, write it as a run
//	        where mergeRuns runs of one level are there: merge them into one of the next
//	finish: sort what is held; where there are runs, it becomes the last one
//	all:    what is held, or the runs merged
//
// So a merge reads at most mergeRuns runs of each level, of which there are three
// for a list of a terabyte: memory does not depend on the number of strings. Between finish and close it may be read by
// several goroutines.
type sorter struct {
	space scratchSpace
	held  []byte
	items []sortItem
	runs  []*sortRun
}

// mergeRuns is how many runs are merged into one. A run that is read takes
// runBuffer bytes of memory.
const (
	mergeRuns = 64
	runBuffer = 32 << 10
)

// sortItem is a string that is held. Most are told apart by their first bytes.
type sortItem struct {
	first    uint64
	at, size uint32 // in sorter.held
}

const sortItemBytes = 16

func newSorter(space scratchSpace) *sorter { return &sorter{space: space} }

// add takes a copy of b.
func (s *sorter) add(b []byte) error {
	if n := len(s.items); n > 0 && len(s.held)+len(b)+(n+1)*sortItemBytes > s.space.memory {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.items = append(s.items, sortItem{firstBytes(b), uint32(len(s.held)), uint32(len(b))})
	s.held = append(s.held, b...)
	return nil
}

// firstBytes compare as the strings do, where they differ.
func firstBytes(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var first [8]byte
	copy(first[:], b)
	return binary.BigEndian.Uint64(first[:])
}

func (s *sorter) bytesOf(i *sortItem) []byte { return s.held[i.at : i.at+i.size] }

// sort puts what is held in order.
func (s *sorter) sort() {
	slices.SortFunc(s.items, func(a, b sortItem) int {
		if a.first != b.first {
			return cmp.Compare(a.first, b.first)
		}
		return bytes.Compare(s.bytesOf(&a), s.bytesOf(&b))
	})
}

// spill makes a run of what is held.
func (s *sorter) spill() error {
	s.sort()
	if err := s.addRun(0, s.ofMemory()); err != nil {
		return err
	}
	s.held, s.items = s.held[:0], s.items[:0]
	for n := len(s.runs); n >= mergeRuns && s.runs[n-mergeRuns].level == s.runs[n-1].level; n = len(s.runs) {
		merged := slices.Clone(s.runs[n-mergeRuns:])
		if err := s.addRun(merged[0].level+1, mergeOf(merged)); err != nil {
			return err
		}
		s.runs = append(s.runs[:n-mergeRuns], s.runs[n])
		for _, r := range merged {
			if err := r.file.Close(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sorter) addRun(level int, sorted iter.Seq2[[]byte, error]) error {
	file, err := s.space.create(s.space.dir)
	if err != nil {
		return err
	}
	r := &sortRun{file: file, level: level}
	s.runs = append(s.runs, r) // close sees to it from here on
	return r.write(sorted)
}

// finish ends the adding.
func (s *sorter) finish() error {
	if len(s.runs) == 0 {
		s.sort()
		return nil
	}
	if err := s.spill(); err != nil {
		return err
	}
	s.held, s.items = nil, nil
	return nil
}

// all is the strings in order, each valid until the next. An error ends it.
func (s *sorter) all() iter.Seq2[[]byte, error] {
	if len(s.runs) == 0 {
		return s.ofMemory()
	}
	return mergeOf(s.runs)
}

func (s *sorter) ofMemory() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i := range s.items {
			if !yield(s.bytesOf(&s.items[i]), nil) {
				return
			}
		}
	}
}

// close frees memory and disk.
func (s *sorter) close() error {
	var first error
	for _, r := range s.runs {
		first = cmp.Or(first, r.file.Close())
	}
	s.held, s.items, s.runs = nil, nil, nil
	return first
}
