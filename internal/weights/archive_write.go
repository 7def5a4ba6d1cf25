package weights

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

// ArchiveEntry is one key of the dictionary that a PyTorch archive holds: a number, or a state dict.
type ArchiveEntry struct {
	Key     string
	Number  int64    // where Tensors is nil
	Tensors []Tensor // of the state dict, by their names in it
}

// WriteArchive writes a PyTorch archive (torch.save's zip format) that torch.load reads, with weights_only too: a
// dictionary of the entries in their order. It is written under a temporary name, synced and renamed; equal arguments
// give equal bytes.
func WriteArchive(path string, entries []ArchiveEntry) error {
	pickle, storages, err := pickleArchive(entries)
	if err != nil {
		return fmt.Errorf("write archive %s: %w", path, err)
	}
	err = replaceFile(path, func(w io.Writer) error {
		z := zip.NewWriter(w)
		records := []struct {
			name string
			data []byte
		}{{"data.pkl", pickle}, {"byteorder", []byte("little")}}
		for i, s := range storages {
			records = append(records, struct {
				name string
				data []byte
			}{"data/" + strconv.Itoa(i), s})
		}
		for _, r := range append(records, struct {
			name string
			data []byte
		}{"version", []byte("3\n")}) {
			if err := storeRecord(z, "archive/"+r.name, r.data); err != nil {
				return err
			}
		}
		return z.Close()
	})
	if err != nil {
		return fmt.Errorf("write archive %s: %w", path, err)
	}
	return nil
}

// storeRecord adds a record uncompressed, its size and sum in front of it: torch reads no trailing ones.
func storeRecord(z *zip.Writer, name string, data []byte) error {
	h := &zip.FileHeader{Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(data), CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(data))}
	w, err := z.CreateRaw(h)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// storageNames are torch's classes by element type.
var storageNames = map[DType]string{F64: "DoubleStorage", F32: "FloatStorage", F16: "HalfStorage", BF16: "BFloat16Storage",
	I64: "LongStorage", I32: "IntStorage", I16: "ShortStorage", I8: "CharStorage", U8: "ByteStorage", Bool: "BoolStorage"}

// pickleArchive gives data.pkl (pickle protocol 2) and the storages it refers to, one a tensor.
func pickleArchive(entries []ArchiveEntry) (pickle []byte, storages [][]byte, err error) {
	p := &pickler{}
	p.code("\x80\x02}(")
	for _, e := range entries {
		p.text(e.Key)
		if e.Tensors == nil {
			p.number(e.Number)
			continue
		}
		p.global("collections", "OrderedDict")
		p.code(")R(")
		seen := map[string]bool{}
		for _, t := range e.Tensors {
			if err := t.check(); err != nil {
				return nil, nil, err
			}
			if seen[t.Name] || !utf8.ValidString(t.Name) || storageNames[t.DType] == "" {
				return nil, nil, fmt.Errorf("tensor %q of type %s: the name is taken or not allowed, or PyTorch has no such type", t.Name, t.DType)
			}
			seen[t.Name] = true
			p.text(t.Name)
			p.tensor(t, len(storages))
			storages = append(storages, t.Data)
		}
		p.code("u")
	}
	p.code("u.")
	return p.out.Bytes(), storages, nil
}

// pickler writes the opcodes that torch.save's pickles are made of.
type pickler struct{ out bytes.Buffer }

func (p *pickler) code(ops string) { p.out.WriteString(ops) }

func (p *pickler) global(module, name string) { p.code("c" + module + "\n" + name + "\n") }

func (p *pickler) text(s string) {
	p.code("X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s)
}

func (p *pickler) number(n int64) {
	if n >= math.MinInt32 && n <= math.MaxInt32 {
		p.code("J" + string(binary.LittleEndian.AppendUint32(nil, uint32(int32(n)))))
		return
	}
	p.code("\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(n))))
}

func (p *pickler) tuple(numbers []int64) {
	p.code("(")
	for _, n := range numbers {
		p.number(n)
	}
	p.code("t")
}

// tensor writes torch._utils._rebuild_tensor_v2(storage, offset, shape, stride, requires_grad, hooks).
func (p *pickler) tensor(t Tensor, storage int) {
	p.global("torch._utils", "_rebuild_tensor_v2")
	p.code("((")
	p.text("storage")
	p.global("torch", storageNames[t.DType])
	p.text(strconv.Itoa(storage))
	p.text("cpu")
	p.number(t.Len())
	p.code("tQ")
	p.number(0)
	p.tuple(t.Shape)
	stride := make([]int64, len(t.Shape))
	step := int64(1)
	for i := len(stride) - 1; i >= 0; i-- {
		stride[i] = step
		step *= max(1, t.Shape[i])
	}
	p.tuple(stride)
	p.code("\x89")
	p.global("collections", "OrderedDict")
	p.code(")RtR")
}
