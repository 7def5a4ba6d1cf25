package nn

import "plip/internal/tensor"

// LayerNorm normalises over the last dimension.
type LayerNorm struct {
	Weight, Bias tensor.Tensor // [D]
	eps          float64
}

// NewLayerNorm makes "weight" one and "bias" zero.
func NewLayerNorm(path Path, d int64, eps float64) *LayerNorm {
	return &LayerNorm{path.Param("weight", Constant(1), d), path.Param("bias", Constant(0), d), eps}
}

// Forward keeps the shape [..., D].
func (l *LayerNorm) Forward(x tensor.Tensor) tensor.Tensor {
	return x.LayerNorm(l.Weight, l.Bias, l.eps)
}

// BatchNorm normalises each channel of [N, C, H, W]. Momentum 0.1 and eps 1e-5, PyTorch's defaults.
type BatchNorm struct {
	Weight, Bias, Mean, Variance tensor.Tensor // [C]
	Batches                      tensor.Tensor // [] int64, how many batches moved the statistics
}

// NewBatchNorm makes "weight" (filled with gamma), "bias" and the buffers "running_mean", "running_var" and
// "num_batches_tracked".
func NewBatchNorm(path Path, c int64, gamma float64) *BatchNorm {
	return &BatchNorm{path.Param("weight", Constant(gamma), c), path.Param("bias", Constant(0), c),
		path.Buffer("running_mean", Constant(0), c), path.Buffer("running_var", Constant(1), c), path.Counter("num_batches_tracked")}
}

// Twin is the same layer with statistics of its own, made under path: for inputs of another kind.
func (b *BatchNorm) Twin(path Path) *BatchNorm {
	c := b.Weight.Dim(0)
	return &BatchNorm{b.Weight, b.Bias, path.Buffer("running_mean", Constant(0), c), path.Buffer("running_var", Constant(1), c), path.Counter("num_batches_tracked")}
}

// Forward normalises by the batch in training, and moves the running statistics; otherwise by these.
func (b *BatchNorm) Forward(x tensor.Tensor, train bool) tensor.Tensor {
	return b.forward(x, tensor.Tensor{}, train, false)
}

// ForwardReLU is Forward followed by ReLU, with less traffic on memory.
func (b *BatchNorm) ForwardReLU(x tensor.Tensor, train bool) tensor.Tensor {
	return b.forward(x, tensor.Tensor{}, train, true)
}

// ForwardAddReLU is the end of a residual block: ReLU of Forward of x plus the residual, which has x's shape.
func (b *BatchNorm) ForwardAddReLU(x, residual tensor.Tensor, train bool) tensor.Tensor {
	return b.forward(x, residual, train, true)
}

func (b *BatchNorm) forward(x, residual tensor.Tensor, train, relu bool) tensor.Tensor {
	if train {
		b.Batches.Increment_()
	}
	return x.BatchNormReLU(residual, b.Weight, b.Bias, b.Mean, b.Variance, train, 0.1, 1e-5, relu)
}
