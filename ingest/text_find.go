package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// open opens the annotations that src stands for.
func (f textFormat) open(ctx context.Context, src string, o SourceOptions) (Source, error) {
	files, root, err := f.find(src)
	if err != nil {
		return nil, err
	}
	if o.Images != "" {
		root = o.Images
	}
	if s, err := sniff(ctx, files[0], &f.rules); err == nil && !f.fits(s) {
		for _, other := range textDatasets() {
			if other.fits(s) {
				o.note("%s looks like %s; read as %s", s.base, other.name, f.name)
				break
			}
		}
	}
	t, err := openText(ctx, f.rules, files, root, o)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// find lists the files of annotations that src is or holds, and the folder that
// image paths start from.
func (f *textFormat) find(src string) (files []string, root string, err error) {
	info, err := os.Stat(src)
	if err != nil {
		return nil, "", fmt.Errorf("annotations: %w", err)
	}
	if !info.IsDir() {
		root := filepath.Dir(src)
		if abs, err := filepath.Abs(root); err == nil && f.below != "" && filepath.Base(abs) == f.below {
			root = filepath.Dir(abs)
		}
		return []string{src}, root, nil
	}
	for _, pattern := range f.files {
		folder, names := path.Split(pattern)
		files, err := matching(filepath.Join(src, filepath.FromSlash(folder)), names)
		if err != nil {
			return nil, "", fmt.Errorf("annotations: %w", err)
		}
		switch {
		case len(files) > 1 && !f.list:
			return nil, "", fmt.Errorf("annotations in %s: want one %s, got %d: name the file", src, pattern, len(files))
		case len(files) > 0:
			if abs, err := filepath.Abs(src); err == nil && folder == "" && f.below != "" && filepath.Base(abs) == f.below {
				src = filepath.Dir(abs)
			}
			return files, src, nil
		}
	}
	return nil, "", fmt.Errorf("annotations in %s: want a file %s, got none", src, strings.Join(f.files, " or "))
}

// matching lists the files of a folder whose names fit, sorted. There are none
// where there is no such folder.
func matching(dir, pattern string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if isAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		fits, err := path.Match(pattern, e.Name())
		if err != nil {
			return nil, err
		}
		if fits && !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, nil
}

// detect tells by the names in a folder, or by the first record of a file.
func (f textFormat) detect(src string) (bool, error) {
	info, err := os.Stat(src)
	if err != nil {
		return false, err
	}
	if info.IsDir() {
		files, _, err := f.find(src)
		if err != nil || !f.any {
			return err == nil, nil // without its files, or with too many, it is not of this format
		}
		src = files[0]
	}
	suffixes := []string{".json", ".jsonl"}
	if f.rules.syntax == syntaxTable {
		suffixes = []string{".csv", ".tsv"}
	}
	if !slices.Contains(suffixes, strings.ToLower(filepath.Ext(src))) {
		return false, nil
	}
	s, err := sniff(context.Background(), src, &f.rules)
	if err == nil {
		return f.fits(s), nil
	}
	if !f.any || info.IsDir() {
		err = nil // of a file that is no list, jsonl or csv say what is wrong
	}
	return false, err
}

// sniffed is the first record of a file.
type sniffed struct {
	base  string
	first record
}

func sniff(ctx context.Context, name string, rules *textRules) (*sniffed, error) {
	f := &textFile{name: name}
	if err := f.open(rules); err != nil {
		return nil, err
	}
	defer f.file.Close()
	s := &sniffed{base: filepath.Base(name)}
	err := f.each(ctx, io.Discard, func(_ place, r *record) error {
		s.first = *r
		return errStop
	})
	switch {
	case errors.Is(err, errStop):
		return s, nil
	case err == nil:
		return nil, fmt.Errorf("%s: want records, got none", name)
	}
	return nil, err
}
