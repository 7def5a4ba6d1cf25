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
