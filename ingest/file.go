package ingest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
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
func readFile(root *os.Root, name string) ([]byte, error) {
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
	if info.Size() > MaxFileBytes {
		return nil, rejectf(ReasonFileTooLarge, "file has %d bytes, want at most %d", info.Size(), MaxFileBytes)
	}
	data := make([]byte, info.Size())
	n, err := io.ReadFull(f, data)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("read image: %w", err)
	}
	return data[:n], nil // shorter where the file shrank meanwhile
}
