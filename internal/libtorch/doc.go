// Package libtorch knows which libtorch this program is built for and what of it the machine has.
//
// libtorch comes from the PyPI wheel of torch: setup.sh fetches the pinned version, checks its hash and unpacks the
// libraries into a cache folder outside the repository; the linker writes that folder into the binary, and beside it
// $ORIGIN/lib, for a copy that carries its libraries along. gotch_compat.h stands in for the functions of gotch's C
// layer that this libtorch lacks, cxx.sh is the compiler of the build.
//
// What needs CUDA's headers is compiled by setup.sh apart from the program, into libplip_cuda.so in libtorch's folder
// (internal/tensor/cuda), and opened where libtorch's CUDA library is. The build itself needs no CUDA.
//
// The Go side reads what is in use out of /proc. It is free of cgo.
package libtorch
