package ingest

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// beneath opens files below a root in one system call, where an os.Root takes
// three for every folder on the way: half of the time of a whole run. The kernel
// holds to the same rule (RESOLVE_BENEATH). What it does not open, for whatever
// reason or want of the call before Linux 5.6, is left to the os.Root, so that
// there is one place that says what is wrong. The zero value is ready; safe for
// concurrent use.
type beneath struct {
	once sync.Once
	dir  *os.File // the root as a folder; nil where it cannot be opened
}

// open returns the descriptor of a regular file and its size. The caller closes
// it.
func (b *beneath) open(root *os.Root, name string) (fd int, size int64, ok bool) {
	b.once.Do(func() {
		if dir, err := root.Open("."); err == nil {
			b.dir = dir
		}
	})
	if b.dir == nil {
		return 0, 0, false
	}
	how := &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK, // a pipe does not hold it up
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
	}
	fd, err := unix.Openat2(int(b.dir.Fd()), name, how)
	if err != nil {
		return 0, 0, false
	}
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil || info.Mode&unix.S_IFMT != unix.S_IFREG {
		_ = unix.Close(fd) // opened for reading: nothing is lost
		return 0, 0, false
	}
	return fd, info.Size, true
}

// close frees what the opening of files holds.
func (b *beneath) close() error {
	b.once.Do(func() {})
	if b.dir == nil {
		return nil
	}
	return b.dir.Close()
}
