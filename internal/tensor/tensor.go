package tensor

// #include "shim/shim.h"
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/sugarme/gotch/libtch"

	_ "plip/internal/tensor/shim" // links the C++ that shim.h declares
)

// Tensor is a handle over one libtorch tensor. The zero value is no tensor; as an optional argument it means "none".
type Tensor struct{ p unsafe.Pointer }

func (t Tensor) c() C.tensor        { return C.tensor(t.p) }
func (t Tensor) g() libtch.Ctensor  { return libtch.Ctensor(t.p) }
func (th *thread) o() *C.tensor     { return (*C.tensor)(unsafe.Pointer(th.out)) }
func (t Tensor) Defined() bool      { return t.p != nil }
func pointers(v []Tensor) *C.tensor { return (*C.tensor)(unsafe.Pointer(unsafe.SliceData(v))) }
func dims(v []int64) *C.int64_t     { return (*C.int64_t)(unsafe.Pointer(unsafe.SliceData(v))) }
func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// DType is the type of a tensor's elements, with libtorch's numbers.
type DType int

// The element types in use.
const (
	Uint8    DType = 0
	Int8     DType = 1
	Int16    DType = 2
	Int32    DType = 3
	Int64    DType = 4
	Float16  DType = 5
	Float32  DType = 6
	Float64  DType = 7
	Bool     DType = 11
	BFloat16 DType = 15
)

// Size is the bytes of one element, 0 for an unknown type.
func (d DType) Size() int {
	switch d {
	case Uint8, Int8, Bool:
		return 1
	case Int16, Float16, BFloat16:
		return 2
	case Int32, Float32:
		return 4
	case Int64, Float64:
		return 8
	}
	return 0
}

func (d DType) String() string {
	names := map[DType]string{Uint8: "uint8", Int8: "int8", Int16: "int16", Int32: "int32", Int64: "int64", Float16: "float16",
		Float32: "float32", Float64: "float64", Bool: "bool", BFloat16: "bfloat16"}
	if s, ok := names[d]; ok {
		return s
	}
	return fmt.Sprintf("dtype(%d)", int(d))
}

// Device is where a tensor lives: CPU, or a CUDA device by its index from 0.
type Device int

// CPU is the host.
const CPU Device = -1

func (d Device) String() string {
	if d < 0 {
		return "cpu"
	}
	return fmt.Sprintf("cuda:%d", int(d))
}

const maxRank = 8

// Shape returns the tensor's dimensions.
func (t Tensor) Shape() []int64 {
	var d [maxRank]int64
	var rank C.int
	done("shape", C.lt_shape(t.c(), (*C.int64_t)(unsafe.Pointer(&d[0])), maxRank, &rank))
	return append([]int64(nil), d[:rank]...)
}

// Dims2 returns the dimensions of a matrix; another rank unwinds.
func (t Tensor) Dims2() (a, b int64) {
	s := t.Shape()
	Check(len(s) == 2, "dims", "want rank 2, got shape %v", s)
	return s[0], s[1]
}

// Dims3 returns the dimensions of a rank 3 tensor; another rank unwinds.
func (t Tensor) Dims3() (a, b, c int64) {
	s := t.Shape()
	Check(len(s) == 3, "dims", "want rank 3, got shape %v", s)
	return s[0], s[1], s[2]
}

// Dims4 returns the dimensions of a rank 4 tensor; another rank unwinds.
func (t Tensor) Dims4() (a, b, c, d int64) {
	s := t.Shape()
	Check(len(s) == 4, "dims", "want rank 4, got shape %v", s)
	return s[0], s[1], s[2], s[3]
}

// Dim is the size along one dimension, negative counted from the last.
func (t Tensor) Dim(i int) int64 {
	s := t.Shape()
	if i < 0 {
		i += len(s)
	}
	Check(i >= 0 && i < len(s), "dim", "no dimension %d in shape %v", i, s)
	return s[i]
}

// NumElements is the product of the dimensions.
func (t Tensor) NumElements() int64 { return int64(C.lt_numel(t.c())) }

// DType is the type of the elements.
func (t Tensor) DType() DType { return DType(C.lt_dtype(t.c())) }

// Device is where the tensor lives.
func (t Tensor) Device() Device { return Device(C.lt_device(t.c())) }

// Free releases a tensor that its caller owns (Keep, or Give from an outermost scope). What a scope holds is the scope's.
func (t Tensor) Free() {
	if t.p != nil {
		C.lt_free(t.c())
		live.Add(-1)
	}
}

// Float32s copies the tensor to Go memory in row-major order, converted to float32.
func (t Tensor) Float32s() []float32 {
	v := make([]float32, t.NumElements())
	done("copy", C.lt_copy_out(t.c(), unsafe.Pointer(unsafe.SliceData(v)), C.int(Float32), C.int64_t(len(v))), t)
	return v
}

// CopyFloat32s copies the tensor to dst, whose length must be the number of its elements.
func (t Tensor) CopyFloat32s(dst []float32) {
	done("copy", C.lt_copy_out(t.c(), unsafe.Pointer(unsafe.SliceData(dst)), C.int(Float32), C.int64_t(len(dst))), t)
}

// Int64s copies the tensor to Go memory in row-major order, converted to int64.
func (t Tensor) Int64s() []int64 {
	v := make([]int64, t.NumElements())
	done("copy", C.lt_copy_out(t.c(), unsafe.Pointer(unsafe.SliceData(v)), C.int(Int64), C.int64_t(len(v))), t)
	return v
}

// Bytes copies the tensor's elements in row-major order as they are in memory (little-endian).
func (t Tensor) Bytes() []byte {
	n := t.NumElements()
	v := make([]byte, int(n)*t.DType().Size())
	done("copy", C.lt_copy_out(t.c(), unsafe.Pointer(unsafe.SliceData(v)), C.int(t.DType()), C.int64_t(n)), t)
	return v
}

// Item is the value of a tensor of one element. On a CUDA device this waits for it.
func (t Tensor) Item() float64 {
	var v float64
	done("item", C.lt_copy_out(t.c(), unsafe.Pointer(&v), C.int(Float64), 1), t)
	return v
}
