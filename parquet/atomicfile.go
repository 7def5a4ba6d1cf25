package parquet

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// outputFile is what a file under construction must do. Tests put a full disk
// behind it.
type outputFile interface {
	io.WriteCloser
	Sync() error
}

// createFunc creates the file that will be renamed into place.
type createFunc func(name string) (outputFile, error)

func createFile(name string) (outputFile, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

// diskFile is an outputFile that can be told to begin with what Sync will do.
type diskFile struct{ *os.File }

// startWriteback asks for n bytes from at on to be put on the disk, and does not
// wait for it.
func (f diskFile) startWriteback(at, n int64) {
	// A hint: file systems may not know it, and an error of the disk is Sync's to tell.
	_ = unix.SyncFileRange(int(f.Fd()), at, n, unix.SYNC_FILE_RANGE_WRITE)
}

// temporaryPrefix marks files under construction. A dot keeps them out of the
// globs that other readers use.
const temporaryPrefix = ".tmp-"

// atomicFile becomes visible under its name only as a whole: written under a
// temporary name in the same folder, synced, renamed, and the folder synced.
type atomicFile struct {
	dir, name string
	f         outputFile
}

func newAtomicFile(dir, name string, create createFunc) (*atomicFile, error) {
	f, err := create(filepath.Join(dir, temporaryPrefix+name))
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	return &atomicFile{dir: dir, name: name, f: f}, nil
}

func (a *atomicFile) Write(p []byte) (int, error) { return a.f.Write(p) }

// startWriteback is that of a file on a disk; the full disk of tests has none.
func (a *atomicFile) startWriteback(at, n int64) {
	if f, ok := a.f.(diskFile); ok {
		f.startWriteback(at, n)
	}
}

// commit gives the file its name. After an error the file is gone.
func (a *atomicFile) commit() error {
	if err := a.f.Sync(); err != nil {
		a.discard()
		return err
	}
	if err := a.f.Close(); err != nil {
		return errors.Join(err, os.Remove(a.temporary()))
	}
	if err := os.Rename(a.temporary(), filepath.Join(a.dir, a.name)); err != nil {
		return errors.Join(err, os.Remove(a.temporary()))
	}
	return syncDir(a.dir)
}

// discard removes the unfinished file. What cannot be removed is removed by the
// next run, so the error that led here stays the one reported.
func (a *atomicFile) discard() {
	_ = a.f.Close()
	_ = os.Remove(a.temporary())
}

func (a *atomicFile) temporary() string { return filepath.Join(a.dir, temporaryPrefix+a.name) }

func writeFileAtomic(dir, name string, data []byte, create createFunc) error {
	a, err := newAtomicFile(dir, name, create)
	if err != nil {
		return err
	}
	if _, err := a.Write(data); err != nil {
		a.discard()
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := a.commit(); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// syncDir makes renames and removals in dir survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	// Some network file systems refuse to sync a directory; they order renames themselves.
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
