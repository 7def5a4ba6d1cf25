package nn

import "plip/internal/tensor"

// MultiHead attends q [N, Lq, D] to k and v [N, Lk, D] with the given number of heads and joins them again: [N, Lq, D].
// mask is none or broadcasts to [N, A, Lq, Lk] (bool, true: attend).
func MultiHead(q, k, v, mask tensor.Tensor, heads int64, dropout float64, causal bool) tensor.Tensor {
	n, l, d := q.Dims3()
	tensor.Check(d%heads == 0, "attention", "width %d is no multiple of %d heads", d, heads)
	split := func(x tensor.Tensor) tensor.Tensor {
		return x.Reshape(n, -1, heads, d/heads).Transpose(1, 2) // [N, L, D] -> [N, A, L, E]
	}
	y := tensor.Attention(split(q), split(k), split(v), mask, dropout, causal) // [N, A, Lq, E]
	return y.Transpose(1, 2).Reshape(n, l, d)                                  // [N, Lq, D]
}

// PostNormBlock is the transformer layer of BERT: attention and MLP, each added to its input and then normalised. Names
// are the public BERT checkpoints'.
type PostNormBlock struct {
	query, key, value, out   *Linear
	inner, outer             *Linear
	attentionNorm, outerNorm *LayerNorm
	heads                    int64
}

// PostNormConfig sizes a PostNormBlock.
type PostNormConfig struct {
	Width, Inner, Heads int64
	Eps                 float64 // of the layer norms. BERT: 1e-12
	InitStd             float64 // of the weights. BERT: 0.02
}

// NewPostNormBlock makes attention.self.*, attention.output.*, intermediate.dense and output.*.
func NewPostNormBlock(path Path, c PostNormConfig) *PostNormBlock {
	linear := func(p Path, in, out int64) *Linear { return NewLinearInit(p, in, out, Normal(c.InitStd), true) }
	self, out := path.Sub("attention").Sub("self"), path.Sub("attention").Sub("output")
	return &PostNormBlock{
		query:         linear(self.Sub("query"), c.Width, c.Width),
		key:           linear(self.Sub("key"), c.Width, c.Width),
		value:         linear(self.Sub("value"), c.Width, c.Width),
		out:           linear(out.Sub("dense"), c.Width, c.Width),
		attentionNorm: NewLayerNorm(out.Sub("LayerNorm"), c.Width, c.Eps),
		inner:         linear(path.Sub("intermediate").Sub("dense"), c.Width, c.Inner),
		outer:         linear(path.Sub("output").Sub("dense"), c.Inner, c.Width),
		outerNorm:     NewLayerNorm(path.Sub("output").Sub("LayerNorm"), c.Width, c.Eps),
		heads:         c.Heads,
	}
}

// Forward keeps x [T, D], the tokens of the sequences that p has packed. dropout falls on both branches and
// attentionDropout on the attention's probabilities; both only in training.
func (b *PostNormBlock) Forward(x tensor.Tensor, p *Packing, dropout, attentionDropout float64, train bool) tensor.Tensor {
	if !train {
		dropout, attentionDropout = 0, 0
	}
	return tensor.Block(func() tensor.Tensor {
		q, k, v := p.Unpack(b.query.Forward(x)), p.Unpack(b.key.Forward(x)), p.Unpack(b.value.Forward(x)) // [N, L, D]
		y := p.Pack(MultiHead(q, k, v, p.Attend, b.heads, attentionDropout, false))                       // [T, D]
		x := b.attentionNorm.Forward(x.Add(b.out.Forward(y).Dropout(dropout, train)))
		y = b.outer.Forward(b.inner.Forward(x).GELU())
		return b.outerNorm.Forward(x.Add(y.Dropout(dropout, train)))
	})
}

// PreNormBlock is a transformer layer whose branches normalise their input: x += proj(attention(ln1 x)); x +=
// fc2(gelu(fc1(ln2 x))), with nothing after it.
type PreNormBlock struct {
	ln1, ln2      *LayerNorm
	q, k, v, proj *Linear
	fc1, fc2      *Linear
	heads         int64
}

// NewPreNormBlock makes ln1, q, k, v, proj, ln2, fc1 and fc2; the MLP is four times as wide as d. LayerNorm eps 1e-5.
func NewPreNormBlock(path Path, d, heads int64) *PreNormBlock {
	return &PreNormBlock{
		ln1:   NewLayerNorm(path.Sub("ln1"), d, 1e-5),
		q:     NewLinear(path.Sub("q"), d, d),
		k:     NewLinear(path.Sub("k"), d, d),
		v:     NewLinear(path.Sub("v"), d, d),
		proj:  NewLinear(path.Sub("proj"), d, d),
		ln2:   NewLayerNorm(path.Sub("ln2"), d, 1e-5),
		fc1:   NewLinear(path.Sub("fc1"), d, 4*d),
		fc2:   NewLinear(path.Sub("fc2"), 4*d, d),
		heads: heads,
	}
}

// Forward keeps [N, L, D]; mask is MultiHead's.
func (b *PreNormBlock) Forward(x, mask tensor.Tensor) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		h := b.ln1.Forward(x)
		x := x.Add(b.proj.Forward(MultiHead(b.q.Forward(h), b.k.Forward(h), b.v.Forward(h), mask, b.heads, 0, false)))
		return x.Add(b.fc2.Forward(b.fc1.Forward(b.ln2.Forward(x)).GELU()))
	})
}
