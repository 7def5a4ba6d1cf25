package ingest

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"plip/ingest/mat"
)

// RAP: RAP_annotation.mat, whose struct RAP_annotation says by its fields which
// of the two releases it is (attributes.md, 5.3 and 5.4).
//
//	v1: label (0, 1, 2 = uncertain), attribute_eng, imagesname, attribute_exp (the
//	    evaluated ones, which come first), partion (train and test)
//	v2: data, attribute, selected_attribute (the evaluated ones), name,
//	    partition_attribute (train, val and test), person_identity
//
// The camera is in the names, as in CAM01-2013-... Only the second release knows
// persons, and of its first half only: images without one (a negative number, or
// none) are persons of their own. The release numbers those whom it knows by
// numbers from 0 or 1 on.

// annotationsRAP are the names that RAP_annotation.mat has.
var annotationsRAP = [...]string{"RAP_annotation/RAP_annotation.mat", "RAP_annotation.mat"}

// evaluatedRAP1 is how many of the first attributes of v1 are evaluated where
// attribute_exp does not say.
const evaluatedRAP1 = 51

// openRAP opens the release at src.
func openRAP(ctx context.Context, src string, o SourceOptions) (Source, error) {
	found, err := findAnnotations(src, &o, annotationsRAP[:]...)
	if err != nil {
		return nil, fmt.Errorf("open RAP: %w", err)
	}
	f, err := mat.Open(found.file)
	if err != nil {
		return nil, fmt.Errorf("open RAP: %w", err)
	}
	t, err := tableRAP(f, &o)
	if err != nil {
		return nil, fmt.Errorf("open RAP: %s: %w", found.file, err)
	}
	return openRoot(found.root, func(root *os.Root) (Source, error) {
		if err := placeImages(ctx, root, t, "RAP_dataset", "RAP_dataset/RAP_dataset", "."); err != nil {
			return nil, fmt.Errorf("open RAP: %w", err)
		}
		return openLabelled(root, t, &o)
	})
}

// tableRAP is what the file says.
func tableRAP(f *mat.File, o *SourceOptions) (*labelTable, error) {
	s, err := structOf(f, "RAP_annotation")
	if err != nil {
		return nil, err
	}
	var t *labelTable
	switch {
	case s.hasField("label") || s.hasField("imagesname"):
		o.note("RAP v1, published with 41585 images: 33268 train, 8317 test")
		t, err = tableRAP1(s, o)
	case s.hasField("data") || s.hasField("name"):
		o.note("RAP v2, published with 84928 images: 50957 train, 16986 valid, 16985 test")
		t, err = tableRAP2(s, o)
	default:
		err = s.errorf("want a field label (v1) or data (v2), got %q", s.Fields())
	}
	if err != nil {
		return nil, err
	}
	for i := range t.images {
		t.images[i].camera = cameraRAP(t.images[i].path)
	}
	return t, t.check()
}

// tableRAP1 reads v1. Where a field has another name, its place counts.
func tableRAP1(s matPart, o *SourceOptions) (*labelTable, error) {
	t, err := readRAP(s, rapField{"attribute_eng", 3}, rapField{"imagesname", 5}, rapField{"label", 1})
	if err != nil {
		return nil, err
	}
	evaluated := min(evaluatedRAP1, len(t.names))
	if s.hasField("attribute_exp") {
		short, err := s.field("attribute_exp")
		if err != nil {
			return nil, err
		}
		if evaluated = short.Len(); evaluated > len(t.names) {
			return nil, short.errorf("want at most the %d attributes, got %v", len(t.names), short.Array)
		}
	}
	t.evaluated = allPlaces(evaluated)
	partitions, err := s.fieldOr("partion", 0)
	if err != nil {
		return nil, err
	}
	p, err := partitions.partition(o)
	if err != nil {
		return nil, err
	}
	for at, part := range []struct{ name, split string }{{"train_index", splitTrain}, {"test_index", splitTest}} {
		list, err := p.fieldOr(part.name, at)
		if err == nil {
			err = list.assign(t, part.split)
		}
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

// tableRAP2 reads v2.
func tableRAP2(s matPart, o *SourceOptions) (*labelTable, error) {
	t, err := readRAP(s, rapField{"attribute", 2}, rapField{"name", 0}, rapField{"data", 1})
	if err != nil {
		return nil, err
	}
	selected, err := s.fieldOr("selected_attribute", 3)
	if err != nil {
		return nil, err
	}
	if t.evaluated, err = selected.places(len(t.names)); err != nil {
		return nil, err
	}
	partitions, err := s.fieldOr("partition_attribute", 4)
	if err != nil {
		return nil, err
	}
	p, err := partitions.partition(o)
	if err != nil {
		return nil, err
	}
	for at, part := range []struct{ name, split string }{{"train", splitTrain}, {"val", splitValid}, {"test", splitTest}} {
		list, err := p.fieldOr(part.name, at)
		if err == nil {
			err = list.assign(t, part.split)
		}
		if err != nil {
			return nil, err
		}
	}
	if !s.hasField("person_identity") {
		return t, nil
	}
	persons, err := s.field("person_identity")
	if err != nil {
		return nil, err
	}
	ids, err := persons.integers()
	if err != nil {
		return nil, err
	}
	if len(ids) > len(t.images) {
		return nil, persons.errorf("want at most one for each of %d images, got %v", len(t.images), persons.Array)
	}
	for i, id := range ids {
		if id >= 0 {
			t.images[i].person = id
		}
	}
	return t, nil
}

// rapField is a field by its name and its place in the release.
type rapField struct {
	name string
	at   int
}

// readRAP reads what both releases have.
func readRAP(s matPart, attributes, files, labels rapField) (*labelTable, error) {
	t := &labelTable{}
	p, err := s.fieldOr(attributes.name, attributes.at)
	if err != nil {
		return nil, err
	}
	if t.names, err = p.names(); err != nil {
		return nil, err
	}
	if p, err = s.fieldOr(files.name, files.at); err != nil {
		return nil, err
	}
	names, err := p.texts()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		t.images = append(t.images, labelledImage{path: name, person: noPerson})
	}
	if p, err = s.fieldOr(labels.name, labels.at); err != nil {
		return nil, err
	}
	if err := p.shape(len(names), len(t.names)); err != nil {
		return nil, err
	}
	if err := t.takeCodes(len(names), len(t.names), 2, p.at); err != nil {
		return nil, p.errorf("%w", err)
	}
	return t, nil
}

// cameraRAP is the number after CAM at the start of a name; -1 where there is none.
func cameraRAP(name string) int32 {
	rest, ok := strings.CutPrefix(name, "CAM")
	digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	n, err := strconv.ParseInt(digits, 10, 32)
	if !ok || err != nil {
		return -1
	}
	return int32(n)
}
