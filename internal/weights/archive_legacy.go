package weights

import (
	"encoding/binary"
	"math/big"
)

// legacyMagic is the number that the first pickle of a legacy archive holds, legacyVersion the second.
const (
	legacyMagic   = "1950a86a20f9469cfc6c" // hexadecimal: it needs 77 bits
	legacyVersion = 1001
)

// readLegacy reads the format of torch.save before PyTorch 1.6: pickles of the magic number, the version, the platform,
// the tree and the list of storage keys, then for each key its count of elements (int64) and the elements.
func readLegacy(data []byte) (*Value, error) {
	if len(data) < 2 || data[0] != opProto {
		return nil, refuse("", "neither a zip archive nor a pickle: begins with %q", data[:min(len(data), 8)])
	}
	m := &machine{data: data}
	if err := readLegacyHead(m); err != nil {
		return nil, err
	}
	storages := make(map[string]*storage)
	m.storage = func(key string, dtype DType, elements int64) (*storage, error) {
		if s, ok := storages[key]; ok {
			if s.dtype != dtype || s.elements != elements {
				return nil, refuse(key, "storage %q: declared as %d %s and as %d %s", key, s.elements, s.dtype, elements, dtype)
			}
			return s, nil
		}
		s, err := newStorage(key, dtype, elements)
		if err != nil {
			return nil, err
		}
		if s.sizeBytes() > int64(len(data)-m.at) {
			return nil, refuse(key, "storage %q: declares %d bytes, the file has %d more", key, s.sizeBytes(), len(data)-m.at)
		}
		storages[key] = s
		return s, nil
	}
	before := m.at
	root, err := m.run()
	if err != nil {
		return nil, err
	}
	if m.at-before > maxPickleBytes {
		return nil, refuse("", "the pickle has %d bytes, at most %d are read", m.at-before, maxPickleBytes)
	}
	m.storage = nil
	keys, err := m.run()
	if err != nil {
		return nil, err
	}
	return root, fillStorages(m, keys, storages)
}

// readLegacyHead reads and checks the three pickles before the tree.
func readLegacyHead(m *machine) error {
	v, err := m.run()
	if err != nil {
		return err
	}
	want, _ := new(big.Int).SetString(legacyMagic, 16)
	if got, ok := v.BigInt(); !ok || got.Cmp(want) != 0 {
		return refuse("", "want the magic number 0x%s, got %s", legacyMagic, describeMagic(v))
	}
	if v, err = m.run(); err != nil {
		return err
	}
	if got, ok := v.Int(); !ok || got != legacyVersion {
		return refuse("", "want version %d of the legacy format, got another", legacyVersion)
	}
	if v, err = m.run(); err != nil {
		return err
	}
	if little, ok := v.Get("little_endian").Bool(); !ok || !little {
		return refuse("little_endian", "want an archive of a little-endian machine")
	}
	return nil
}

func describeMagic(v *Value) string {
	if n, ok := v.BigInt(); ok {
		return "0x" + n.Text(16)
	}
	return "a " + v.Kind().String()
}

// fillStorages hands out the bytes behind the pickles in the order of keys.
func fillStorages(m *machine, keys *Value, storages map[string]*storage) error {
	filled := 0
	for _, item := range keys.Items() {
		key, ok := item.Text()
		s := storages[key]
		if !ok || s == nil {
			return refuse(key, "the list of storages has %q, which no tensor uses", key)
		}
		if s.data != nil {
			return refuse(key, "the list of storages has %q twice", key)
		}
		head, err := m.take(8)
		if err != nil {
			return err
		}
		if n := int64(binary.LittleEndian.Uint64(head)); n != s.elements {
			return refuse(key, "storage %q: declares %d elements, its record has %d", key, s.elements, n)
		}
		if s.data, err = m.take(uint64(s.sizeBytes())); err != nil {
			return err
		}
		filled++
	}
	if filled != len(storages) {
		return refuse("", "want the bytes of %d storages, got %d", len(storages), filled)
	}
	return nil
}
