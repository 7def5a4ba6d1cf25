package tensor

// #include "shim/shim.h"
import "C"

import "github.com/sugarme/gotch/libtch"

// Linear is x wᵀ + b over the last dimension; w is [out, in], b [out] or none.
func (t Tensor) Linear(w, b Tensor) Tensor {
	th := current()
	libtch.AtgLinear(th.out, t.g(), w.g(), b.g())
	return th.result("linear", t, w)
}

// Conv2d convolves [N, C, H, W] with w [out, C, k, k]; b [out] or none.
func (t Tensor) Conv2d(w, b Tensor, stride, padding int64) Tensor {
	th := current()
	return th.made("conv2d", C.lt_conv2d(th.o(), t.c(), w.c(), b.c(), C.int64_t(stride), C.int64_t(padding)), t, w)
}

// ConvTranspose2d is the transposed convolution of [N, C, H, W] with w [C, out, k, k]; b [out] or none.
func (t Tensor) ConvTranspose2d(w, b Tensor, stride, padding, outputPadding int64) Tensor {
	th := current()
	m := C.lt_conv_transpose2d(th.o(), t.c(), w.c(), b.c(), C.int64_t(stride), C.int64_t(padding), C.int64_t(outputPadding))
	return th.made("transposed conv2d", m, t, w)
}

// Fold adds up patches: of t [N, C k k, L], one column for each of L places, which lie stride apart, it makes
// [N, C, h, w], from which padding was cut off on all sides. It is the transposed convolution's second half.
func (t Tensor) Fold(h, w, kernel, padding, stride int64) Tensor {
	th := current()
	size, k, d, p, s := [2]int64{h, w}, [2]int64{kernel, kernel}, [2]int64{1, 1}, [2]int64{padding, padding}, [2]int64{stride, stride}
	libtch.AtgCol2im(th.out, t.g(), size[:], 2, k[:], 2, d[:], 2, p[:], 2, s[:], 2)
	return th.result("fold", t)
}

// BatchNormReLU normalises each channel of [N, C, ...], by the batch in training, which also moves the running statistics
// (in place) by the momentum, by the running statistics otherwise; adds residual, which is none or of t's shape; and with
// relu takes max(0, .). On the CPU with channels last in memory all of it is one kernel in training.
func (t Tensor) BatchNormReLU(residual, w, b, mean, variance Tensor, train bool, momentum, eps float64, relu bool) Tensor {
	th := current()
	m := C.lt_batch_norm_relu(th.o(), t.c(), residual.c(), w.c(), b.c(), mean.c(), variance.c(), flag(train), C.double(momentum), C.double(eps), flag(relu))
	return th.made("batch norm", m, t, residual, w)
}

// LayerNorm normalises over the last dimension.
func (t Tensor) LayerNorm(w, b Tensor, eps float64) Tensor {
	th := current()
	d := [1]int64{w.NumElements()}
	libtch.AtgLayerNorm(th.out, t.g(), d[:], 1, w.g(), b.g(), eps, 1)
	return th.result("layer norm", t, w)
}

// Embedding looks ids (int64, any shape) up in the rows of t [V, D].
func (t Tensor) Embedding(ids Tensor) Tensor {
	th := current()
	libtch.AtgEmbedding(th.out, t.g(), ids.g(), -1, 0, 0)
	return th.result("embedding", t, ids)
}

// Dropout zeroes elements with probability p in training and scales the others by 1/(1-p).
func (t Tensor) Dropout(p float64, train bool) Tensor {
	if !train || p == 0 {
		return t
	}
	th := current()
	libtch.AtgDropout(th.out, t.g(), p, 1)
	return th.result("dropout", t)
}

// MaxPool2d takes the greatest value of each window.
func (t Tensor) MaxPool2d(kernel, stride, padding int64) Tensor {
	th := current()
	return th.made("max pool", C.lt_max_pool2d(th.o(), t.c(), C.int64_t(kernel), C.int64_t(stride), C.int64_t(padding)), t)
}

// AvgPool2d takes the mean of each window.
func (t Tensor) AvgPool2d(kernel, stride int64) Tensor {
	th := current()
	return th.made("average pool", C.lt_avg_pool2d(th.o(), t.c(), C.int64_t(kernel), C.int64_t(stride)), t)
}

// UpsampleBilinear brings [N, C, ., .] to [N, C, h, w], corners not aligned.
func (t Tensor) UpsampleBilinear(h, w int64) Tensor {
	th := current()
	return th.made("upsample", C.lt_upsample(th.o(), t.c(), C.int64_t(h), C.int64_t(w), 1), t)
}

// UpsampleNearest brings [N, C, ., .] to [N, C, h, w] by the nearest neighbour.
func (t Tensor) UpsampleNearest(h, w int64) Tensor {
	th := current()
	return th.made("upsample", C.lt_upsample(th.o(), t.c(), C.int64_t(h), C.int64_t(w), 0), t)
}

// Attention is softmax(q kᵀ / sqrt(E) + mask) v over [N, A, L, E]. mask is none, bool (true: attend) or added, and
// broadcasts to [N, A, Lq, Lk]; causal instead hides what comes later. dropout falls on the probabilities.
//
// On the CPU it computes in float32 also where autocast has made its inputs bfloat16: libtorch 2.11's bfloat16 kernel
// takes 91 instead of 15 ms forward and backward for 64 sequences of 57 tokens, width 128, two threads.
func Attention(q, k, v, mask Tensor, dropout float64, causal bool) Tensor { // [N, A, Lq, E]
	if q.DType() == BFloat16 && q.Device() == CPU {
		defer Autocast(CPU, Float32)()
		q, k, v = q.As(Float32), k.As(Float32), v.As(Float32)
	}
	th := current()
	return th.made("attention", C.lt_sdpa(th.o(), q.c(), k.c(), v.c(), mask.c(), C.double(dropout), flag(causal)), q, k, v)
}

// ReLU is max(t, 0).
func (t Tensor) ReLU() Tensor {
	th := current()
	libtch.AtgRelu(th.out, t.g())
	return th.result("relu", t)
}

// ReLU_ is ReLU in place, which saves a block of memory where nothing needs t's old value.
func (t Tensor) ReLU_() Tensor {
	done("relu in place", C.lt_relu_(t.c()), t)
	return t
}

// LeakyReLU is t where positive, slope times t elsewhere.
func (t Tensor) LeakyReLU(slope float64) Tensor {
	th := current()
	return th.made("leaky relu", C.lt_leaky_relu(th.o(), t.c(), C.double(slope)), t)
}

// GELU is the exact form, by the error function (BERT).
func (t Tensor) GELU() Tensor {
	th := current()
	return th.made("gelu", C.lt_gelu(th.o(), t.c(), 0), t)
}

// GELUTanh is the approximation by tanh (GPT-2).
func (t Tensor) GELUTanh() Tensor {
	th := current()
	return th.made("gelu", C.lt_gelu(th.o(), t.c(), 1), t)
}

// Sigmoid is 1/(1+e^-t).
func (t Tensor) Sigmoid() Tensor {
	th := current()
	libtch.AtgSigmoid(th.out, t.g())
	return th.result("sigmoid", t)
}

// Tanh is the hyperbolic tangent.
func (t Tensor) Tanh() Tensor {
	th := current()
	libtch.AtgTanh(th.out, t.g())
	return th.result("tanh", t)
}

// Softmax is e^t divided by its sum along a dimension.
func (t Tensor) Softmax(dim int64) Tensor {
	th := current()
	libtch.AtgSoftmax(th.out, t.g(), dim, int32(t.DType()))
	return th.result("softmax", t)
}

// LogSoftmax is the logarithm of Softmax.
func (t Tensor) LogSoftmax(dim int64) Tensor {
	th := current()
	libtch.AtgLogSoftmax(th.out, t.g(), dim, int32(t.DType()))
	return th.result("log softmax", t)
}

// CrossEntropy is the mean over rows of -log softmax(t)[target]; t is [N, V], target [N] int64. Rows whose target is
// ignore are left out of the mean.
func (t Tensor) CrossEntropy(target Tensor, ignore int64) Tensor { // []
	th := current()
	libtch.AtgCrossEntropyLoss(th.out, t.g(), target.g(), nil, 1, ignore, 0)
	return th.result("cross entropy", t, target)
}

// CrossEntropies is each row's -log softmax(t)[target], 0 where the target is ignore; shapes are CrossEntropy's.
func (t Tensor) CrossEntropies(target Tensor, ignore int64) Tensor { // [N]
	th := current()
	libtch.AtgCrossEntropyLoss(th.out, t.g(), target.g(), nil, 0, ignore, 0)
	return th.result("cross entropies", t, target)
}
