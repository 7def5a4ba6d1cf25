package ingest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
)

// textNames numbers identities whose ids are names: 1, 2, ... in the order of
// their smallest paths (decisions.md "Data"), and of two with one smallest path
// in that of the list. All of it is sorting, so memory does not depend on the
// number of names:
//
//	records by name                   // as they come
//	names by smallest path            // gives the numbers
//	numbers by name                   // beside the records by name: their ids
type textNames struct {
	space   scratchSpace
	records *sorter
	buf     []byte
}

func newTextNames(space scratchSpace) *textNames {
	return &textNames{space: space, records: newSorter(space)}
}

func (x *textNames) add(e *textEntry, name, path string) error {
	sum := sha256.Sum256([]byte(name))
	x.buf = e.appendByName(x.buf[:0], nameKey(sum[:]), path)
	return x.records.add(x.buf)
}

// number calls fn for every record with its id. The records are gone afterwards.
func (x *textNames) number(fn func(e *textEntry) error) (err error) {
	if err := x.records.finish(); err != nil {
		return err
	}
	numbers, err := x.numbers()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, numbers.close(), x.records.close()) }()
	next, stop := iter.Pull2(numbers.all())
	defer stop()
	var of nameKey
	id, first := int64(0), true
	for b, err := range x.records.all() {
		if err != nil {
			return err
		}
		e, name, _ := entryByName(b)
		if first || name != of {
			number, err, ok := next() // every name has one, in the same order
			if err != nil {
				return err
			}
			if !ok || nameKey(number[:16]) != name {
				return fmt.Errorf("number of name %x: want one, got none", name)
			}
			of, id, first = name, int64(binary.BigEndian.Uint64(number[16:])), false
		}
		e.id = id
		if err := fn(&e); err != nil {
			return err
		}
	}
	return nil
}

// numbers are the names, each with its number behind it.
func (x *textNames) numbers() (_ *sorter, err error) {
	order, err := x.order()
	defer func() { err = errors.Join(err, order.close()) }()
	if err != nil {
		return nil, err
	}
	numbers := newSorter(x.space)
	number := uint64(0)
	for b, err := range order.all() {
		if err == nil {
			number++
			x.buf = append(x.buf[:0], b[len(b)-16:]...)
			err = numbers.add(binary.BigEndian.AppendUint64(x.buf, number))
		}
		if err != nil {
			return nil, errors.Join(err, numbers.close())
		}
	}
	if err := numbers.finish(); err != nil {
		return nil, errors.Join(err, numbers.close())
	}
	return numbers, nil
}

// order is a string for each name: its smallest path, the place of its first
// record, and itself.
func (x *textNames) order() (*sorter, error) {
	order := newSorter(x.space)
	var least []byte
	var of nameKey
	at := int64(-1) // of the first record; -1 before any
	flush := func() error {
		if at < 0 {
			return nil
		}
		x.buf = appendOrdered(x.buf[:0], least)
		x.buf = binary.BigEndian.AppendUint64(x.buf, uint64(at))
		return order.add(append(x.buf, of[:]...))
	}
	for b, err := range x.records.all() {
		if err != nil {
			return order, err
		}
		e, name, path := entryByName(b)
		if at < 0 || name != of {
			if err := flush(); err != nil {
				return order, err
			}
			of, at, least = name, e.at, append(least[:0], path...)
		} else if bytes.Compare(path, least) < 0 {
			least = append(least[:0], path...)
		}
	}
	if err := flush(); err != nil {
		return order, err
	}
	return order, order.finish()
}

// appendOrdered appends a string so that the order is by it whatever follows:
// two zeros end it, and a zero in it is followed by 255.
func appendOrdered(b, s []byte) []byte {
	for _, c := range s {
		if b = append(b, c); c == 0 {
			b = append(b, 0xff)
		}
	}
	return append(b, 0, 0)
}

func (x *textNames) close() error { return x.records.close() }
