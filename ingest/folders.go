package ingest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"plip/parquet"
)

// Folders is a Source of one folder an identity, as trackers and most re-ID
// tools leave them, at any depth:
//
//	SRC/0007/12.jpg              one identity a folder
//	SRC/paris/cam2/0007/12.jpg   nested; the identity is the folder that holds the image
//
// Folders come in sorted order, a folder before those in it, names compared byte
// by byte; images in sorted order of their names. A name says whether a file is
// meant to be an image; other files, and names that begin with a dot, are passed
// over. Where the name of every image has a camera (_c3_, _c3s1_), there is a
// column for it. Links to folders are not followed.
type Folders struct {
	root    *os.Root
	quick   beneath
	layout  Layout
	folders []folder
}

// folder is one that holds something to list.
type folder struct {
	path string // relative, slash-separated
	id   int64
}

// OpenFolders lists the folders below dir. What they hold is kept as counts and
// a fingerprint of all names, and listed again by Identities: for 10 million
// names that is cheaper than their memory. So nothing may be added to dir or
// renamed while the source is in use.
func OpenFolders(ctx context.Context, dir string) (*Folders, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open folders: %w", err)
	}
	f := &Folders{root: root}
	if err := f.scan(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("folders of %s: %w", dir, err), root.Close())
	}
	return f, nil
}

// Layout implements Source.
func (f *Folders) Layout() Layout { return f.layout }

// Close implements Source.
func (f *Folders) Close() error { return errors.Join(f.quick.close(), f.root.Close()) }

// Read implements Source.
func (f *Folders) Read(ctx context.Context, s *Sample) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return readFile(&f.quick, f.root, s.Row.FilePath)
}

// Identities implements Source.
func (f *Folders) Identities(ctx context.Context) iter.Seq2[*Identity, error] {
	return func(yield func(*Identity, error) bool) {
		for _, folder := range f.folders {
			err := ctx.Err()
			var samples []Sample
			if err == nil {
				samples, _, err = f.list(folder.path)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range samples {
				if camera, ok := cameraOf(path.Base(samples[i].Row.FilePath)); ok && f.layout.Camera {
					samples[i].Row.Camera = &camera
				}
			}
			if !yield(&Identity{ID: folder.id, Samples: samples}, nil) {
				return
			}
		}
	}
}

// scan walks the tree, folders first to last, and sets the layout and the folders.
func (f *Folders) scan(ctx context.Context) error {
	s := scan{names: sha256.New(), cameras: true}
	if err := s.walk(ctx, f, "."); err != nil {
		return err
	}
	if len(s.identities) == 0 {
		return fmt.Errorf("want one folder with images (%s, ...) an identity, got %d images outside of such folders",
			strings.Join(imageSuffixes[:3], ", "), s.images)
	}
	for i, id := range numberIdentities(s.identities) {
		s.folders[s.at[i]].id = id
	}
	f.folders = s.folders
	f.layout = Layout{Images: s.images, Fingerprint: fmt.Sprintf("%x", s.names.Sum(nil)[:8]), Camera: s.cameras}
	return nil
}

// scan is what a walk gathers.
type scan struct {
	folders    []folder
	identities []string // paths of the folders with images to read
	at         []int    // their places in folders
	images     int64
	names      hash.Hash
	cameras    bool // every image has one
}

func (s *scan) walk(ctx context.Context, f *Folders, dir string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	samples, below, err := f.list(dir)
	if err != nil {
		return err
	}
	isIdentity := false
	for i := range samples {
		name := samples[i].Row.FilePath
		fmt.Fprintf(s.names, "%s\x00", name)
		if samples[i].Err == nil {
			isIdentity = true
			_, ok := cameraOf(path.Base(name))
			s.cameras = s.cameras && ok
		}
	}
	s.images += int64(len(samples))
	if isIdentity {
		s.identities = append(s.identities, dir)
		s.at = append(s.at, len(s.folders))
	}
	if len(samples) > 0 {
		s.folders = append(s.folders, folder{path: dir})
	}
	for _, name := range below {
		if err := s.walk(ctx, f, path.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// path is where a name below the root is to be found from outside.
func (f *Folders) path(name string) string {
	return filepath.Join(f.root.Name(), filepath.FromSlash(name))
}

// list returns what dir holds, sorted by name: images, with what is unfit without
// being read, and the names of its folders.
func (f *Folders) list(dir string) (samples []Sample, below []string, err error) {
	// Not through the root, which would ask for the status of every file (an eighth
	// of the whole run). Only folders that are no links get here, and images are
	// opened through the root alone.
	entries, err := os.ReadDir(f.path(dir))
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") { // .DS_Store, ._0001.jpg and the like
			continue
		}
		if e.IsDir() {
			below = append(below, name)
			continue
		}
		file := path.Join(dir, name)
		isSample, reject, err := f.judge(file, e.Type())
		if err != nil {
			return nil, nil, err
		}
		if isSample && reject == nil && dir == "." {
			reject = rejectf(ReasonNoIdentity, "want a file in the folder of its identity")
		}
		if isSample {
			samples = append(samples, Sample{Row: parquet.Row{FilePath: file}, Err: reject})
		}
	}
	return samples, below, nil
}

// judge tells by name and type whether a file is to be listed, and if so whether
// it is unfit already. Folders that are no links are not asked about.
func (f *Folders) judge(file string, mode fs.FileMode) (isSample bool, reject *RejectError, err error) {
	isImage := isImageName(file)
	if mode&fs.ModeSymlink == 0 {
		if !mode.IsRegular() {
			reject = rejectf(ReasonNotRegular, "want a file, got %s", mode)
		}
		return isImage, reject, nil
	}
	// The root itself decides what leads out of it: it refuses to look there, and
	// refuses absolute links even to its inside.
	info, err := f.root.Stat(file)
	if err == nil {
		switch {
		case info.IsDir():
			return true, rejectf(ReasonLinkedFolder, "want a folder, got a link to one"), nil
		case !info.Mode().IsRegular():
			reject = rejectf(ReasonNotRegular, "want a file, got a link to %s", info.Mode().Type())
		}
		return isImage, reject, nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return false, nil, err
	}
	info, outside := os.Stat(f.path(file))
	switch {
	case errors.Is(outside, fs.ErrNotExist), errors.Is(outside, syscall.ELOOP), errors.Is(outside, syscall.ENOTDIR):
		return isImage, rejectf(ReasonMissing, "want a file, got a link to nothing"), nil
	case outside == nil && info.IsDir():
		isImage = true // listed because what is in it is left out
	}
	return isImage, rejectf(ReasonPathEscape, "want a file below the root, got a link out of it"), nil
}
