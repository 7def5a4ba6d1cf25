package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"
)

// WriteSafetensors writes tensors under a temporary name, syncs and renames, so that path never holds half a file. The
// header lists the tensors in the given order, and equal arguments give equal bytes. The data stand in that order too,
// larger element types first, because readers want every tensor aligned to its elements.
func WriteSafetensors(path string, tensors []Tensor, meta map[string]string) error {
	layout := slices.Clone(tensors)
	slices.SortStableFunc(layout, func(a, b Tensor) int { return cmp.Compare(b.DType.Size(), a.DType.Size()) })
	header, err := encodeHeader(tensors, layout, meta)
	if err != nil {
		return fmt.Errorf("write weights %s: %w", path, err)
	}
	err = replaceFile(path, func(w io.Writer) error {
		if _, err := w.Write(header); err != nil {
			return err
		}
		for _, t := range layout {
			if _, err := w.Write(t.Data); err != nil {
				return fmt.Errorf("tensor %q: %w", t.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write weights %s: %w", path, err)
	}
	return nil
}

// encodeHeader gives the length and the JSON, filled up with spaces so that the data begin at a multiple of 8 bytes.
func encodeHeader(tensors, layout []Tensor, meta map[string]string) ([]byte, error) {
	begin := make(map[string]int64, len(tensors))
	at := int64(0)
	for _, t := range layout {
		if err := t.check(); err != nil {
			return nil, err
		}
		if _, twice := begin[t.Name]; twice || t.Name == metadataKey || !utf8.ValidString(t.Name) {
			return nil, fmt.Errorf("tensor %q: the name is taken or not allowed", t.Name)
		}
		begin[t.Name] = at
		at += int64(len(t.Data))
	}

	out := bytes.NewBuffer(make([]byte, 8, 4096))
	if meta != nil {
		fmt.Fprintf(out, ",%q:{", metadataKey)
		for i, key := range slices.Sorted(maps.Keys(meta)) {
			if i > 0 {
				out.WriteByte(',')
			}
			if !utf8.ValidString(key) || !utf8.ValidString(meta[key]) {
				return nil, fmt.Errorf("metadata %q: not UTF-8", key)
			}
			writeString(out, key)
			out.WriteByte(':')
			writeString(out, meta[key])
		}
		out.WriteByte('}')
	}
	for _, t := range tensors {
		out.WriteByte(',')
		writeString(out, t.Name)
		shape, err := json.Marshal(append([]int64{}, t.Shape...)) // [] where Shape is nil
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		fmt.Fprintf(out, `:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, t.DType, shape, begin[t.Name], begin[t.Name]+int64(len(t.Data)))
	}
	if out.Len() == 8 {
		out.WriteByte(',') // an empty header
	}
	out.WriteByte('}')
	for out.Len()%8 != 0 {
		out.WriteByte(' ')
	}
	header := out.Bytes()
	header[8] = '{' // in the place of the first comma
	n := uint64(len(header) - 8)
	if n > maxHeaderBytes {
		return nil, fmt.Errorf("header of %d bytes, at most %d are allowed", n, maxHeaderBytes)
	}
	binary.LittleEndian.PutUint64(header, n)
	return header, nil
}

// writeString writes a JSON string without the HTML escapes of the ordinary encoder.
func writeString(out *bytes.Buffer, s string) {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	// A string always encodes, and a buffer takes every byte; Encode ends the line, which is cut off again.
	if err := enc.Encode(s); err == nil {
		out.Truncate(out.Len() - 1)
	}
}

// replaceFile puts what write writes under path, whole or not at all.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a rename in dir survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		d.Close()
		return err
	}
	return d.Close()
}
