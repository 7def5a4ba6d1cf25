package tensor

// #include <stdlib.h>
// #include "shim/shim.h"
import "C"

import (
	"sync/atomic"
	"unsafe"
)

// Seed seeds libtorch's generators.
func Seed(seed int64) { C.lt_seed(C.int64_t(seed)) }

// RNGState is the state of the CPU generator as a uint8 tensor.
func RNGState() Tensor {
	th := current()
	return th.made("generator state", C.lt_rng_get(th.o()))
}

// SetRNGState restores what RNGState returned.
func SetRNGState(state Tensor) { done("set generator state", C.lt_rng_set(state.c()), state) }

// Deterministic makes operations that have no deterministic form fail instead of running.
func Deterministic(on bool) { C.lt_deterministic(flag(on)) }

// threadsPerOp is what SetThreads asked for, 0 when nobody did.
var threadsPerOp atomic.Int32

// SetThreads sets how many threads one operation may use: of the calling thread from now on, of others from the next
// outermost Do. OpenMP keeps the number by thread, and a goroutine has no thread of its own before it opens a scope.
func SetThreads(n int) {
	threadsPerOp.Store(int32(n))
	C.lt_set_threads(C.int(n))
}

// Threads is how many threads one operation may use.
func Threads() int { return int(C.lt_get_threads()) }

// TrackMemory starts counting the bytes of this thread's CPU tensors from now, or stops.
func TrackMemory(on bool) { C.lt_memory_track(flag(on)) }

// Memory is the bytes that live since TrackMemory, and their peak: how much autograd keeps between forward and backward.
func Memory() (live, peak int64) { return int64(C.lt_memory_live()), int64(C.lt_memory_peak()) }

// OpenCUDA loads libtorch's CUDA library. It must come before anything asks for CUDA devices: the first answer stays.
func OpenCUDA(library string) error {
	p := C.CString(library)
	defer C.free(unsafe.Pointer(p))
	return asError(C.lt_cuda_open(p))
}

// CUDADevices is how many CUDA devices libtorch sees.
func CUDADevices() int { return int(C.lt_cuda_count()) }

// OpenCUDAExtra opens libplip_cuda.so: NCCL, graphs and what is told of devices. It comes after OpenCUDA.
func OpenCUDAExtra(library string) error {
	p := C.CString(library)
	defer C.free(unsafe.Pointer(p))
	return asError(C.lt_cuda_extra_open(p))
}

// NCCL is the version of NCCL that libplip_cuda.so was compiled for, "" where it is not open.
func NCCL() string { return C.GoString(C.lt_cuda_nccl()) }

// CUDADevice is what a CUDA device says of itself.
type CUDADevice struct {
	Name   string
	UUID   string // 32 digits: the same device has the same in every process
	Memory int64  // bytes
}

// Describe tells of a CUDA device.
func (d Device) Describe() (CUDADevice, error) {
	var p C.lt_cuda_device
	if err := asError(C.lt_cuda_describe(C.int(d), &p)); err != nil {
		return CUDADevice{}, err
	}
	return CUDADevice{C.GoString(&p.name[0]), C.GoString(&p.uuid[0]), int64(p.memory)}, nil
}

// Synchronize waits until a CUDA device has done all that it was asked to. There is nothing to wait for on the CPU.
func Synchronize(d Device) {
	if d != CPU {
		done("synchronize", C.lt_cuda_synchronize(C.int(d)))
	}
}

// MemoryUse is how many bytes of a CUDA device this process uses.
type MemoryUse struct {
	Allocated, AllocatedPeak int64 // by tensors
	Reserved, ReservedPeak   int64 // held of the device for them
}

// MemoryUse asks libtorch's allocator.
func (d Device) MemoryUse() (MemoryUse, error) {
	var u C.lt_cuda_memory_use
	if err := asError(C.lt_cuda_memory(C.int(d), &u)); err != nil {
		return MemoryUse{}, err
	}
	return MemoryUse{int64(u.allocated), int64(u.allocated_peak), int64(u.reserved), int64(u.reserved_peak)}, nil
}

// BuildText describes the libtorch in use: CPU capability, threading, BLAS.
func BuildText() string {
	p := C.lt_build_text()
	defer C.lt_free_message(p)
	return C.GoString(p)
}

// SaveArchive writes named tensors as a pickle archive that Python's torch.load(weights_only=True) opens as a dictionary.
func SaveArchive(path string, names []string, tensors []Tensor) error {
	c := make([]*C.char, len(names))
	for i, n := range names {
		c[i] = C.CString(n)
		defer C.free(unsafe.Pointer(c[i]))
	}
	p := C.CString(path)
	defer C.free(unsafe.Pointer(p))
	return asError(C.lt_save_archive(p, unsafe.SliceData(c), pointers(tensors), C.int(len(tensors))))
}
