package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// PETA without PETA.mat: the original release, whose ten folders each hold an
// archive of images and a Label.txt. A line is an id and the names of the
// attributes that are present (attributes.md, 5.1):
//
//	1 personalLess30 carryingBackpack upperBodyCasual ...
//
// The id is what the names of its images begin with, up to the first _ or dot; in
// CUHK, the whole name. There are no partitions, so no splits. Persons are numbered
// on from 1, dataset by dataset in the order of their first files.

// ReasonUnlabelled is of an image whose dataset gives it no labels.
const ReasonUnlabelled = "unlabelled"

// labelsPETA is the file of an archive's labels.
const labelsPETA = "Label.txt"

// petaLineBytes is the longest line that is read: 105 names take some 2,000 bytes.
const petaLineBytes = 1 << 16

// openPETALabels opens the original release at src.
func openPETALabels(ctx context.Context, src string, o *SourceOptions) (Source, error) {
	return openRoot(src, func(root *os.Root) (Source, error) {
		t, err := tableArchives(ctx, root, o)
		if err != nil {
			return nil, err
		}
		return openLabelled(root, t, o)
	})
}

// tableArchives reads the datasets that are there.
func tableArchives(ctx context.Context, root *os.Root, o *SourceOptions) (*labelTable, error) {
	base := basePETA(root)
	t := &labelTable{names: namesPETA(), evaluated: allPlaces(evaluatedPETALabels)}
	var absent []string
	for _, dataset := range datasetsPETA {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		folder, err := archivePETA(root, base, dataset)
		if err != nil {
			absent = append(absent, dataset)
			continue
		}
		if err := t.takeArchive(root, folder, dataset == "CUHK"); err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
	}
	if len(absent) > 0 {
		o.note("of the ten datasets of PETA these are not there: %s", strings.Join(absent, ", "))
	}
	o.note("labels are those of Label.txt; there is no PETA.mat, so there are no splits")
	return t, nil
}

// takeArchive adds a dataset. wholeNames says that its ids are the names of files.
func (t *labelTable) takeArchive(root *os.Root, folder string, wholeNames bool) error {
	files, err := imagesPETA(root, folder)
	if err != nil {
		return err
	}
	f, err := root.Open(path.Join(folder, labelsPETA))
	if err != nil {
		return err
	}
	defer f.Close()
	labels, err := readLabels(f, t.names)
	if err != nil {
		return fmt.Errorf("%s: %w", labelsPETA, err)
	}
	persons := map[string]int64{}
	last := int64(0)
	for i := range t.images {
		last = max(last, t.images[i].person)
	}
	for _, file := range files {
		id := file
		if !wholeNames {
			id = prefixPETA(file)
		}
		m := labelledImage{path: path.Join(folder, file), camera: -1}
		row, ok := labels[id]
		if !ok { // 0007_1.bmp of id 7
			row, ok = labels[trimZeros(id)]
		}
		if !ok {
			row = make([]int8, len(t.names))
			m.err = rejectf(ReasonUnlabelled, "want a line of Label.txt for %q, got none", id)
		}
		if m.person, ok = persons[id]; !ok {
			last++
			m.person = last
			persons[id] = last
		}
		t.images = append(t.images, m)
		t.codes = append(t.codes, row...)
	}
	return nil
}

// unusedLabels are in Label.txt and not in PETA.mat.
func unusedLabels() []string {
	return []string{"accessoryFaceMask", "accessoryShawl", "lowerBodyLogo", "lowerBodyThickStripes"}
}

// readLabels reads a Label.txt: labels in the order of names, by id as it is written
// and, for a number, without the zeros before it.
func readLabels(r io.Reader, names []string) (map[string][]int8, error) {
	at := make(map[string]int, len(names))
	for i, name := range names {
		at[name] = i
	}
	at["footwearSneakers"] = at["footwearSneaker"]
	for _, name := range unusedLabels() {
		at[name] = -1
	}
	labels := map[string][]int8{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, petaLineBytes)
	line := 0
	for lines.Scan() {
		line++
		text := lines.Bytes()
		if line == 1 {
			text = bytes.TrimPrefix(text, []byte("\ufeff"))
		}
		words := strings.Fields(string(text))
		if len(words) == 0 {
			continue
		}
		id := words[0]
		if _, ok := labels[id]; ok {
			return nil, fmt.Errorf("line %d: want an id of its own, got %q again", line, id)
		}
		row := make([]int8, len(names))
		for _, word := range words[1:] {
			c, ok := at[word]
			if !ok {
				return nil, fmt.Errorf("line %d: want the name of an attribute, got %q", line, word)
			}
			if c >= 0 {
				row[c] = 1
			}
		}
		labels[id] = row
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: want at most %d bytes: %w", line+1, petaLineBytes, err)
	}
	for _, id := range slices.Sorted(maps.Keys(labels)) {
		if short := trimZeros(id); labels[short] == nil {
			labels[short] = labels[id]
		}
	}
	return labels, nil
}

// trimZeros is a number as it is written without zeros before it; other text stays.
func trimZeros(id string) string {
	if n, err := strconv.ParseInt(id, 10, 64); err == nil && isDigits(id) {
		return strconv.FormatInt(n, 10)
	}
	return id
}

// detectPETA finds the release by PETA.mat or by its archives.
func detectPETA(src string) (bool, error) {
	ok, err := detectMat(annotationsPETA[:])(src)
	if ok || err != nil {
		return ok, err
	}
	return hasLabelsPETA(src)
}

// hasLabelsPETA reports whether the first archive that is below src has labels.
func hasLabelsPETA(src string) (bool, error) {
	if info, err := os.Stat(src); err != nil || !info.IsDir() {
		return false, err
	}
	root, err := os.OpenRoot(src)
	if err != nil {
		return false, err
	}
	defer root.Close()
	for _, dataset := range datasetsPETA {
		folder, err := archivePETA(root, basePETA(root), dataset)
		if err != nil {
			continue
		}
		_, err = root.Stat(path.Join(folder, labelsPETA))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		return err == nil, nil
	}
	return false, nil
}
