package ingest

import (
	"context"
	"fmt"
	"os"
	"slices"

	"plip/ingest/mat"
)

// PETA: PETA.mat and the images of ten datasets (attributes.md, 5.1). The struct
// peta has the fields
//
//	data                a row an image: its number, the person, the number of the
//	                    dataset, the person's number in it, the labels, 0 or 1
//	attribute           105 names
//	selected_attribute  the 35 that are evaluated, as columns of data, from 1
//	partion_attribute   five random partitions (train, val, test), by the images' numbers
//
// The images are those of the renamed pack, images/00001.png and so on, where it
// is there, else those of the original archives (peta_archive.go). Without PETA.mat,
// the labels are those of the archives (peta_label.go).

// annotationsPETA are the names that PETA.mat has.
var annotationsPETA = [...]string{"PETA.mat", "PETA/PETA.mat", "PETA dataset/PETA.mat"}

// Columns of data before the labels.
const (
	petaNumber = iota
	petaPerson
	petaDataset
	petaPersonInDataset
	petaLabels
)

// openPETA opens the release at src.
func openPETA(ctx context.Context, src string, o SourceOptions) (Source, error) {
	open := openPETAMat
	if ok, err := hasLabelsPETA(src); err == nil && ok && lookFor(src, annotationsPETA[:]) == "" {
		open = openPETALabels
	}
	s, err := open(ctx, src, &o)
	if err != nil {
		return nil, fmt.Errorf("open PETA: %w", err)
	}
	return s, nil
}

// openPETAMat opens it by PETA.mat.
func openPETAMat(ctx context.Context, src string, o *SourceOptions) (Source, error) {
	found, err := findAnnotations(src, o, annotationsPETA[:]...)
	if err != nil {
		return nil, err
	}
	f, err := mat.Open(found.file)
	if err != nil {
		return nil, err
	}
	t, rows, err := tablePETA(f, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", found.file, err)
	}
	return openRoot(found.root, func(root *os.Root) (Source, error) {
		if errPack := placeImages(ctx, root, t, "images", "."); errPack != nil {
			if err := placeArchive(ctx, root, t, rows); err != nil {
				return nil, fmt.Errorf("as the renamed pack: %w; as the original release: %w", errPack, err)
			}
		}
		return openLabelled(root, t, o)
	})
}

// petaRow says where in the archives an image lies.
type petaRow struct {
	dataset, person int64
}

// tablePETA is what the file says. Images have the names of the renamed pack.
func tablePETA(f *mat.File, o *SourceOptions) (*labelTable, []petaRow, error) {
	s, err := structOf(f, "peta")
	if err != nil {
		return nil, nil, err
	}
	attributes, err := s.field("attribute")
	if err != nil {
		return nil, nil, err
	}
	t := &labelTable{}
	if t.names, err = attributes.names(); err != nil {
		return nil, nil, err
	}
	data, err := s.field("data")
	if err != nil {
		return nil, nil, err
	}
	if err := data.shape(-1, petaLabels+len(t.names)); err != nil {
		return nil, nil, err
	}
	rows, err := t.takePETA(data)
	if err != nil {
		return nil, nil, data.errorf("%w", err)
	}
	if t.evaluated, err = evaluatedPETA(s, len(t.names)); err != nil {
		return nil, nil, err
	}
	partitions, err := s.field("partion_attribute", "partition_attribute")
	if err != nil {
		return nil, nil, err
	}
	p, err := partitions.partition(o)
	if err != nil {
		return nil, nil, err
	}
	for _, part := range []struct{ name, split string }{{"train", splitTrain}, {"val", splitValid}, {"test", splitTest}} {
		list, err := p.field(part.name)
		if err == nil {
			err = list.assign(t, part.split)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return t, rows, t.check()
}

// takePETA reads the rows of data.
func (t *labelTable) takePETA(data matPart) ([]petaRow, error) {
	rows := make([]petaRow, data.Dims[0])
	for r := range rows {
		var head [petaLabels]int64
		for c := range head {
			v, ok := data.at(r, c)
			if !ok || v < 0 {
				return nil, fmt.Errorf("row %d, column %d: want a number, 0 or more, got %v", r+1, c+1, data.Float(r+c*len(rows)))
			}
			head[c] = v
		}
		if n := head[petaNumber]; n != int64(r)+1 {
			return nil, fmt.Errorf("row %d, column %d: want the image's number, %d, got %d", r+1, petaNumber+1, r+1, n)
		}
		rows[r] = petaRow{dataset: head[petaDataset], person: head[petaPersonInDataset]}
		t.images = append(t.images, labelledImage{path: fmt.Sprintf("%05d.png", r+1), person: head[petaPerson], camera: -1})
	}
	return rows, t.takeCodes(len(rows), len(t.names), 1, func(row, column int) (int64, bool) {
		return data.at(row, petaLabels+column)
	})
}

// evaluatedPETA reads columns of data as places among the labels.
func evaluatedPETA(s matPart, labels int) ([]int, error) {
	p, err := s.field("selected_attribute")
	if err != nil {
		return nil, err
	}
	places, err := p.places(petaLabels + labels)
	if err != nil {
		return nil, err
	}
	for i := range places {
		places[i] -= petaLabels
	}
	if low := slices.Min(append(places, 0)); low < 0 {
		return nil, p.errorf("want columns of data past the first %d, got column %d", petaLabels, low+petaLabels+1)
	}
	return places, nil
}
