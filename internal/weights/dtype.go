package weights

import (
	"math"
	"math/bits"
	"slices"
)

// DType is an element type, spelled as in safetensors.
type DType string

// The element types that are read and written. All are little-endian; BOOL is one byte, 0 or 1.
const (
	F64  DType = "F64"
	F32  DType = "F32"
	F16  DType = "F16"
	BF16 DType = "BF16"
	I64  DType = "I64"
	I32  DType = "I32"
	I16  DType = "I16"
	I8   DType = "I8"
	U8   DType = "U8"
	Bool DType = "BOOL"
)

// Size is the size of an element in bytes; 0 for an unknown type.
func (d DType) Size() int64 {
	switch d {
	case F64, I64:
		return 8
	case F32, I32:
		return 4
	case F16, BF16, I16:
		return 2
	case I8, U8, Bool:
		return 1
	}
	return 0
}

// elementCount is the product of a shape's sizes; false if one is negative or the product exceeds an int64.
func elementCount(shape []int64) (int64, bool) {
	if slices.ContainsFunc(shape, func(d int64) bool { return d < 0 }) {
		return 0, false
	}
	if slices.Contains(shape, 0) {
		return 0, true
	}
	n, ok := int64(1), true
	for _, d := range shape {
		if n, ok = mul(n, d); !ok {
			return 0, false
		}
	}
	return n, true
}

// mul multiplies two numbers that are not negative; false on overflow.
func mul(a, b int64) (int64, bool) {
	high, low := bits.Mul64(uint64(a), uint64(b))
	return int64(low), high == 0 && low <= math.MaxInt64
}

// add adds two numbers that are not negative; false on overflow.
func add(a, b int64) (int64, bool) {
	sum := a + b
	return sum, sum >= 0
}
