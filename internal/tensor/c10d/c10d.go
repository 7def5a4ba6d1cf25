// Package c10d holds the C++ of many processes that train one model, over libtorch's own c10d: c10d.h declares it for
// package tensor, its only user. It is a package of its own because its headers take half a minute to compile.
package c10d

// #cgo CXXFLAGS: -std=c++17
// #cgo LDFLAGS: -lstdc++ -ltorch_cpu -lc10 -ldl
import "C"
