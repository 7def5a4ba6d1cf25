package libtorch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Loaded returns the folder from which this process has loaded libtorch.
func Loaded() (dir string, err error) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return "", fmt.Errorf("find libtorch: %w", err)
	}
	return loadedFrom(string(maps))
}

// loadedFrom finds the folder in the text of /proc/PID/maps, whose lines end in the path of a mapped file.
func loadedFrom(maps string) (dir string, err error) {
	for line := range strings.Lines(maps) {
		line = strings.TrimSuffix(line, "\n")
		if i := strings.IndexByte(line, '/'); i >= 0 && strings.HasSuffix(line, "/libtorch_cpu.so") {
			return filepath.Dir(line[i:]), nil
		}
	}
	return "", errors.New("find libtorch: this process has no libtorch_cpu.so loaded")
}

// CUDALibrary returns libtorch's CUDA library in the folder of libtorch_cpu.so, or "" where there is none.
func CUDALibrary(dir string) (string, error) { return inFolder(dir, "libtorch_cuda.so") }

// CUDAExtra returns what setup.sh built beside it, or "" where there is none.
func CUDAExtra(dir string) (string, error) { return inFolder(dir, "libplip_cuda.so") }

func inFolder(dir, name string) (string, error) {
	library := filepath.Join(dir, name)
	switch _, err := os.Stat(library); {
	case err == nil:
		return library, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	default:
		return "", fmt.Errorf("find a CUDA library: %w", err)
	}
}

// HasCUDADevice tells whether the machine's driver shows a CUDA device, whatever libtorch can do with it.
func HasCUDADevice() bool {
	_, err := os.Stat("/dev/nvidiactl")
	return err == nil
}
