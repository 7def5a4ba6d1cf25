package weights

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// StateDict is the one view of named tensors that every kind of file gives. It is safe for concurrent use.
type StateDict struct {
	path     string
	names    []string
	entries  map[string]stateEntry
	metadata map[string]string
	close    func() error // nil for a view that does not own its file
}

type stateEntry struct {
	dtype DType
	shape []int64
	read  func() (Tensor, error)
}

func newStateDict(path string, metadata map[string]string) *StateDict {
	return &StateDict{path: path, entries: make(map[string]stateEntry), metadata: metadata}
}

func (s *StateDict) put(name string, e stateEntry) {
	s.names = append(s.names, name)
	s.entries[name] = e
}

// Load opens a file of weights, safetensors or PyTorch archive by its content, or the model.safetensors or
// pytorch_model.bin of a folder. Tensors nested in an archive are named by their keys joined with ".". The caller
// closes the StateDict.
func Load(path string) (*StateDict, error) {
	file, err := weightsFile(path)
	if err != nil {
		return nil, err
	}
	memory, err := mapFile(file)
	if err != nil {
		return nil, inFile(file, err)
	}
	s, err := loadBytes(file, memory.data)
	if err != nil {
		memory.Close()
		return nil, inFile(file, err)
	}
	s.close = memory.Close
	return s, nil
}

func loadBytes(path string, data []byte) (*StateDict, error) {
	if isArchive(data) {
		a, err := parseArchive(path, data)
		if err != nil {
			return nil, err
		}
		return a.StateDict(), nil
	}
	if len(data) > 8 && data[8] == '{' {
		f, err := parseSafetensors(data)
		if err != nil {
			return nil, err
		}
		f.path = path
		return f.StateDict(), nil
	}
	return nil, refuse("", "want safetensors or a PyTorch archive, the file begins with %q", data[:min(len(data), 9)])
}

// weightsFile finds the file to read where path is a folder of the hub's layout.
func weightsFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read weights: %w", err)
	}
	if !info.IsDir() {
		return path, nil
	}
	for _, name := range []string{"model.safetensors", "pytorch_model.bin"} {
		file := filepath.Join(path, name)
		switch _, err := os.Stat(file); {
		case err == nil:
			return file, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("read weights: %w", err)
		}
	}
	return "", fmt.Errorf("read weights %s: want model.safetensors or pytorch_model.bin in this folder, got neither", path)
}

// isArchive tells PyTorch's containers by their first bytes: a zip record, or a pickle of protocol 2 and later.
func isArchive(data []byte) bool {
	return bytes.HasPrefix(data, []byte("PK\x03\x04")) || len(data) >= 2 && data[0] == 0x80 && data[1] >= 2 && data[1] <= 5 && (len(data) < 9 || data[8] != '{')
}

// Names are the names of the tensors, in the order of the file: of the keys in an archive, of the header in
// safetensors.
func (s *StateDict) Names() []string { return slices.Clone(s.names) }

// Has says whether there is a tensor of this name.
func (s *StateDict) Has(name string) bool {
	_, ok := s.entries[name]
	return ok
}

// Info gives type and shape of a tensor without reading it; false if there is none of this name.
func (s *StateDict) Info(name string) (DType, []int64, bool) {
	e, ok := s.entries[name]
	return e.dtype, slices.Clone(e.shape), ok
}

// Tensor reads one tensor. Its Data lie in the file's mapping, or are a copy where the archive stores a strided view.
func (s *StateDict) Tensor(name string) (Tensor, error) {
	e, ok := s.entries[name]
	if !ok {
		return Tensor{}, fmt.Errorf("read weights %s: no tensor %q among %d", s.path, name, len(s.names))
	}
	t, err := e.read()
	if err != nil {
		return Tensor{}, inFile(s.path, err)
	}
	t.Name = name
	return t, nil
}

// Metadata is the text metadata of safetensors; empty for an archive. It must not be changed.
func (s *StateDict) Metadata() map[string]string { return s.metadata }

// Sub is the part below prefix: "ImgEncoder_state_dict" gives the tensors "ImgEncoder_state_dict.NAME" as "NAME". It is
// valid until s is closed and need not be closed itself. It is empty where nothing has the prefix.
func (s *StateDict) Sub(prefix string) *StateDict {
	sub := newStateDict(s.path, s.metadata)
	for _, name := range s.names {
		if rest, ok := strings.CutPrefix(name, prefix+"."); ok {
			sub.put(rest, s.entries[name])
		}
	}
	return sub
}

// Len is the number of tensors.
func (s *StateDict) Len() int { return len(s.names) }

// Path is the file that was read.
func (s *StateDict) Path() string { return s.path }

// Close releases the file. Tensors read before lose their Data.
func (s *StateDict) Close() error {
	if s.close == nil {
		return nil
	}
	if err := s.close(); err != nil {
		return fmt.Errorf("close weights %s: %w", s.path, err)
	}
	return nil
}
