package weights

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
)

const (
	// maxPickleBytes bounds data.pkl, of which every byte may become a value. The largest seen are a few megabytes.
	maxPickleBytes = 64 << 20
	// maxInflation is the most that deflate can expand.
	maxInflation = 1032
)

// zipRecords are the records of an archive by their name below the common folder.
type zipRecords struct {
	data   []byte
	byName map[string]*zip.File
}

// readZip reads torch.save's zip format: FOLDER/data.pkl with the tree, FOLDER/data/KEY with the storages.
func readZip(data []byte) (*Value, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, refuse("", "the zip archive is cut off or damaged: %v", err)
	}
	records, err := indexRecords(data, z.File)
	if err != nil {
		return nil, err
	}
	if order, ok := records.byName["byteorder"]; ok {
		b, err := records.read(order, 16)
		if err != nil {
			return nil, err
		}
		if got := strings.TrimSpace(string(b)); got != "little" {
			return nil, refuse("byteorder", "byte order is %q, only little-endian archives are read", got)
		}
	}
	pickle, err := records.read(records.byName["data.pkl"], maxPickleBytes)
	if err != nil {
		return nil, err
	}
	m := machine{data: pickle, storage: records.storage}
	return m.run()
}

// indexRecords checks every name, finds the folder of data.pkl and keeps what lies in it.
func indexRecords(data []byte, files []*zip.File) (zipRecords, error) {
	r := zipRecords{data: data, byName: make(map[string]*zip.File)}
	folder, found := "", false
	for _, f := range files {
		if strings.HasPrefix(f.Name, "/") || strings.ContainsAny(f.Name, "\\\x00") || climbs(f.Name) {
			return r, refuse(f.Name, "record %q climbs out of the archive", f.Name)
		}
		if prefix, ok := strings.CutSuffix(f.Name, "data.pkl"); ok && strings.Count(prefix, "/") == 1 && strings.HasSuffix(prefix, "/") {
			if found {
				return r, refuse(f.Name, "two records are data.pkl: %q and %q", folder+"data.pkl", f.Name)
			}
			folder, found = prefix, true
		}
	}
	if !found {
		return r, refuse("data.pkl", "want a record FOLDER/data.pkl, got none among %d: no archive of torch.save", len(files))
	}
	for _, f := range files {
		name, ok := strings.CutPrefix(f.Name, folder)
		if !ok {
			continue
		}
		if _, twice := r.byName[name]; twice {
			return r, refuse(f.Name, "record %q stands there twice", f.Name)
		}
		r.byName[name] = f
	}
	return r, nil
}

// climbs says whether a path has a component "..".
func climbs(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == ".." {
			return true
		}
	}
	return false
}

// storage finds the record of a storage and checks its size before anything is read.
func (r zipRecords) storage(key string, dtype DType, elements int64) (*storage, error) {
	s, err := newStorage(key, dtype, elements)
	if err != nil {
		return nil, err
	}
	name := "data/" + key
	if climbs(name) || strings.ContainsAny(key, "/\\") {
		return nil, refuse(name, "record %q climbs out of the archive", name)
	}
	f, ok := r.byName[name]
	if !ok {
		return nil, refuse(name, "storage %q: its record %q is not there", key, name)
	}
	if f.UncompressedSize64 != uint64(s.sizeBytes()) {
		return nil, refuse(name, "storage %q: declares %d bytes (%d elements of %s), its record has %d", key, s.sizeBytes(), elements, dtype, f.UncompressedSize64)
	}
	if f.Method == zip.Store {
		s.data, err = r.stored(f)
		return s, err
	}
	if err := inflatable(f); err != nil {
		return nil, err
	}
	s.inflate = func() ([]byte, error) { return inflate(f) }
	return s, nil
}

// read gives a record of at most limit bytes, in the mapping where it is stored as it is.
func (r zipRecords) read(f *zip.File, limit uint64) ([]byte, error) {
	if f.UncompressedSize64 > limit {
		return nil, refuse(f.Name, "record %q has %d bytes, at most %d are read", f.Name, f.UncompressedSize64, limit)
	}
	if f.Method == zip.Store {
		return r.stored(f)
	}
	if err := inflatable(f); err != nil {
		return nil, err
	}
	return inflate(f)
}

// stored gives the bytes of an uncompressed record in the mapping. Its CRC is not checked: torch.save can be told to
// leave it out.
func (r zipRecords) stored(f *zip.File) ([]byte, error) {
	at, err := f.DataOffset()
	if err != nil {
		return nil, refuse(f.Name, "record %q: damaged header: %v", f.Name, err)
	}
	size := f.UncompressedSize64
	if f.Flags&1 != 0 || size != f.CompressedSize64 || uint64(at) > uint64(len(r.data)) || size > uint64(len(r.data))-uint64(at) {
		return nil, refuse(f.Name, "record %q: %d bytes from %d are not in the file of %d, or are encrypted", f.Name, size, at, len(r.data))
	}
	return r.data[at : uint64(at)+size : uint64(at)+size], nil
}

// inflatable checks a compressed record before memory is spent on it: it must not announce more than its bytes can
// hold.
func inflatable(f *zip.File) error {
	if f.Method != zip.Deflate || f.Flags&1 != 0 {
		return refuse(f.Name, "record %q: compression method %d is not read, or it is encrypted", f.Name, f.Method)
	}
	if f.UncompressedSize64/maxInflation > f.CompressedSize64 {
		return refuse(f.Name, "record %q: %d bytes cannot come from %d compressed ones", f.Name, f.UncompressedSize64, f.CompressedSize64)
	}
	return nil
}

func inflate(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, refuse(f.Name, "record %q: %v", f.Name, err)
	}
	defer r.Close()
	// Read by growing, not into a buffer of the announced size: a short record ends early.
	data, err := io.ReadAll(r)
	if err == nil && uint64(len(data)) != f.UncompressedSize64 {
		err = fmt.Errorf("want %d bytes, got %d", f.UncompressedSize64, len(data))
	}
	if err != nil {
		return nil, refuse(f.Name, "record %q: %v", f.Name, err)
	}
	return data, nil
}
