package weights

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// Archive is an open PyTorch archive: torch.save's zip or legacy format, or TorchScript.
type Archive struct {
	path   string
	format string
	memory *mapping
	root   *Value
	flat   []namedValue
}

// ReadPickle maps an archive and reads its tree of values by the list of what is allowed. Tensors are checked to lie
// inside their storages, and storages inside the file. What is wrong comes as a *RefusedError, and nothing of the file
// was executed. The caller closes the Archive.
func ReadPickle(path string) (*Archive, error) {
	memory, err := mapFile(path)
	if err != nil {
		return nil, inFile(path, err)
	}
	a, err := parseArchive(path, memory.data)
	if err != nil {
		memory.Close()
		return nil, inFile(path, err)
	}
	a.memory = memory
	return a, nil
}

func parseArchive(path string, data []byte) (*Archive, error) {
	a := &Archive{path: path, format: "legacy"}
	var err error
	if bytes.HasPrefix(data, []byte("PK")) {
		a.format = "zip"
		a.root, err = readZip(data)
	} else {
		a.root, err = readLegacy(data)
	}
	if err != nil {
		return nil, err
	}
	if a.flat, err = flatten(a.root); err != nil {
		return nil, err
	}
	return a, nil
}

// Root is what torch.load would return: mostly a dict of state dicts, epoch and the like.
func (a *Archive) Root() *Value { return a.root }

// Format is "zip" or "legacy".
func (a *Archive) Format() string { return a.format }

// StateDict is the flat view of all tensors in the order of the tree, named by their keys and indices joined with ".":
// "ImgEncoder_state_dict.conv1.weight". It is valid until a is closed.
func (a *Archive) StateDict() *StateDict {
	s := newStateDict(a.path, nil)
	for _, n := range a.flat {
		v := n.value.data.(*view)
		s.put(n.name, stateEntry{dtype: v.storage.dtype, shape: v.shape, read: v.read})
	}
	return s
}

// Close releases the mapping, and with it the Data of tensors.
func (a *Archive) Close() error {
	if err := a.memory.Close(); err != nil {
		return errors.Join(errors.New("close weights "+a.path), err)
	}
	return nil
}

const (
	// maxDepth is how deep values may be nested. Modules of TorchScript reach about ten.
	maxDepth = 100
	// maxVisits bounds the walk over a tree whose parts are shared, which could be exponential in its size.
	maxVisits = 4 << 20
	// maxTensors bounds how many names tensors may have, shared ones counted as often as they occur.
	maxTensors = 1 << 18
	// maxNamesBytes bounds the joined names of all tensors together.
	maxNamesBytes = 64 << 20
)

// namedValue is a tensor of the tree with its flat name.
type namedValue struct {
	name  string
	value *Value
}

// flattener walks the tree once: it collects the tensors and makes sure that whoever walks it later is safe.
type flattener struct {
	out    []namedValue
	seen   map[string]struct{}
	path   []step // from the root to the value
	visits int
	bytes  int
}

// step is a key of a dict, or an index where key is nil. Names are joined only where there is a tensor.
type step struct {
	key   *Value
	index int
}

func flatten(root *Value) ([]namedValue, error) {
	f := flattener{seen: make(map[string]struct{})}
	if err := f.walk(root); err != nil {
		return nil, err
	}
	return f.out, nil
}

// walk recurses no deeper than maxDepth.
func (f *flattener) walk(v *Value) error {
	f.visits++
	switch {
	case len(f.path) > maxDepth:
		return refuse("", "values are nested more than %d deep", maxDepth)
	case f.visits > maxVisits:
		return refuse("", "the tree has more than %d values", maxVisits)
	}
	switch v.kind {
	case kindClass:
		return refuse(v.data.(string), "%q stands in the tree without being called", v.data)
	case kindStorage:
		return refuse(v.data.(*storage).key, "storage %q stands in the tree without a tensor", v.data.(*storage).key)
	case KindTensor:
		return f.tensor(v)
	}
	keys := v.Keys()
	for i, item := range v.items {
		at := step{index: i}
		if keys != nil {
			at.key = keys[i]
		}
		f.path = append(f.path, at)
		if err := f.walk(item); err != nil {
			return err
		}
		f.path = f.path[:len(f.path)-1]
	}
	return nil
}

// tensor notes the tensor at the end of the path.
func (f *flattener) tensor(v *Value) error {
	parts := make([]string, len(f.path))
	for i, at := range f.path {
		if at.key != nil {
			parts[i] = keyText(at.key)
		} else {
			parts[i] = strconv.Itoa(at.index)
		}
		f.bytes += len(parts[i]) + 1
	}
	if len(f.out) == maxTensors || f.bytes > maxNamesBytes {
		return refuse("", "the tree has more than %d tensors, or their names more than %d bytes", maxTensors, maxNamesBytes)
	}
	name := strings.Join(parts, ".")
	if _, twice := f.seen[name]; twice {
		return refuse(name, "two tensors have the name %.200q", name)
	}
	f.seen[name] = struct{}{}
	f.out = append(f.out, namedValue{name, v})
	return nil
}
