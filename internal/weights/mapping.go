package weights

import (
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// mapping is a whole file in memory, read-only. The kernel loads pages as they are read, so opening a checkpoint of
// many gigabytes costs its header alone. A file that another program shortens meanwhile ends this one (SIGBUS): our
// writers only ever rename whole files into place.
type mapping struct{ data []byte }

func mapFile(path string) (*mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // the mapping outlives the descriptor
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, refuse("", "want a regular file, got %s", info.Mode().Type())
	case info.Size() == 0:
		return nil, refuse("", "the file is empty")
	case info.Size() > math.MaxInt:
		return nil, refuse("", "%d bytes do not fit the address space", info.Size())
	}
	data, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes: %w", info.Size(), err)
	}
	return &mapping{data: data}, nil
}

// Close releases the memory. A second call does nothing.
func (m *mapping) Close() error {
	if m == nil || m.data == nil {
		return nil
	}
	data := m.data
	m.data = nil
	return unix.Munmap(data)
}
