package spac

import (
	"fmt"

	"plip/internal/nn"
	"plip/internal/tensor"
)

// Weights that a decoder can keep, beside what they cost in memory and likeness: fp32 is the model's own.
const (
	FP32 = "fp32"
	BF16 = "bf16"
	INT8 = "int8" // with a scale for each output; inputs are rounded to int8 as well, with a scale for each token
)

// packedKinds are the weights by name.
var packedKinds = map[string]tensor.PackedKind{FP32: tensor.PackedFloat32, BF16: tensor.PackedBFloat16, INT8: tensor.PackedInt8}

// Decoder generates with a GPT2 one token at a time. It keeps the weights as they were when it was made; they are its
// own until Close. On the CPU the same sequence comes out alone and among any others, to the last bit.
type Decoder struct {
	g      *GPT2
	layers []decodeLayer
	head   linear // without bias: states to scores
	packed []*tensor.Packed
	plain  bool // made of libtorch's operations alone, as on CUDA
}

// linear maps x [..., in] to [..., out]: with gelu through it, plus a residual or none.
type linear func(x, residual tensor.Tensor, gelu bool) tensor.Tensor

// decodeLayer is a block whose linear layers are ready to decode.
type decodeLayer struct {
	ln1, ln2                         *nn.LayerNorm
	attention, projection, inner, up linear
}

// NewDecoder prepares the generator for decoding with FP32, BF16 or INT8 weights; on CUDA FP32 alone.
func (g *GPT2) NewDecoder(weights string) (*Decoder, error) {
	kind, ok := packedKinds[weights]
	if !ok {
		return nil, fmt.Errorf("weights: want %s, %s or %s, got %q", FP32, BF16, INT8, weights)
	}
	d := &Decoder{g: g, plain: g.tokens.Weight.Device() != tensor.CPU}
	if d.plain && weights != FP32 {
		return nil, fmt.Errorf("weights: %s is for the CPU, want %s on %v", weights, FP32, g.tokens.Weight.Device())
	}
	err := tensor.Do(func(*tensor.Scope) error { d.prepare(kind); return nil })
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Decoder) prepare(kind tensor.PackedKind) {
	for _, l := range d.g.layers {
		d.layers = append(d.layers, decodeLayer{l.ln1, l.ln2, d.linear(l.attention.weight, true, l.attention.bias, kind),
			d.linear(l.projection.weight, true, l.projection.bias, kind), d.linear(l.inner.weight, true, l.inner.bias, kind),
			d.linear(l.up.weight, true, l.up.bias, kind)})
	}
	d.head = d.linear(d.g.tokens.Weight, false, tensor.Tensor{}, kind)
}

// linear makes a layer of a weight [out, in], with inOut [in, out].
func (d *Decoder) linear(weight tensor.Tensor, inOut bool, bias tensor.Tensor, kind tensor.PackedKind) linear {
	if !d.plain {
		p := tensor.Pack(weight, inOut, bias, kind)
		d.packed = append(d.packed, p)
		return p.Linear
	}
	return func(x, residual tensor.Tensor, gelu bool) tensor.Tensor {
		w := weight
		if inOut {
			w = w.Transpose(0, 1)
		}
		y := x.Linear(w, bias)
		if gelu {
			y = y.GELUTanh()
		}
		if residual.Defined() {
			y = residual.Add(y)
		}
		return y
	}
}

// Close frees the decoder's weights.
func (d *Decoder) Close() {
	for _, p := range d.packed {
		p.Close()
	}
}

func (d *Decoder) device() tensor.Device { return d.g.tokens.Weight.Device() }

// scores of the vocabulary after states [R, D].
func (d *Decoder) scores(x tensor.Tensor) tensor.Tensor { return d.head(x, tensor.Tensor{}, false) } // [R, V]

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
		if d.plain {
			at.index(x.Device())
		}
		x = x.Add(d.g.places.Forward(at.positions)) // [R, L, D]
		for i := range d.layers {
			x = d.layer(i, x, c, at)
		}
		for _, s := range which {
			c.length[s] += l
		}
		return d.g.norm.Forward(x.Select(1, l-1))
	})
}

// layer keeps [R, L, D]: x continues what the cache holds.
func (d *Decoder) layer(i int, x tensor.Tensor, c *cache, at *span) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		l := d.layers[i]
		none := tensor.Tensor{}
		qkv := l.attention(l.ln1.Forward(x), none, false) // [R, L, 3 D]
		var y tensor.Tensor                               // [R, L, D]
		if d.plain {
			y = at.attend(qkv, c.keys[i], c.values[i], d.g.Config.Heads)
		} else {
			y = tensor.CachedAttention(qkv, c.keys[i], c.values[i], at.base, at.start, d.g.Config.Heads)
		}
		x := l.projection(y, x, false)
		return l.up(l.inner(l.ln2.Forward(x), none, true), x, false)
	})
}

// span is where the next L positions of R sequences lie: from row base[i] + start[i] of the cache on, in the sequence
// that begins at base[i]. Its tensors belong to the scope that it was made in.
type span struct {
	base, start []int64
	count       int64         // L
	positions   tensor.Tensor // [R, L] int64: place of each new position in its sequence

	// Of index alone:
	longest int64         // positions of the longest sequence, the new ones included
	write   tensor.Tensor // [R L] int64: row of each new position in the cache
	read    tensor.Tensor // [R longest] int64: rows of each sequence, any for what it does not have
	mask    tensor.Tensor // [R, 1, L, longest] bool: true where a new position sees the row
}

func (c *cache) span(dev tensor.Device, which []int, l int64) *span {
	at := &span{count: l}
	var positions []int64
	for _, s := range which {
		at.base, at.start = append(at.base, c.base[s]), append(at.start, c.length[s])
		for p := range l {
			positions = append(positions, c.length[s]+p)
		}
	}
	at.positions = tensor.FromInt64(dev, positions, int64(len(which)), l)
	return at
}

// index adds what attend needs.
func (at *span) index(dev tensor.Device) {
	var write, read []int64
	for i, base := range at.base {
		for p := range at.count {
			write = append(write, base+at.start[i]+p)
		}
		at.longest = max(at.longest, at.start[i]+at.count)
	}
	for i, base := range at.base {
		for p := range at.longest {
			read = append(read, base+min(p, at.start[i]+at.count-1))
		}
	}
	at.write, at.read = tensor.FromInt64(dev, write, int64(len(write))), tensor.FromInt64(dev, read, int64(len(read)))
	later := tensor.Arange(dev, at.longest).Greater(at.positions.Unsqueeze(2)) // [R, L, longest] bool
	at.mask = later.Not().Unsqueeze(1)
}

// attend is tensor.CachedAttention by libtorch's operations, for any device.
func (at *span) attend(qkv, keys, values tensor.Tensor, heads int64) tensor.Tensor { // [R, L, D]
	r, l, d := qkv.Dims3()
	d /= 3
	keys.IndexCopy_(0, at.write, qkv.Narrow(2, d, d).Reshape(r*l, d))
	values.IndexCopy_(0, at.write, qkv.Narrow(2, 2*d, d).Reshape(r*l, d))
	split := func(x tensor.Tensor, n int64) tensor.Tensor { return x.Reshape(r, n, heads, d/heads).Transpose(1, 2) } // [R, A, n, E]
	q := split(qkv.Narrow(2, 0, d), l)
	k, v := split(keys.IndexSelect(0, at.read), at.longest), split(values.IndexSelect(0, at.read), at.longest)
	y := tensor.Attention(q, k, v, at.mask, 0, false) // [R, A, L, E]
	return y.Transpose(1, 2).Reshape(r, l, d)
}
