package ingest

import (
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"

	"golang.org/x/sys/unix"
)

// textIndex is the list as a pass over the annotations gathers it, in sorters:
// its memory is bounded, and of long lists it takes some 70 bytes a record of
// scratch space, where ids are names also the paths twice.
type textIndex struct {
	byPath *sorter    // of the pass
	names  *textNames // of the pass where ids are names, or there are none: they are numbered at the end
	byID   *sorter    // of the stream
	seed   maphash.Seed
	splits []string // those met; the first is none
	buf    []byte

	records       int64
	last          textEntry // of the records
	images        int64     // distinct ones by identity; set by finish
	hasIDs        bool      // of the first record, and so of all
	cameras       bool      // every image has one
	labels        bool      // an image has some
	emptyCaptions int64
	oddAttributes int64
}

func newTextIndex(named bool, space scratchSpace) *textIndex {
	x := &textIndex{seed: maphash.MakeSeed(), splits: []string{""}, cameras: true, byPath: newSorter(space), byID: newSorter(space)}
	if named {
		x.names = newTextNames(space)
	}
	return x
}

// named reports whether ids are names, or there are none.
func (x *textIndex) named() bool { return x.names != nil }

// indexError is of the index and not of the list that it is made of.
type indexError struct{ err error }

func (e *indexError) Error() string {
	if errors.Is(e.err, unix.ENOSPC) || errors.Is(e.err, unix.EDQUOT) {
		return fmt.Sprintf("index of the list: %v: make room and run the same command again", e.err)
	}
	return fmt.Sprintf("index of the list: %v", e.err)
}

func (e *indexError) Unwrap() error { return e.err }

// add takes a record that the rules have been applied to.
func (x *textIndex) add(file int, p place, r *record, camera bool) error {
	if x.records == 0 {
		x.hasIDs = r.hasID()
	}
	if r.hasID() != x.hasIDs {
		return fmt.Errorf("want an id with every record or with none, got keys %v", r.keys)
	}
	split := slices.Index(x.splits, r.split)
	if split < 0 {
		split = len(x.splits)
		x.splits = append(x.splits, r.split)
	}
	x.last = textEntry{
		id: r.id, path: maphash.String(x.seed, r.path),
		at: p.at | int64(file)<<fileShift, bytes: uint32(p.bytes), split: uint8(split),
	}
	if err := x.keep(&x.last, r); err != nil {
		return &indexError{err}
	}
	x.records++
	x.cameras = x.cameras && camera
	x.labels = x.labels || r.labels != nil
	x.emptyCaptions += int64(r.emptyCaptions)
	if r.oddAttributes {
		x.oddAttributes++
	}
	return nil
}

// keep brings an entry to the sorter of the pass. Without ids every image is an
// identity of its own.
func (x *textIndex) keep(e *textEntry, r *record) error {
	switch {
	case !x.named():
		x.buf = e.appendByPath(x.buf[:0])
		return x.byPath.add(x.buf)
	case !x.hasIDs:
		return x.names.add(e, r.path, r.path)
	case r.name == "":
		return x.names.add(e, fmt.Sprint(r.id), r.path)
	}
	return x.names.add(e, r.name, r.path)
}

// finish puts the index in the order of the stream: by id, then as listed. A
// second record of an image belongs to the first where id and split agree; else
// it is marked. pathOf reads the path of a record again; its errors are the list's.
func (x *textIndex) finish(pathOf func(e *textEntry) (string, error)) error {
	if x.named() {
		if err := x.names.number(func(e *textEntry) error {
			x.buf = e.appendByPath(x.buf[:0])
			return x.byPath.add(x.buf)
		}); err != nil {
			return &indexError{err}
		}
	}
	if err := x.byPath.finish(); err != nil {
		return &indexError{err}
	}
	owner := pathOwner{pathOf: pathOf}
	for b, err := range x.byPath.all() {
		if err != nil {
			return &indexError{err}
		}
		e := entryByPath(b)
		again, err := owner.judge(&e)
		if err != nil {
			return err
		}
		if !again {
			x.images++
		}
		x.buf = e.appendByID(x.buf[:0])
		if err := x.byID.add(x.buf); err != nil {
			return &indexError{err}
		}
	}
	if err := errors.Join(x.byPath.close(), x.byID.finish()); err != nil {
		return &indexError{err}
	}
	return nil
}

// pathOwner is the first record of an image, of records by path.
type pathOwner struct {
	pathOf func(e *textEntry) (string, error)
	first  textEntry
	any    bool   // there is one
	path   string // of the first; "" where it was not read
}

// judge tells whether a record is one more of the first one's image and identity,
// and marks it where it is of another.
func (o *pathOwner) judge(e *textEntry) (again bool, err error) {
	if !o.any || o.first.path != e.path {
		*o = pathOwner{pathOf: o.pathOf, first: *e, any: true}
		return false, nil
	}
	if o.first.id == e.id && o.first.split == e.split {
		return true, nil
	}
	// Rare, so both are read again: two paths may have one hash.
	if o.path == "" {
		if o.path, err = o.pathOf(&o.first); err != nil {
			return false, err
		}
	}
	p, err := o.pathOf(e)
	e.twice = p == o.path
	return false, err
}

// all is the stream: the records by id, then as listed.
func (x *textIndex) all() iter.Seq2[textEntry, error] {
	return func(yield func(textEntry, error) bool) {
		for b, err := range x.byID.all() {
			if err != nil {
				yield(textEntry{}, fmt.Errorf("annotations: %w", &indexError{err}))
				return
			}
			if !yield(entryByID(b), nil) {
				return
			}
		}
	}
}

// close frees what the index takes.
func (x *textIndex) close() error {
	problems := []error{x.byPath.close(), x.byID.close()}
	if x.named() {
		problems = append(problems, x.names.close())
	}
	return errors.Join(problems...)
}
