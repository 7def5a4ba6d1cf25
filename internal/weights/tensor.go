package weights

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Tensor is a named array in row-major order. Shape is empty for a single value. Data may lie in a mapped file: see
// the package comment.
type Tensor struct {
	Name  string
	DType DType
	Shape []int64
	Data  []byte // little-endian, contiguous
}

// NewFloat32 makes an F32 tensor of a copy of values. len(values) must be the product of shape.
func NewFloat32(name string, shape []int64, values []float32) (Tensor, error) {
	t := Tensor{Name: name, DType: F32, Shape: shape, Data: make([]byte, 0, 4*len(values))}
	for _, v := range values {
		t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(v))
	}
	return t, t.check()
}

// NewInt64 makes an I64 tensor of a copy of values. len(values) must be the product of shape.
func NewInt64(name string, shape []int64, values []int64) (Tensor, error) {
	t := Tensor{Name: name, DType: I64, Shape: shape, Data: make([]byte, 0, 8*len(values))}
	for _, v := range values {
		t.Data = binary.LittleEndian.AppendUint64(t.Data, uint64(v))
	}
	return t, t.check()
}

// Len is the number of elements.
func (t Tensor) Len() int64 {
	n, _ := elementCount(t.Shape)
	return n
}

// check says whether type, shape and bytes agree.
func (t Tensor) check() error {
	size := t.DType.Size()
	if size == 0 {
		return fmt.Errorf("tensor %q: unknown dtype %q", t.Name, t.DType)
	}
	n, ok := elementCount(t.Shape)
	if ok {
		n, ok = mul(n, size)
	}
	if !ok {
		return fmt.Errorf("tensor %q: shape %v is negative or too large", t.Name, t.Shape)
	}
	if n != int64(len(t.Data)) {
		return fmt.Errorf("tensor %q: want %d bytes for %s %v, got %d", t.Name, n, t.DType, t.Shape, len(t.Data))
	}
	return nil
}

// Float32s gives the elements as float32, in row-major order; F64 and integers are rounded to the nearest, BOOL
// becomes 0 or 1.
func (t Tensor) Float32s() ([]float32, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	out := make([]float32, t.Len())
	le, data := binary.LittleEndian, t.Data
	switch t.DType {
	case F32:
		for i := range out {
			out[i] = math.Float32frombits(le.Uint32(data[4*i:]))
		}
	case F64:
		for i := range out {
			out[i] = float32(math.Float64frombits(le.Uint64(data[8*i:])))
		}
	case F16:
		for i := range out {
			out[i] = halfToFloat(le.Uint16(data[2*i:]))
		}
	case BF16:
		for i := range out {
			out[i] = math.Float32frombits(uint32(le.Uint16(data[2*i:])) << 16)
		}
	default:
		ints, err := t.Int64s()
		if err != nil {
			return nil, err
		}
		for i, v := range ints {
			out[i] = float32(v)
		}
	}
	return out, nil
}

// Int64s gives the elements of an integer or BOOL tensor, in row-major order. A floating-point tensor is an error.
func (t Tensor) Int64s() ([]int64, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	out := make([]int64, t.Len())
	le, data := binary.LittleEndian, t.Data
	for i := range out {
		switch t.DType {
		case I64:
			out[i] = int64(le.Uint64(data[8*i:]))
		case I32:
			out[i] = int64(int32(le.Uint32(data[4*i:])))
		case I16:
			out[i] = int64(int16(le.Uint16(data[2*i:])))
		case I8:
			out[i] = int64(int8(data[i]))
		case U8, Bool:
			out[i] = int64(data[i])
		default:
			return nil, fmt.Errorf("tensor %q: want integers, got %s", t.Name, t.DType)
		}
	}
	return out, nil
}

// halfToFloat widens an IEEE 754 half: 1 sign, 5 exponent (bias 15), 10 fraction bits. Every half is a float32.
func halfToFloat(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent, fraction := uint32(h>>10&0x1F), uint32(h&0x3FF)
	switch exponent {
	case 0: // zero or subnormal: fraction * 2^-24, which float32 holds exactly
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*(1.0/(1<<24))))
	case 0x1F: // infinity or NaN
		return math.Float32frombits(sign | 0xFF<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
