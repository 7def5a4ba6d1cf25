package tensor

// #include "shim/shim.h"
import "C"

import "github.com/sugarme/gotch/libtch"

// keep is the C form of a flag.
func keep(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// Sum adds up all elements.
func (t Tensor) Sum() Tensor { // []
	th := current()
	libtch.AtgSum(th.out, t.g(), int32(t.sumType()))
	return th.result("sum", t)
}

// Mean is the mean of all elements.
func (t Tensor) Mean() Tensor { // []
	th := current()
	libtch.AtgMean(th.out, t.g(), int32(t.DType()))
	return th.result("mean", t)
}

// SumDim adds up along dimensions; keepDim leaves them with size 1.
func (t Tensor) SumDim(keepDim bool, dim ...int64) Tensor {
	th := current()
	libtch.AtgSumDimIntlist(th.out, t.g(), dim, len(dim), keep(keepDim), int32(t.sumType()))
	return th.result("sum", t)
}

// MeanDim is the mean along dimensions.
func (t Tensor) MeanDim(keepDim bool, dim ...int64) Tensor {
	th := current()
	libtch.AtgMeanDim(th.out, t.g(), dim, len(dim), keep(keepDim), int32(t.DType()))
	return th.result("mean", t)
}

// sumType is the type that sums are kept in: whole numbers and truth values add up as int64.
func (t Tensor) sumType() DType {
	switch d := t.DType(); d {
	case Float16, BFloat16, Float32, Float64:
		return d
	}
	return Int64
}

// MaxDim is the greatest element along dimensions.
func (t Tensor) MaxDim(keepDim bool, dim ...int64) Tensor {
	th := current()
	return th.made("max", C.lt_amax(th.o(), t.c(), dims(dim), C.int(len(dim)), flag(keepDim)), t)
}

// ArgMax is the first index of the greatest element along a dimension.
func (t Tensor) ArgMax(dim int64) Tensor { // int64
	th := current()
	libtch.AtgArgmax(th.out, t.g(), dim, 0, 0)
	return th.result("argmax", t)
}

// NormDim is the Euclidean norm along a dimension.
func (t Tensor) NormDim(dim int64, keepDim bool) Tensor {
	th := current()
	return th.made("norm", C.lt_norm_dim(th.o(), t.c(), C.int64_t(dim), flag(keepDim)), t)
}

// Normalize divides by the Euclidean norm along a dimension, the norm raised to at least 1e-12.
func (t Tensor) Normalize(dim int64) Tensor { return t.Div(t.NormDim(dim, true).ClampMin(1e-12)) }

// TopK returns the k greatest elements along a dimension, greatest first, with their indices.
func (t Tensor) TopK(k, dim int64) (values, indices Tensor) { // indices int64
	values = t.pair("top k", func(out *libtch.Ctensor) { libtch.AtgTopk(out, t.g(), k, dim, 1, 1) }, &indices)
	return values, indices
}

// NonZero lists the places of a vector's elements that are not zero.
func (t Tensor) NonZero() Tensor { // [R] int64
	return Block(func() Tensor {
		th := current()
		libtch.AtgNonzero(th.out, t.g())
		return th.result("nonzero", t).Squeeze(1)
	})
}
