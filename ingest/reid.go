package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// reidFormats are the layouts of re-identification benchmarks and of tracklets.
func reidFormats() []Format {
	return []Format{marketFormat(), dukeFormat(), msmt17Format(), cuhk03Format(), lpwFormat(), lupersonFormat()}
}

// reidFormat completes a format of images that lie below src: is tells its root,
// open reads it.
func reidFormat(f Format, is func(root string) (bool, error), open func(ctx context.Context, src, root string, o SourceOptions) (Source, error)) Format {
	f.Open = func(ctx context.Context, src string, o SourceOptions) (Source, error) {
		if o.Images != "" {
			return nil, fmt.Errorf("%s: want no folder of images apart from %s, got %s", f.Name, src, o.Images)
		}
		root, err := findRoot(src, is)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		s, err := open(ctx, src, root, o)
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", f.Name, root, err)
		}
		return s, nil
	}
	f.Detect = detectRoot(is)
	return f
}

// findRoot is the root of a release: dir itself, or the one folder in it that is
// one, as people name the folder that they unpacked the release into.
func findRoot(dir string, is func(root string) (bool, error)) (string, error) {
	roots, err := findRoots(dir, is)
	if err != nil {
		return "", err
	}
	switch len(roots) {
	case 0:
		return "", fmt.Errorf("%s: want the folders of this layout there or one level below, got none (links are not followed)", dir)
	case 1:
		return roots[0], nil
	}
	for i := range roots {
		roots[i] = filepath.Base(roots[i])
	}
	return "", fmt.Errorf("%s: want one folder of this layout, got %d: %s: name one of them", dir, len(roots), strings.Join(roots, ", "))
}

func findRoots(dir string, is func(root string) (bool, error)) ([]string, error) {
	if ok, err := is(dir); ok || err != nil {
		return []string{dir}, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var roots []string
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		below := filepath.Join(dir, e.Name())
		switch ok, err := is(below); {
		case err != nil:
			return nil, err
		case ok:
			roots = append(roots, below)
		}
	}
	return roots, nil
}

// detectRoot is Format.Detect by the rule of the root. It looks one level below
// only where there is little: a folder of many is a dataset's own.
func detectRoot(is func(root string) (bool, error)) func(src string) (bool, error) {
	return func(src string) (bool, error) {
		if ok, err := isFolder(src); !ok || err != nil {
			return false, err
		}
		entries, err := someEntries(src)
		if err != nil {
			return false, err
		}
		if len(entries) == maxSomeEntries {
			return is(src)
		}
		roots, err := findRoots(src, is)
		return len(roots) > 0, err
	}
}

// isFolder tells whether there is a folder, or at the top of a path a link to one.
func isFolder(name string) (bool, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.IsDir(), err
}

// hasFolder tells whether dir has a folder of that name that is no link.
func hasFolder(dir, name string) (bool, error) {
	info, err := os.Lstat(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.IsDir(), err
}

// maxSomeEntries is how much of a folder is looked at to see what it holds.
const maxSomeEntries = 64

// someEntries are the first entries of a folder in no order: cheap where it holds
// millions.
func someEntries(dir string) ([]fs.DirEntry, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(maxSomeEntries)
	if err == io.EOF {
		err = nil
	}
	return entries, err
}

// strays are images outside of the folders of any person.
type strays struct {
	want    string // an example of where one lies
	samples []Sample
}

// below lists the folders of one that holds no person, and keeps what images it
// has.
func (s *strays) below(f *Folders, dir string) ([]string, error) {
	samples, below, err := f.list(dir)
	for _, sample := range samples {
		if sample.Err == nil || sample.Err.Reason == ReasonNoIdentity {
			sample.Err = rejectf(ReasonNoIdentity, "want an image in a folder such as %s", s.want)
		}
		s.samples = append(s.samples, sample)
	}
	return below, err
}

// identity is the strays as the end of a stream; nil where there are none.
func (s *strays) identity() *Identity {
	if len(s.samples) == 0 {
		return nil
	}
	return &Identity{Samples: slices.Clone(s.samples)}
}
