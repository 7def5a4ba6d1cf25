package tensor

// #include "shim/shim.h"
import "C"

import (
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// FromFloat32 copies data into a new tensor of the given shape.
func FromFloat32(dev Device, data []float32, shape ...int64) Tensor {
	return fromData(dev, Float32, unsafe.Pointer(unsafe.SliceData(data)), len(data), shape)
}

// FromInt64 copies data into a new int64 tensor of the given shape.
func FromInt64(dev Device, data []int64, shape ...int64) Tensor {
	return fromData(dev, Int64, unsafe.Pointer(unsafe.SliceData(data)), len(data), shape)
}

// FromUint8 copies data into a new uint8 tensor of the given shape.
func FromUint8(dev Device, data []uint8, shape ...int64) Tensor {
	return fromData(dev, Uint8, unsafe.Pointer(unsafe.SliceData(data)), len(data), shape)
}

// FromBytes copies row-major little-endian elements into a new tensor.
func FromBytes(dev Device, dtype DType, data []byte, shape ...int64) Tensor {
	size := dtype.Size()
	Check(size > 0, "from bytes", "unknown %v", dtype)
	return fromData(dev, dtype, unsafe.Pointer(unsafe.SliceData(data)), len(data)/size, shape)
}

func fromData(dev Device, dtype DType, data unsafe.Pointer, count int, shape []int64) Tensor {
	checkCount(count, shape)
	th := current()
	return th.made("from data", C.lt_from_data(th.o(), data, dims(shape), C.int(len(shape)), C.int(dtype), C.int(dev)))
}

func checkCount(count int, shape []int64) {
	n := int64(1)
	for _, d := range shape {
		Check(d >= 0, "from data", "negative dimension in shape %v", shape)
		n *= d
	}
	Check(int64(count) == n, "from data", "want %d values for shape %v, got %d", n, shape, count)
}

// Wrap makes a CPU tensor over data without copying. data stays pinned, and must not change, until libtorch drops the
// last reference to it (a graph may hold one); released is called then, from any thread.
func Wrap(data []float32, released func(), shape ...int64) Tensor {
	checkCount(len(data), shape)
	pinner := new(runtime.Pinner)
	pinner.Pin(unsafe.SliceData(data))
	handle := cgo.NewHandle(func() {
		pinner.Unpin()
		if released != nil {
			released()
		}
	})
	th := current()
	m := C.lt_from_blob(th.o(), unsafe.Pointer(unsafe.SliceData(data)), dims(shape), C.int(len(shape)), C.int(Float32), C.uintptr_t(handle))
	if m != nil {
		pinner.Unpin()
		handle.Delete()
	}
	return th.made("wrap", m)
}

//export goReleaseBlob
func goReleaseBlob(h C.uintptr_t) {
	handle := cgo.Handle(h)
	release := handle.Value().(func())
	handle.Delete()
	release()
}

// Empty makes a tensor whose elements are whatever the memory held.
func Empty(dev Device, dtype DType, shape ...int64) Tensor {
	th := current()
	return th.made("empty", C.lt_empty(th.o(), dims(shape), C.int(len(shape)), C.int(dtype), C.int(dev)))
}

// Full makes a tensor of one value.
func Full(dev Device, dtype DType, v float64, shape ...int64) Tensor {
	return Empty(dev, dtype, shape...).Fill_(v)
}

// Zeros makes a tensor of zeros.
func Zeros(dev Device, dtype DType, shape ...int64) Tensor { return Full(dev, dtype, 0, shape...) }

// Arange is 0, 1, ... n-1 as int64.
func Arange(dev Device, n int64) Tensor {
	th := current()
	return th.made("arange", C.lt_arange(th.o(), C.int64_t(n), C.int(dev)))
}

// To converts to a type and device; a tensor that has both already comes back as another handle on the same memory.
func (t Tensor) To(dtype DType, dev Device) Tensor {
	th := current()
	return th.made("to", C.lt_to(th.o(), t.c(), C.int(dtype), C.int(dev)), t)
}

// As converts to a type on the same device.
func (t Tensor) As(dtype DType) Tensor { return t.To(dtype, t.Device()) }

// Contiguous lays the elements out in row-major order.
func (t Tensor) Contiguous() Tensor {
	th := current()
	return th.made("contiguous", C.lt_contiguous(th.o(), t.c(), 0), t)
}

// ChannelsLast lays an [N, C, H, W] tensor out as [N, H, W, C] in memory; its shape stays.
func (t Tensor) ChannelsLast() Tensor {
	th := current()
	return th.made("channels last", C.lt_contiguous(th.o(), t.c(), 2), t)
}
