package ingest

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"path"
	"slices"
)

// labelTable is what the annotations of an attribute dataset say, before images
// are looked for.
type labelTable struct {
	names     []string // of all attributes, in the order of the release
	evaluated []int    // places in names of those that published figures are about, in their order
	codes     []int8   // a row of len(names) values an image: 0 absent, 1 present, 2 uncertain
	images    []labelledImage
}

// labelledImage is an image of the release.
type labelledImage struct {
	path   string
	person int64 // as the release numbers it; noPerson where it does not
	split  string
	camera int32 // -1: none
	err    *RejectError
}

// noPerson stands for a person whom the release does not number.
const noPerson = -1

// Names of splits in shards.
const (
	splitTrain = "train"
	splitValid = "valid"
	splitTest  = "test"
)

// choose keeps the evaluated attributes, and with all the others after them, so
// that the evaluated ones are the first whatever was chosen.
func (t *labelTable) choose(all bool) {
	chosen := slices.Clone(t.evaluated)
	if all {
		for i := range t.names {
			if !slices.Contains(t.evaluated, i) {
				chosen = append(chosen, i)
			}
		}
	}
	names := make([]string, len(chosen))
	codes := make([]int8, 0, len(t.images)*len(chosen))
	for i, c := range chosen {
		names[i] = t.names[c]
	}
	for i := range t.images {
		row := t.codes[i*len(t.names):]
		for _, c := range chosen {
			codes = append(codes, row[c])
		}
	}
	t.names, t.codes = names, codes
	t.evaluated = t.evaluated[:0]
}

// labels are those of an image. The caller must not change them.
func (t *labelTable) labels(image int) []int8 {
	k := len(t.names)
	return t.codes[image*k : (image+1)*k : (image+1)*k]
}

// check makes sure that every image has one place, and that there is something.
func (t *labelTable) check() error {
	if len(t.images) == 0 || len(t.names) == 0 {
		return fmt.Errorf("want images and attributes, got %d and %d", len(t.images), len(t.names))
	}
	at := make(map[string]int, len(t.images))
	for i := range t.images {
		name := t.images[i].path
		if name == "" || path.Clean(name) != name {
			return fmt.Errorf("image %d: want the name of a file, got %q", i+1, name)
		}
		if first, ok := at[name]; ok {
			return fmt.Errorf("image %d: want a name of its own, got that of image %d: %q", i+1, first+1, name)
		}
		at[name] = i
	}
	return nil
}

// order is the order of the stream: by identity, then as released. Images of
// nobody that the release numbers are persons of their own, numbered on from the
// greatest number in sorted order of their paths (decisions.md, "Data").
func (t *labelTable) order() []int {
	order := make([]int, len(t.images))
	next := int64(1)
	for i := range order {
		order[i] = i
		next = max(next, t.images[i].person+1)
	}
	numbered := func(i int) bool { return t.images[i].person != noPerson }
	slices.SortStableFunc(order, func(a, b int) int {
		switch na, nb := numbered(a), numbered(b); {
		case na && nb:
			return cmp.Compare(t.images[a].person, t.images[b].person)
		case na:
			return -1
		case nb:
			return 1
		}
		return cmp.Compare(t.images[a].path, t.images[b].path)
	})
	for _, i := range order {
		if !numbered(i) {
			t.images[i].person = next
			next++
		}
	}
	return order
}

// layout is that of the source in the order of its stream.
func (t *labelTable) layout(order []int) Layout {
	l := Layout{Images: int64(len(t.images)), Camera: true, Labels: true, LabelNames: t.names}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q\x00", t.names)
	var line []byte
	for _, i := range order {
		m := &t.images[i]
		line = fmt.Appendf(line[:0], "%s\x00%d\x00%s\x00%d\x00", m.path, m.person, m.split, m.camera)
		for _, code := range t.labels(i) {
			line = append(line, byte(code))
		}
		sum.Write(line)
		l.Split = l.Split || m.split != ""
		l.Camera = l.Camera && m.camera >= 0
	}
	l.Fingerprint = fmt.Sprintf("%x", sum.Sum(nil)[:8])
	return l
}

// takeCodes adds the labels of one image after the other. value gives the label
// at a row and column; allowed is the greatest code.
func (t *labelTable) takeCodes(rows, columns int, allowed int64, value func(row, column int) (int64, bool)) error {
	for r := range rows {
		for c := range columns {
			v, ok := value(r, c)
			if !ok || v < 0 || v > allowed {
				return fmt.Errorf("row %d, column %d: want a label of 0 to %d, got %d", r+1, c+1, allowed, v)
			}
			t.codes = append(t.codes, int8(v))
		}
	}
	return nil
}

// assign sets the split of images by their numbers, which count from 1.
func (t *labelTable) assign(split string, numbers []int64) error {
	for i, n := range numbers {
		if n < 1 || n > int64(len(t.images)) {
			return fmt.Errorf("number %d: want an image of 1 to %d, got %d", i+1, len(t.images), n)
		}
		m := &t.images[n-1]
		if m.split != "" {
			return fmt.Errorf("number %d: want an image once, got image %d, which is in %s already", i+1, n, m.split)
		}
		m.split = split
	}
	return nil
}
