package spac

import (
	"plip/internal/tensor"
)

// Decoder generates with a GPT2 one token at a time. It keeps the weights as they were when it was made; they are its
// own until Close.
type Decoder struct {
	g *GPT2
}

// NewDecoder prepares the generator for decoding.
func (g *GPT2) NewDecoder() (*Decoder, error) {
	return &Decoder{g: g}, nil
}

// Close frees the decoder's weights.
func (d *Decoder) Close() {}

func (d *Decoder) device() tensor.Device { return d.g.tokens.Weight.Device() }

// scores of the vocabulary after states [R, D].
func (d *Decoder) scores(x tensor.Tensor) tensor.Tensor { return d.g.Logits(x) } // [R, V]

// embed looks up tokens that each continue a sequence.
func (d *Decoder) embed(ids []int64) tensor.Tensor { // [R, 1, D]
	return d.g.tokens.Forward(tensor.FromInt64(d.device(), ids, int64(len(ids)), 1))
}

// cache holds the keys and values of sequences that advance each by itself: sequence i has the rows from base[i] on, of
// which length[i] are filled.
type cache struct {
	keys, values []tensor.Tensor // by layer [rows, D]
	base, length []int64         // by sequence
}

// newCache lays out the memory once for all that the prompts may become, copies sequences for each of theirs, side by
// side. It belongs to the scope in force.
func (d *Decoder) newCache(prompts []Prompt, copies int) *cache {
	d.check(prompts)
	c := &cache{}
	rows := int64(0)
	for _, p := range prompts {
		n, l, _ := p.Prefix.Dims3()
		for range n * int64(copies) {
			c.base = append(c.base, rows)
			rows += l + int64(p.Limit) - 1 // the last token is not fed back
		}
	}
	c.length = make([]int64, len(c.base))
	for range d.g.layers {
		c.keys = append(c.keys, tensor.Empty(d.device(), tensor.Float32, rows, d.g.Config.Width))
		c.values = append(c.values, tensor.Empty(d.device(), tensor.Float32, rows, d.g.Config.Width))
	}
	return c
}

// copySequences overwrites, for each i, what sequence to[i] has of the cache by what from[i] has. No sequence stands in
// both lists.
func (c *cache) copySequences(from, to []int) {
	if len(from) == 0 {
		return
	}
	var src, dst []int64
	for i := range from {
		for p := range c.length[from[i]] {
			src, dst = append(src, c.base[from[i]]+p), append(dst, c.base[to[i]]+p)
		}
		c.length[to[i]] = c.length[from[i]]
	}
	tensor.Run(func() {
		dev := c.keys[0].Device()
		src, dst := tensor.FromInt64(dev, src, int64(len(src))), tensor.FromInt64(dev, dst, int64(len(dst)))
		for l := range c.keys {
			for _, x := range []tensor.Tensor{c.keys[l], c.values[l]} {
				tensor.Run(func() { x.IndexCopy_(0, dst, x.IndexSelect(0, src)) })
			}
		}
	})
}

// extend runs x [R, L, D], the next L positions of the sequences which, and returns the states after the last of them.
func (d *Decoder) extend(c *cache, which []int, x tensor.Tensor) tensor.Tensor { // [R, D]
	return tensor.Block(func() tensor.Tensor {
		_, l, _ := x.Dims3()
		at := c.span(x.Device(), which, l)
		x = x.Add(d.g.places.Forward(at.positions)) // [R, L, D]
		for i, layer := range d.g.layers {
			x = layer.extend(x, c, i, at)
		}
		for _, s := range which {
			c.length[s] += l
		}
		return d.g.norm.Forward(x.Select(1, l-1))
	})
}

// span is where the next L positions of R sequences lie. Its tensors belong to the scope that it was made in.
type span struct {
	longest   int64         // positions of the longest sequence, the new ones included
	positions tensor.Tensor // [R, L] int64: place of each new position in its sequence
	write     tensor.Tensor // [R L] int64: its row in the cache
	read      tensor.Tensor // [R longest] int64: rows of each sequence, any for what it does not have
	mask      tensor.Tensor // [R, 1, L, longest] bool: true where a new position sees the row
}

func (c *cache) span(dev tensor.Device, which []int, l int64) *span {
	at := &span{}
	var positions, write, read []int64
	for _, s := range which {
		for p := c.length[s]; p < c.length[s]+l; p++ {
			positions, write = append(positions, p), append(write, c.base[s]+p)
		}
		at.longest = max(at.longest, c.length[s]+l)
	}
	for _, s := range which {
		for p := range at.longest {
			read = append(read, c.base[s]+min(p, c.length[s]+l-1))
		}
	}
	r := int64(len(which))
	at.positions, at.write, at.read = tensor.FromInt64(dev, positions, r, l), tensor.FromInt64(dev, write, r*l), tensor.FromInt64(dev, read, r*at.longest)
	later := tensor.Arange(dev, at.longest).Greater(at.positions.Unsqueeze(2)) // [R, L, longest] bool
	at.mask = later.Not().Unsqueeze(1)
	return at
}

// attend appends the keys and values of qkv [R, L, 3 D] to the cache of a layer, and lets the queries attend to all that
// their sequences have so far.
func (c *cache) attend(layer int, at *span, qkv tensor.Tensor, heads int64) tensor.Tensor { // [R, L, D]
	r, l, d := qkv.Dims3()
	d /= 3
	c.keys[layer].IndexCopy_(0, at.write, qkv.Narrow(2, d, d).Reshape(r*l, d))
	c.values[layer].IndexCopy_(0, at.write, qkv.Narrow(2, 2*d, d).Reshape(r*l, d))
	split := func(x tensor.Tensor, n int64) tensor.Tensor { return x.Reshape(r, n, heads, d/heads).Transpose(1, 2) } // [R, A, n, E]
	q := split(qkv.Narrow(2, 0, d), l)
	k := split(c.keys[layer].IndexSelect(0, at.read), at.longest)
	v := split(c.values[layer].IndexSelect(0, at.read), at.longest)
	y := tensor.Attention(q, k, v, at.mask, 0, false) // [R, A, L, E]
	return y.Transpose(1, 2).Reshape(r, l, d)
}

// extend keeps [R, L, D]: x continues what the cache holds.
func (l *gpt2Layer) extend(x tensor.Tensor, c *cache, layer int, at *span) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		y := c.attend(layer, at, l.attention.forward(l.ln1.Forward(x)), l.heads) // [R, L, D]
		x := x.Add(l.projection.forward(y))
		return x.Add(l.up.forward(l.inner.forward(l.ln2.Forward(x)).GELUTanh()))
	})
}
