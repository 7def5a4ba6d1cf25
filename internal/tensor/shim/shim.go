// Package shim holds the C++ beside gotch's wrappers: shim.h declares it for package tensor, its only user. It is a
// package of its own so that a change in tensor's Go files does not compile libtorch's headers again (25 s).
package shim

// #cgo CXXFLAGS: -std=c++17 -Wno-psabi
// #cgo LDFLAGS: -lstdc++ -ltorch_cpu -lc10 -ldl
import "C"
