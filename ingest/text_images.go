package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"syscall"
)

// imageRoot is the folder that the paths of a list of annotations start from.
// Where no file lies there but one does below its folder imgs, that one is
// meant: the lists of three datasets are written so, and people keep them beside
// imgs as often as in it (text-reid.md, section 5.8, rule 2).
type imageRoot struct {
	root  *os.Root
	quick beneath
	imgs  bool // there is such a folder

	once sync.Once
	note func(format string, args ...any) // is told once that imgs was taken
}

func openImageRoot(dir string, note func(format string, args ...any)) (*imageRoot, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open images: %w", err)
	}
	info, err := root.Stat("imgs")
	return &imageRoot{root: root, imgs: err == nil && info.IsDir(), note: note}, nil
}

func (r *imageRoot) close() error { return errors.Join(r.quick.close(), r.root.Close()) }

// find returns the name of the file below the root. A *RejectError says why there
// is none to read.
func (r *imageRoot) find(name string) (string, error) {
	err := r.stat(name)
	var reject *RejectError
	if !r.imgs || !errors.As(err, &reject) || reject.Reason != ReasonMissing {
		return name, err
	}
	below := path.Join("imgs", name)
	errBelow := r.stat(below)
	if errors.As(errBelow, &reject) && reject.Reason == ReasonMissing {
		return name, err
	}
	r.once.Do(func() { r.note("images are in imgs below the folder that the paths start from") })
	return below, errBelow
}

// stat tells whether a file is there to be read. Links are followed within the
// root.
func (r *imageRoot) stat(name string) error {
	info, err := r.root.Stat(name)
	switch {
	case err == nil && info.Mode().IsRegular():
		return nil
	case err == nil:
		return rejectf(ReasonNotRegular, "want a file, got %s", info.Mode().Type())
	case isAbsent(err):
		return rejectf(ReasonMissing, "no such file")
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("look for image: %w", err)
	}
	// The root refuses to look at what a link out of it leads to.
	_, outside := os.Stat(filepath.Join(r.root.Name(), filepath.FromSlash(name)))
	switch {
	case isAbsent(outside):
		return rejectf(ReasonMissing, "want a file, got a link to nothing")
	case outside == nil, errors.Is(outside, fs.ErrPermission):
		return rejectf(ReasonPathEscape, "want a file below the root, got a link out of it")
	}
	return fmt.Errorf("look for image: %w", err)
}

// isAbsent reports whether nothing can have the name that was asked for.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.ENAMETOOLONG)
}

// read returns the bytes of the file. What opens at once is not looked for first,
// which takes several times as long.
func (r *imageRoot) read(name string) ([]byte, error) {
	if fd, size, ok := r.quick.open(r.root, name); ok {
		return readDescriptor(fd, size)
	}
	found, err := r.find(name)
	if err != nil {
		return nil, err
	}
	return readFile(&r.quick, r.root, found)
}
