package ingest

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
)

// textEntry is what is kept of a record: 32 bytes, so that a list of several
// gigabytes, in any order, is read by identity from a small index.
type textEntry struct {
	id    int64
	path  uint64 // hash of its path
	at    int64  // offset in its file, with the file's number in the upper 16 bits
	bytes uint32 // of the record
	split uint8  // place of its split in textIndex.splits
	twice bool   // another identity or split has the image before it
}

const (
	fileShift    = 48
	maxTextFiles = 1 << (63 - fileShift)
)

func (e *textEntry) file() int     { return int(e.at >> fileShift) }
func (e *textEntry) offset() int64 { return e.at & (1<<fileShift - 1) }

// textIndex is the list as a pass over the annotations gathers it.
type textIndex struct {
	entries []textEntry
	seed    maphash.Seed
	splits  []string // those met; the first is none

	named bool // ids are names, or there are none: they are numbered at the end
	names map[string]int32
	least []string // the smallest path of each name

	images        int64 // distinct ones by identity; set by finish
	hasIDs        bool  // of the first record, and so of all
	cameras       bool  // every image has one
	labels        bool  // an image has some
	emptyCaptions int64
	oddAttributes int64
}

func newTextIndex(named bool) *textIndex {
	return &textIndex{seed: maphash.MakeSeed(), splits: []string{""}, named: named, names: map[string]int32{}, cameras: true}
}

// maxGuess keeps a guess from taking more than half a gigabyte.
const maxGuess = 16 << 20

// grow makes room for about n more records, so that the list is not copied time and
// again, which needs three times its memory.
func (x *textIndex) grow(n int) {
	x.entries = slices.Grow(x.entries, min(n+n/32, maxGuess))
}

// add takes a record that the rules have been applied to.
func (x *textIndex) add(file int, p place, r *record, camera bool) error {
	if len(x.entries) == 0 {
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
	x.entries = append(x.entries, textEntry{
		id: x.identity(r), path: maphash.String(x.seed, r.path),
		at: p.at | int64(file)<<fileShift, bytes: uint32(p.bytes), split: uint8(split),
	})
	x.cameras = x.cameras && camera
	x.labels = x.labels || r.labels != nil
	x.emptyCaptions += int64(r.emptyCaptions)
	if r.oddAttributes {
		x.oddAttributes++
	}
	return nil
}

// identity is the id of a record, or the place of its name. Without ids every
// image is an identity of its own.
func (x *textIndex) identity(r *record) int64 {
	if !x.named {
		return r.id
	}
	name := r.name
	switch {
	case !x.hasIDs:
		name = r.path
	case name == "":
		name = fmt.Sprint(r.id)
	}
	at, ok := x.names[name]
	if !ok {
		at = int32(len(x.least))
		x.names[strings.Clone(name)] = at
		x.least = append(x.least, r.path)
	}
	x.least[at] = min(x.least[at], r.path)
	return int64(at)
}

// finish puts the index in the order of the stream: by id, then as listed. A
// second record of an image belongs to the first where id and split agree; else
// it is marked. pathOf reads the path of a record again.
func (x *textIndex) finish(pathOf func(e *textEntry) (string, error)) error {
	x.number()
	slices.SortFunc(x.entries, func(a, b textEntry) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.at, b.at)) })
	x.images = int64(len(x.entries))
	owner := 0
	for i := 1; i < len(x.entries); i++ {
		a, b := &x.entries[owner], &x.entries[i]
		if a.path != b.path {
			owner = i
			continue
		}
		if a.id == b.id && a.split == b.split {
			x.images--
			continue
		}
		// Rare, so both are read again: two paths may have one hash.
		first, err := pathOf(a)
		if err != nil {
			return err
		}
		second, err := pathOf(b)
		if err != nil {
			return err
		}
		b.twice = first == second
	}
	slices.SortFunc(x.entries, func(a, b textEntry) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.at, b.at)) })
	return nil
}

// number gives names their ids: 1, 2, ... in the order of their smallest paths
// (decisions.md "Data").
func (x *textIndex) number() {
	if !x.named {
		return
	}
	order := make([]int32, len(x.least))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(strings.Compare(x.least[a], x.least[b]), cmp.Compare(a, b)) })
	ids := make([]int64, len(order))
	for i, at := range order {
		ids[at] = int64(i) + 1
	}
	for i := range x.entries {
		x.entries[i].id = ids[x.entries[i].id]
	}
	x.names, x.least = nil, nil
}
