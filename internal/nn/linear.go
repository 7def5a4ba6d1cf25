package nn

import "plip/internal/tensor"

// Linear is x Wᵀ + b over the last dimension.
type Linear struct{ Weight, Bias tensor.Tensor } // [out, in], [out] or none

// NewLinear makes "weight" and "bias" with PyTorch's default initialisation.
func NewLinear(path Path, in, out int64) *Linear {
	return &Linear{path.Param("weight", FanIn(in), out, in), path.Param("bias", FanIn(in), out)}
}

// NewLinearInit makes "weight" by init and "bias" zero; with bias false there is none.
func NewLinearInit(path Path, in, out int64, init Init, bias bool) *Linear {
	l := &Linear{Weight: path.Param("weight", init, out, in)}
	if bias {
		l.Bias = path.Param("bias", Constant(0), out)
	}
	return l
}

// Forward maps [..., in] to [..., out].
func (l *Linear) Forward(x tensor.Tensor) tensor.Tensor { return x.Linear(l.Weight, l.Bias) }

// Embedding is a table of rows looked up by number.
type Embedding struct{ Weight tensor.Tensor } // [V, D]

// NewEmbedding makes "weight", normal with the given deviation.
func NewEmbedding(path Path, v, d int64, std float64) *Embedding {
	return &Embedding{path.Param("weight", Normal(std), v, d)}
}

// Forward maps ids of any shape (int64) to the same shape with D appended.
func (e *Embedding) Forward(ids tensor.Tensor) tensor.Tensor { return e.Weight.Embedding(ids) }
