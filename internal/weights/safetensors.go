package weights

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// File is an open safetensors file.
type File struct {
	path   string
	memory *mapping
	header safetensorsHeader
	data   []byte // behind the header
}

// OpenSafetensors maps a file and checks its header: known types, sizes that match, every byte of the data in exactly
// one tensor. What is wrong comes as a *RefusedError. The caller closes the File.
func OpenSafetensors(path string) (*File, error) {
	memory, err := mapFile(path)
	if err != nil {
		return nil, inFile(path, err)
	}
	f, err := parseSafetensors(memory.data)
	if err != nil {
		memory.Close()
		return nil, inFile(path, err)
	}
	f.path, f.memory = path, memory
	return f, nil
}

// maxHeaderBytes is the limit of the format for its JSON header.
const maxHeaderBytes = 100_000_000

func parseSafetensors(data []byte) (*File, error) {
	if len(data) < 8 {
		return nil, refuse("", "want 8 bytes of header length, the file has %d", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	switch {
	case n > maxHeaderBytes:
		return nil, refuse("", "header of %d bytes, at most %d are allowed", n, maxHeaderBytes)
	case n > uint64(len(data)-8):
		return nil, refuse("", "header of %d bytes, the file has %d more", n, len(data)-8)
	}
	header, err := parseHeader(data[8 : 8+n])
	if err != nil {
		return nil, err
	}
	f := &File{header: header, data: data[8+n:]}
	if err := header.checkLayout(int64(len(f.data))); err != nil {
		return nil, err
	}
	return f, nil
}

// Names are the names of the tensors, sorted.
func (f *File) Names() []string { return slices.Sorted(slices.Values(f.header.names)) }

// Metadata is the "__metadata__" of the header, nil if there is none. It is the caller's.
func (f *File) Metadata() map[string]string { return maps.Clone(f.header.metadata) }

// Tensor gives one tensor, its Data in the mapping.
func (f *File) Tensor(name string) (Tensor, error) {
	e, ok := f.header.entries[name]
	if !ok {
		return Tensor{}, fmt.Errorf("read weights %s: no tensor %q among %d", f.path, name, len(f.header.names))
	}
	return Tensor{Name: name, DType: e.dtype, Shape: slices.Clone(e.shape), Data: f.data[e.begin:e.end:e.end]}, nil
}

// StateDict is the view of the file that it shares with archives; names are in the order of the header. It is valid
// until f is closed.
func (f *File) StateDict() *StateDict {
	s := newStateDict(f.path, f.header.metadata)
	for _, name := range f.header.names {
		e := f.header.entries[name]
		s.put(name, stateEntry{
			dtype: e.dtype,
			shape: e.shape,
			read:  func() (Tensor, error) { return f.Tensor(name) },
		})
	}
	return s
}

// Close releases the mapping, and with it the Data of every tensor.
func (f *File) Close() error {
	if err := f.memory.Close(); err != nil {
		return fmt.Errorf("close weights %s: %w", f.path, err)
	}
	return nil
}
