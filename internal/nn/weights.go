package nn

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"plip/internal/tensor"
	"plip/internal/weights"
)

// dtypes pairs the element types of files with libtorch's.
var dtypes = map[weights.DType]tensor.DType{weights.F64: tensor.Float64, weights.F32: tensor.Float32, weights.F16: tensor.Float16,
	weights.BF16: tensor.BFloat16, weights.I64: tensor.Int64, weights.I32: tensor.Int32, weights.I16: tensor.Int16, weights.I8: tensor.Int8,
	weights.U8: tensor.Uint8, weights.Bool: tensor.Bool}

// FromWeights makes a tensor of the scope in force from one of a file.
func FromWeights(dev tensor.Device, w weights.Tensor) (tensor.Tensor, error) {
	d, ok := dtypes[w.DType]
	if !ok {
		return tensor.Tensor{}, fmt.Errorf("%s: element type %s has no counterpart", w.Name, w.DType)
	}
	return tensor.FromBytes(dev, d, w.Data, w.Shape...), nil
}

// ToWeights copies a tensor to Go memory under a name, to be written to a file.
func ToWeights(name string, t tensor.Tensor) (weights.Tensor, error) {
	for f, d := range dtypes {
		if d == t.DType() {
			return weights.Tensor{Name: name, DType: f, Shape: t.Shape(), Data: t.Bytes()}, nil
		}
	}
	return weights.Tensor{}, fmt.Errorf("%s: element type %s has no counterpart", name, t.DType())
}

// Weights copies all parameters and buffers to Go memory, in the order of construction.
func (s *Store) Weights() ([]weights.Tensor, error) {
	out := make([]weights.Tensor, 0, len(s.params))
	for _, p := range s.params {
		w, err := ToWeights(p.Name, p.Tensor)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// Restore overwrites t by a source's tensor of a name.
func Restore(t tensor.Tensor, src Source, name string) error { return copyOver(t, src, name) }

// Fingerprint is a short hash of all names and values: two stores that have it in common hold the same model.
func (s *Store) Fingerprint() (string, error) { return s.FingerprintOf("") }

// FingerprintOf is Fingerprint of the parameters and buffers whose names begin with one of the prefixes.
func (s *Store) FingerprintOf(prefixes ...string) (string, error) {
	h := sha256.New()
	for _, p := range s.params {
		if !slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(p.Name, prefix) }) {
			continue
		}
		w, err := ToWeights(p.Name, p.Tensor)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %s %v\n", w.Name, w.DType, w.Shape)
		h.Write(w.Data)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}
