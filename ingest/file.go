package ingest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// MaxFileBytes is the greatest file that is read (ours: an image of 64 million
// pixels takes 256 MB without any compression at four bytes a pixel).
const MaxFileBytes = 256 << 20

// imageSuffixes are the endings of names, in lower case, by which a file counts
// as meant to be an image. Formats that are not read are among them, so that such
// files are listed and not passed over. The table is never written to.
var imageSuffixes = [...]string{
	".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".gif",
	".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".jxl",
}

// isImageName reports whether a file of this name is meant to be an image. What
// it really is, its bytes say.
func isImageName(name string) bool {
	suffix := strings.ToLower(path.Ext(name))
	for _, s := range imageSuffixes {
		if s == suffix {
			return true
		}
	}
	return false
}

// readFile reads a file below root. A file that is gone or too large is a
// *RejectError.
func readFile(quick *beneath, root *os.Root, name string) ([]byte, error) {
	if fd, size, ok := quick.open(root, name); ok {
		return readDescriptor(fd, size)
	}
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, rejectf(ReasonMissing, "no such file")
	}
	if err != nil {
		return nil, fmt.Errorf("read image: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read image: %w", err)
	}
	if err := checkFileSize(info.Size()); err != nil {
		return nil, err
	}
	data := make([]byte, info.Size())
	n, err := io.ReadFull(f, data)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("read image: %w", err)
	}
	return data[:n], nil // shorter where the file shrank meanwhile
}

// checkFileSize is a *RejectError of a file that is not read.
func checkFileSize(size int64) error {
	if size > MaxFileBytes {
		return rejectf(ReasonFileTooLarge, "file has %d bytes, want at most %d", size, MaxFileBytes)
	}
	return nil
}

// readDescriptor reads a file of so many bytes, and closes it.
func readDescriptor(fd int, size int64) (data []byte, err error) {
	defer func() { err = errors.Join(err, unix.Close(fd)) }()
	if err := checkFileSize(size); err != nil {
		return nil, err
	}
	data = make([]byte, size)
	for n := 0; n < len(data); {
		k, err := unix.Read(fd, data[n:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read image: %w", err)
		}
		if k == 0 {
			return data[:n], nil // the file shrank meanwhile
		}
		n += k
	}
	return data, nil
}
