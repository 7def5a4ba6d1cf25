package ingest

import (
	"context"
	"fmt"
	"os"

	"plip/ingest/mat"
)

// PA-100K: annotation.mat and the images that it names (attributes.md, 5.2).
//
//	attributes                                     26 names
//	train_images_name, val_..., test_images_name   80,000, 10,000 and 10,000 names of files
//	train_label, val_label, test_label             as many rows of 26 labels, 0 or 1
//
// Nobody says who is on an image, so each is a person of its own.

// annotationsPA100K are the names that annotation.mat has.
var annotationsPA100K = [...]string{"annotation.mat", "annotation/annotation.mat", "PA-100K/annotation.mat"}

// openPA100K opens the release at src.
func openPA100K(ctx context.Context, src string, o SourceOptions) (Source, error) {
	found, err := findAnnotations(src, &o, annotationsPA100K[:]...)
	if err != nil {
		return nil, fmt.Errorf("open PA-100K: %w", err)
	}
	f, err := mat.Open(found.file)
	if err != nil {
		return nil, fmt.Errorf("open PA-100K: %w", err)
	}
	t, err := tablePA100K(f)
	if err != nil {
		return nil, fmt.Errorf("open PA-100K: %s: %w", found.file, err)
	}
	return openRoot(found.root, func(root *os.Root) (Source, error) {
		if err := placeImages(ctx, root, t, "data", "release_data", "PA-100K/data", "."); err != nil {
			return nil, fmt.Errorf("open PA-100K: %w", err)
		}
		return openLabelled(root, t, &o)
	})
}

// tablePA100K is what the file says.
func tablePA100K(f *mat.File) (*labelTable, error) {
	attributes, err := variable(f, "attributes")
	if err != nil {
		return nil, err
	}
	t := &labelTable{}
	if t.names, err = attributes.names(); err != nil {
		return nil, err
	}
	t.evaluated = allPlaces(len(t.names))
	for _, part := range []struct{ name, split string }{{"train", splitTrain}, {"val", splitValid}, {"test", splitTest}} {
		files, err := variable(f, part.name+"_images_name")
		if err != nil {
			return nil, err
		}
		names, err := files.texts()
		if err != nil {
			return nil, err
		}
		labels, err := variable(f, part.name+"_label")
		if err != nil {
			return nil, err
		}
		if err := labels.shape(len(names), len(t.names)); err != nil {
			return nil, err
		}
		if err := t.takeCodes(len(names), len(t.names), 1, labels.at); err != nil {
			return nil, labels.errorf("%w", err)
		}
		for _, name := range names {
			t.images = append(t.images, labelledImage{path: name, person: noPerson, split: part.split, camera: -1})
		}
	}
	return t, t.check()
}

// allPlaces is 0 to n-1.
func allPlaces(n int) []int {
	places := make([]int, n)
	for i := range places {
		places[i] = i
	}
	return places
}
