package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	"plip/parquet"
)

// labelled is a Source of an attribute dataset: a table of labels and the images
// that it names. The column attributes stays empty: its six phrases are what a
// captioner says of a person, and spec and papers give a grouping of the labels
// by slot (attributes.md, section 8.4) but no phrases for them.
type labelled struct {
	images *imageRoot
	table  *labelTable
	order  []int // places in the table, in the order of the stream
	layout Layout
}

// annotationFile is where a release was found.
type annotationFile struct {
	file string // path
	root string // folder that paths of images start from
}

// findAnnotations looks for a file of the names below src, or takes src itself
// where it is a file. Images are looked for in o.Images, else in src or the
// file's folder.
func findAnnotations(src string, o *SourceOptions, names ...string) (annotationFile, error) {
	info, err := os.Stat(src)
	if err != nil {
		return annotationFile{}, err
	}
	found := annotationFile{file: src, root: filepath.Dir(src)}
	if info.IsDir() {
		if found.file = lookFor(src, names); found.file == "" {
			return annotationFile{}, fmt.Errorf("want %s in it, got none", strings.Join(names, " or "))
		}
		found.root = src
	}
	if o.Images != "" {
		found.root = o.Images
	}
	return found, nil
}

// lookFor is the first of the files below dir that is there, "" where none is.
func lookFor(dir string, names []string) string {
	for _, name := range names {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
	}
	return ""
}

// openLabelled makes the source of a table.
func openLabelled(root *os.Root, t *labelTable, o *SourceOptions) (*labelled, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	t.choose(o.AllLabels)
	order := t.order()
	return &labelled{images: &imageRoot{root: root}, table: t, order: order, layout: t.layout(order)}, nil
}

// placeImages puts the first of the folders before every name that holds an image
// of the table; "." is the root.
func placeImages(ctx context.Context, root *os.Root, t *labelTable, folders ...string) error {
	for i := range t.images {
		if m := &t.images[i]; !filepath.IsLocal(filepath.FromSlash(m.path)) {
			m.err = rejectf(ReasonPathEscape, "want a path below the folder of images, got one out of it")
		}
	}
	for _, folder := range folders {
		if info, err := root.Stat(folder); err != nil || !info.IsDir() {
			continue
		}
		for i := range t.images {
			if err := ctx.Err(); err != nil {
				return err
			}
			name := path.Join(folder, t.images[i].path)
			if t.images[i].err != nil {
				continue
			}
			if info, err := root.Lstat(name); err != nil || info.IsDir() {
				continue
			}
			for i := range t.images {
				if m := &t.images[i]; m.err == nil {
					m.path = path.Join(folder, m.path)
				}
			}
			return nil
		}
	}
	return fmt.Errorf("want images such as %q in %s below %s, got none", t.images[0].path, strings.Join(folders, " or "), root.Name())
}

// Layout implements Source.
func (l *labelled) Layout() Layout { return l.layout }

// Close implements Source.
func (l *labelled) Close() error { return l.images.close() }

// Stat implements Stater.
func (l *labelled) Stat(ctx context.Context, s *Sample) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.images.stat(s.Row.FilePath)
}

// Read implements Source.
func (l *labelled) Read(ctx context.Context, s *Sample) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return l.images.read(s.Row.FilePath)
}

// Identities implements Source.
func (l *labelled) Identities(ctx context.Context) iter.Seq2[*Identity, error] {
	return func(yield func(*Identity, error) bool) {
		for rest := l.order; len(rest) > 0; {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			identity := &Identity{ID: l.table.images[rest[0]].person}
			for len(rest) > 0 && l.table.images[rest[0]].person == identity.ID {
				identity.Samples = append(identity.Samples, l.sample(rest[0]))
				rest = rest[1:]
			}
			if !yield(identity, nil) {
				return
			}
		}
	}
}

// sample is image i of the table.
func (l *labelled) sample(i int) Sample {
	m := &l.table.images[i]
	s := Sample{Row: parquet.Row{FilePath: m.path, Split: m.split, Labels: l.table.labels(i)}, Err: m.err}
	if l.layout.Camera {
		camera := m.camera
		s.Row.Camera = &camera
	}
	return s
}

// openRoot opens the folder of the images, and gives it to open, which makes a
// source of it. It is closed where that fails.
func openRoot(dir string, open func(root *os.Root) (Source, error)) (Source, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	s, err := open(root)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return s, nil
}
