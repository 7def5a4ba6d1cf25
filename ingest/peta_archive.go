package ingest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// datasetsPETA are the ten datasets by their numbers in PETA.mat, from 1, as the
// original release names their folders.
var datasetsPETA = [...]string{"3DPeS", "CAVIAR4REID", "CUHK", "GRID", "i-LID", "MIT", "PRID", "SARC3D", "TownCentre", "VIPeR"}

// placeArchive gives the images of the table the names that they have in the
// original release: <dataset>/archive/<file>, below root or "PETA dataset". Row n
// of PETA.mat is the n-th file where datasets come in the order of datasetsPETA
// and the files of each in the order of the bytes of their names (attributes.md,
// 5.1). The number that a name begins with is the person's in the dataset, so each
// pair of a row and a file is checked; only the order of one person's images stays
// unproved, and they share their labels.
func placeArchive(ctx context.Context, root *os.Root, t *labelTable, rows []petaRow) error {
	base := basePETA(root)
	for start := 0; start < len(rows); {
		if err := ctx.Err(); err != nil {
			return err
		}
		number := rows[start].dataset
		end := start + 1
		for end < len(rows) && rows[end].dataset == number {
			end++
		}
		if number < 1 || number > int64(len(datasetsPETA)) {
			return fmt.Errorf("row %d: want a dataset of 1 to %d, got %d", start+1, len(datasetsPETA), number)
		}
		folder, err := archivePETA(root, base, datasetsPETA[number-1])
		if err != nil {
			return err
		}
		files, err := imagesPETA(root, folder)
		if err != nil {
			return err
		}
		if len(files) != end-start {
			return fmt.Errorf("%s: want the %d images of rows %d to %d, got %d", folder, end-start, start+1, end, len(files))
		}
		for i, file := range files {
			row := start + i
			if person, ok := personPETA(file); !ok || person != rows[row].person {
				return fmt.Errorf("%s: row %d: want an image of person %d, got %q", folder, row+1, rows[row].person, file)
			}
			t.images[row].path = path.Join(folder, file)
		}
		start = end
	}
	return nil
}

// basePETA is the folder that the original release unpacks to, or the root.
func basePETA(root *os.Root) string {
	const base = "PETA dataset"
	if info, err := root.Stat(base); err == nil && info.IsDir() {
		return base
	}
	return "."
}

// archivePETA is the folder of a dataset's images. The case of its name varies
// between copies.
func archivePETA(root *os.Root, base, dataset string) (string, error) {
	entries, err := fs.ReadDir(root.FS(), base)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if strings.EqualFold(e.Name(), dataset) {
			return path.Join(base, e.Name(), "archive"), nil
		}
	}
	return "", fmt.Errorf("want the folder %s of the original release in %q below %s, got none", dataset, base, root.Name())
}

// imagesPETA lists the images of a folder in the order of the bytes of their names.
func imagesPETA(root *os.Root, folder string) ([]string, error) {
	entries, err := fs.ReadDir(root.FS(), folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && isImageName(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// prefixPETA is what a name begins with, up to the first _ or dot.
func prefixPETA(name string) string { return name[:strings.IndexAny(name+"_", "_.")] }

// personPETA is the number that a name begins with, up to the first _ or dot.
func personPETA(name string) (int64, bool) {
	prefix := prefixPETA(name)
	n, err := strconv.ParseInt(prefix, 10, 64)
	return n, err == nil && isDigits(prefix)
}
