package nn

import "plip/internal/tensor"

// Conv2d convolves [N, C, H, W] with square kernels.
type Conv2d struct {
	Weight, Bias    tensor.Tensor // [out, in, k, k], [out] or none
	stride, padding int64
}

// NewConv2d makes "weight" and, with bias, "bias", with PyTorch's default initialisation.
func NewConv2d(path Path, in, out, kernel, stride, padding int64, bias bool) *Conv2d {
	c := &Conv2d{Weight: path.Param("weight", FanIn(in*kernel*kernel), out, in, kernel, kernel), stride: stride, padding: padding}
	if bias {
		c.Bias = path.Param("bias", FanIn(in*kernel*kernel), out)
	}
	return c
}

// Forward gives [N, out, H', W'].
func (c *Conv2d) Forward(x tensor.Tensor) tensor.Tensor {
	return x.Conv2d(c.Weight, c.Bias, c.stride, c.padding)
}

// ConvTranspose2d is the transposed convolution with square kernels.
type ConvTranspose2d struct {
	Weight, Bias                   tensor.Tensor // [in, out, k, k], [out]
	stride, padding, outputPadding int64
}

// NewConvTranspose2d makes "weight" and "bias" with PyTorch's default initialisation.
func NewConvTranspose2d(path Path, in, out, kernel, stride, padding, outputPadding int64) *ConvTranspose2d {
	fan := out * kernel * kernel // PyTorch counts the second dimension
	return &ConvTranspose2d{path.Param("weight", FanIn(fan), in, out, kernel, kernel), path.Param("bias", FanIn(fan), out), stride, padding, outputPadding}
}

// Forward gives [N, out, H', W'].
func (c *ConvTranspose2d) Forward(x tensor.Tensor) tensor.Tensor {
	return x.ConvTranspose2d(c.Weight, c.Bias, c.stride, c.padding, c.outputPadding)
}
