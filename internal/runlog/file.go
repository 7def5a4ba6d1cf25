package runlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a file that appears under its name only when it is complete. It is
// written to NAME.tmp in the same folder; Commit syncs and renames it. After an
// error of Write the file is unusable and only Abort is left.
type File struct {
	f    *os.File
	path string
	err  error // first error; sticky
}

// CreateFile begins the file at path, replacing a leftover of an earlier kill.
// The caller ends it with Commit or Abort.
func CreateFile(path string) (*File, error) {
	f, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, err
	}
	return &File{f: f, path: path}, nil
}

// Write implements io.Writer.
func (f *File) Write(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.f.Write(p)
	f.err = err
	return n, err
}

// Same tells whether the file at path is there, and whether it holds what was
// written so far.
func (f *File) Same() (there, same bool, err error) {
	old, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	defer old.Close()
	written, err := os.Open(f.path + ".tmp")
	if err != nil {
		return true, false, err
	}
	defer written.Close()
	same, err = sameBytes(old, written)
	return true, same, err
}

// sameBytes reads both files to the end of the shorter one.
func sameBytes(a, b *os.File) (bool, error) {
	infoA, errA := a.Stat()
	infoB, errB := b.Stat()
	if err := errors.Join(errA, errB); err != nil || infoA.Size() != infoB.Size() {
		return false, err
	}
	var bufA, bufB [64 << 10]byte
	for {
		n, errA := io.ReadFull(a, bufA[:])
		m, errB := io.ReadFull(b, bufB[:])
		if !bytes.Equal(bufA[:n], bufB[:m]) {
			return false, nil
		}
		if errA != nil || errB != nil {
			if isEnd(errA) && isEnd(errB) {
				return true, nil
			}
			return false, errors.Join(errA, errB)
		}
	}
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// Commit syncs the file, gives it its name and syncs the folder. On an error
// the temporary file is removed.
func (f *File) Commit() error {
	err := f.err
	if err == nil {
		err = f.f.Sync()
	}
	err = errors.Join(err, f.f.Close())
	if err == nil {
		err = os.Rename(f.path+".tmp", f.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.path+".tmp"))
	}
	f.err = fs.ErrClosed
	return syncDir(filepath.Dir(f.path))
}

// Abort removes the temporary file. After Commit it does nothing, so it can be
// deferred.
func (f *File) Abort() error {
	if errors.Is(f.err, fs.ErrClosed) {
		return nil
	}
	f.err = fs.ErrClosed
	return errors.Join(f.f.Close(), os.Remove(f.path+".tmp"))
}

// WriteFile replaces the file at path by data, atomically.
func WriteFile(path string, data []byte) error {
	f, err := CreateFile(path)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Abort())
	}
	return f.Commit()
}

// WriteJSON replaces the file at path by v as indented JSON, atomically. It is
// how state.json and reports are written.
func WriteJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return WriteFile(path, append(data, '\n'))
}

// ReadJSON reads the file at path into v. A missing file is fs.ErrNotExist.
func ReadJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
