package nn

import (
	"math"

	"plip/internal/tensor"
)

// Init fills a new tensor. Random ones draw from libtorch's generator of the thread.
type Init func(t tensor.Tensor)

// Constant fills with one value.
func Constant(v float64) Init { return func(t tensor.Tensor) { t.Fill_(v) } }

// Normal draws from a normal distribution of mean 0.
func Normal(std float64) Init { return func(t tensor.Tensor) { t.Normal_(0, std) } }

// FanIn draws uniformly from ±1/sqrt(n), n the inputs of one output: PyTorch's default for linear layers and
// convolutions, and for their biases (n then is the weight's).
func FanIn(n int64) Init {
	bound := 1 / math.Sqrt(float64(n))
	return func(t tensor.Tensor) { t.Uniform_(-bound, bound) }
}

// KaimingNormal draws from a normal distribution of standard deviation sqrt(2/n): ResNet's convolutions, n their
// outputs times the kernel's area.
func KaimingNormal(n int64) Init { return Normal(math.Sqrt(2 / float64(n))) }
