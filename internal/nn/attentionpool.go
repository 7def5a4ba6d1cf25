package nn

import (
	"math"

	"plip/internal/tensor"
)

// AttentionPool is CLIP's pooling of a feature map: the mean of all positions attends to the mean and every position
// (plip.md, section 1).
type AttentionPool struct {
	positions  tensor.Tensor // [P+1, C]
	q, k, v, c *Linear
	heads      int64
}

// NewAttentionPool pools maps of p positions and c channels to dim.
func NewAttentionPool(path Path, p, c, dim, heads int64) *AttentionPool {
	init := Normal(1 / math.Sqrt(float64(c)))
	return &AttentionPool{
		positions: path.Param("positional_embedding", init, p+1, c),
		k:         NewLinearInit(path.Sub("k_proj"), c, c, init, true),
		q:         NewLinearInit(path.Sub("q_proj"), c, c, init, true),
		v:         NewLinearInit(path.Sub("v_proj"), c, c, init, true),
		c:         NewLinearInit(path.Sub("c_proj"), c, dim, init, true),
		heads:     heads,
	}
}

// Forward maps [N, C, H, W] to [N, dim].
func (a *AttentionPool) Forward(x tensor.Tensor) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		n, c, h, w := x.Dims4()
		l := h*w + 1
		tensor.Check(l == a.positions.Dim(0), "attention pool", "want %d positions, got %d", a.positions.Dim(0)-1, h*w)
		x := x.Reshape(n, c, h*w).Transpose(1, 2)                             // [N, P, C]
		x = tensor.Cat(1, x.MeanDim(true, 1), x)                              // [N, P+1, C]
		x = x.Add(a.positions)                                                // [N, P+1, C]
		q := a.q.Forward(x.Narrow(1, 0, 1))                                   // [N, 1, C]: only the mean asks
		q = q.Reshape(n, 1, a.heads, c/a.heads).Transpose(1, 2)               // [N, A, 1, E]
		k := a.k.Forward(x).Reshape(n, l, a.heads, c/a.heads).Transpose(1, 2) // [N, A, P+1, E]
		v := a.v.Forward(x).Reshape(n, l, a.heads, c/a.heads).Transpose(1, 2) // [N, A, P+1, E]
		y := tensor.Attention(q, k, v, tensor.Tensor{}, 0, false)             // [N, A, 1, E]
		return a.c.Forward(y.Transpose(1, 2).Reshape(n, c))                   // [N, dim]
	})
}
