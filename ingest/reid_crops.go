package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"

	"plip/parquet"
)

// crops is a Source of a benchmark: some 100,000 images, whose names are held.
type crops struct {
	tree    *Folders // its root
	layout  Layout
	persons []cropPerson
}

// cropPerson is an identity. Its samples come in sorted order of their paths.
type cropPerson struct {
	id    int64
	crops []crop
}

// crop is one image as the release lists it.
type crop struct {
	path   string
	split  string
	camera int32 // as written, so from 1; -1 is none
	person personKey
	err    *RejectError
}

// personKey tells persons apart: some releases number those of the training set
// and of the test set each from 0.
type personKey struct {
	part   string
	number int64
}

// openCrops makes the source of what list finds below dir.
func openCrops(ctx context.Context, dir string, list func(ctx context.Context, tree *Folders) ([]crop, error), number func([]cropPerson)) (Source, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	c := &crops{tree: &Folders{root: root}}
	all, err := list(ctx, c.tree)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	c.arrange(all)
	number(c.persons)
	return c, nil
}

// arrange groups the images by person, each in the order of paths, and sets the
// layout. Those that belong to nobody come last, together.
func (c *crops) arrange(all []crop) {
	nobody := func(c *crop) bool { return c.err != nil && c.err.Reason == ReasonNoIdentity }
	slices.SortFunc(all, func(a, b crop) int {
		if na, nb := nobody(&a), nobody(&b); na != nb {
			if na {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(a.person.part, b.person.part), cmp.Compare(a.person.number, b.person.number), cmp.Compare(a.path, b.path))
	})
	names := sha256.New()
	for start, i := 0, 0; i < len(all); i++ {
		a := &all[i]
		fmt.Fprintf(names, "%s\x00%s\x00%d\x00%s\x00", a.path, a.split, a.person.number, a.person.part)
		c.layout.Camera = c.layout.Camera || a.err == nil && a.camera >= 0
		c.layout.Split = c.layout.Split || a.split != ""
		if i+1 == len(all) || all[i+1].person != a.person || nobody(&all[i+1]) != nobody(a) {
			c.persons = append(c.persons, cropPerson{id: a.person.number, crops: all[start : i+1]})
			start = i + 1
		}
	}
	c.layout.Images = int64(len(all))
	c.layout.Fingerprint = fmt.Sprintf("%x", names.Sum(nil)[:8])
}

// asNumbered leaves each person the number that the release gives.
func asNumbered([]cropPerson) {}

// running numbers the persons from 1 in the order of their first paths.
func running(persons []cropPerson) {
	slices.SortStableFunc(persons, func(a, b cropPerson) int { return cmp.Compare(a.crops[0].path, b.crops[0].path) })
	id := int64(0)
	for i := range persons {
		if slices.ContainsFunc(persons[i].crops, func(c crop) bool { return c.err == nil }) {
			id++
			persons[i].id = id
		}
	}
}

// Layout implements Source.
func (c *crops) Layout() Layout { return c.layout }

// Close implements Source.
func (c *crops) Close() error { return c.tree.Close() }

// Read implements Source.
func (c *crops) Read(ctx context.Context, s *Sample) ([]byte, error) {
	if err := c.Stat(ctx, s); err != nil { // a list may name a pipe, and opening one waits
		return nil, err
	}
	return readFile(&c.tree.quick, c.tree.root, s.Row.FilePath)
}

// Stat implements Stater.
func (c *crops) Stat(ctx context.Context, s *Sample) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.tree.stat(s.Row.FilePath)
}

// stat looks for a file that a list names. A *RejectError says that it cannot be
// read.
func (f *Folders) stat(file string) error {
	info, err := f.root.Lstat(file)
	mode := fs.ModeSymlink // on the way there, where Lstat does not get: judge tells why
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return rejectf(ReasonMissing, "no such file")
	case err == nil:
		mode = info.Mode().Type()
	}
	_, reject, err := f.judge(file, mode)
	if err != nil {
		return fmt.Errorf("look for image: %w", err)
	}
	if reject != nil {
		return reject
	}
	return nil
}

// Identities implements Source.
func (c *crops) Identities(ctx context.Context) iter.Seq2[*Identity, error] {
	return func(yield func(*Identity, error) bool) {
		for _, p := range c.persons {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			identity := &Identity{ID: p.id, Samples: make([]Sample, len(p.crops))}
			for i, crop := range p.crops {
				identity.Samples[i] = Sample{Row: parquet.Row{FilePath: crop.path, Split: crop.split}, Err: crop.err}
				if crop.camera >= 0 {
					identity.Samples[i].Row.Camera = &crop.camera
				}
			}
			if !yield(identity, nil) {
				return
			}
		}
	}
}
