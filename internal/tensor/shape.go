package tensor

// #include <stdlib.h>
// #include "shim/shim.h"
import "C"

import (
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// pair runs a call that leaves two tensors.
func (t Tensor) pair(op string, call func(out *libtch.Ctensor), second *Tensor) Tensor {
	th := current()
	two := (*[2]libtch.Ctensor)(C.calloc(2, C.size_t(unsafe.Sizeof(uintptr(0)))))
	defer C.free(unsafe.Pointer(two))
	call(&two[0])
	if two[0] == nil || two[1] == nil {
		fail(op, lastError(), []Tensor{t})
	}
	*second = th.own(unsafe.Pointer(two[1]))
	return th.own(unsafe.Pointer(two[0]))
}

// Reshape gives the elements another shape; one dimension may be -1. It copies only where it must.
func (t Tensor) Reshape(shape ...int64) Tensor {
	th := current()
	libtch.AtgReshape(th.out, t.g(), shape, len(shape))
	return th.result("reshape", t)
}

// Transpose exchanges two dimensions.
func (t Tensor) Transpose(a, b int64) Tensor {
	th := current()
	libtch.AtgTranspose(th.out, t.g(), a, b)
	return th.result("transpose", t)
}

// Permute reorders the dimensions.
func (t Tensor) Permute(order ...int64) Tensor {
	th := current()
	libtch.AtgPermute(th.out, t.g(), order, len(order))
	return th.result("permute", t)
}

// Unsqueeze adds a dimension of size 1.
func (t Tensor) Unsqueeze(dim int64) Tensor {
	th := current()
	libtch.AtgUnsqueeze(th.out, t.g(), dim)
	return th.result("unsqueeze", t)
}

// Squeeze takes away a dimension of size 1.
func (t Tensor) Squeeze(dim int64) Tensor {
	th := current()
	libtch.AtgSqueezeDim(th.out, t.g(), dim)
	return th.result("squeeze", t)
}

// Expand repeats dimensions of size 1 without copying; -1 keeps a dimension.
func (t Tensor) Expand(shape ...int64) Tensor {
	th := current()
	libtch.AtgExpand(th.out, t.g(), shape, len(shape), 0)
	return th.result("expand", t)
}

// Narrow is the part from start, length long, along a dimension. It shares t's memory.
func (t Tensor) Narrow(dim, start, length int64) Tensor {
	th := current()
	libtch.AtgNarrow(th.out, t.g(), dim, start, length)
	return th.result("narrow", t)
}

// Select is the slice at one index of a dimension, which goes away. It shares t's memory.
func (t Tensor) Select(dim, index int64) Tensor {
	th := current()
	libtch.AtgSelect(th.out, t.g(), dim, index)
	return th.result("select", t)
}

// IndexSelect gathers slices along a dimension by an int64 vector.
func (t Tensor) IndexSelect(dim int64, index Tensor) Tensor {
	th := current()
	libtch.AtgIndexSelect(th.out, t.g(), dim, index.g())
	return th.result("index select", t, index)
}

// IndexCopy_ overwrites the slices of t along a dimension that index (an int64 vector) names by those of from, in order.
func (t Tensor) IndexCopy_(dim int64, index, from Tensor) Tensor {
	done("index copy", C.lt_index_copy_(t.c(), C.int64_t(dim), index.c(), from.c()), t, index, from)
	return t
}

// Gather takes, for each place of index, the element at that index along a dimension.
func (t Tensor) Gather(dim int64, index Tensor) Tensor {
	th := current()
	libtch.AtgGather(th.out, t.g(), dim, index.g(), 0)
	return th.result("gather", t, index)
}

// Flip reverses along dimensions.
func (t Tensor) Flip(dim ...int64) Tensor {
	th := current()
	libtch.AtgFlip(th.out, t.g(), dim, len(dim))
	return th.result("flip", t)
}

// Cat joins tensors along a dimension.
func Cat(dim int64, ts ...Tensor) Tensor {
	th := current()
	libtch.AtgCat(th.out, handles(ts), len(ts), dim)
	return th.result("cat", ts...)
}

// Stack joins tensors of one shape along a new dimension.
func Stack(dim int64, ts ...Tensor) Tensor {
	th := current()
	libtch.AtgStack(th.out, handles(ts), len(ts), dim)
	return th.result("stack", ts...)
}

func handles(ts []Tensor) []libtch.Ctensor {
	v := make([]libtch.Ctensor, len(ts))
	for i, t := range ts {
		v[i] = t.g()
	}
	return v
}
