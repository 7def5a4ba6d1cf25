package parquet

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// ErrLocked says that another process, or another Writer of this one, writes to
// the directory.
var ErrLocked = errors.New("another run is writing to this directory")

// LockDir takes the lock that a Writer holds on its directory, for another kind of
// output than shards. ErrLocked when another run has it; closing gives it up.
func LockDir(dir string) (io.Closer, error) {
	l, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	return l.f, nil
}

// dirLock is an exclusive advisory lock on a directory. It needs no file and
// ends with the process, however that ends.
type dirLock struct{ f *os.File }

func lockDir(dir string) (*dirLock, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", dir, ErrLocked)
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return &dirLock{f}, nil
}

func (l *dirLock) unlock() error { return l.f.Close() }
