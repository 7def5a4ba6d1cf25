package nn

import (
	"math/bits"

	"plip/internal/tensor"
)

// Packing brings a batch of padded sequences to its tokens alone and back, so that layers which look at one token at a
// time spend little on padding. T is the tokens of the batch, and by FewSizes some more of copies of the first: libtorch
// keeps a kernel of a few hundred kilobytes for every T that it meets (oneDNN's and its own cache of 1,024 each), and
// making one takes milliseconds. Nothing reads the copies, so they have no gradient.
type Packing struct {
	n, l   int64
	rows   tensor.Tensor // [T] int64, places of the tokens in [N*L]
	places tensor.Tensor // [N*L] int64, the token at each place; at padding some token
	column tensor.Tensor // [T] int64, position of each token in its sequence
	Attend tensor.Tensor // [N, 1, 1, L] bool, true at tokens: attention's mask
}

// NewPacking reads a mask [N, L] int64: 1 is a token, 0 padding. Every sequence has a token. The tensors belong to the
// scope in force. A CUDA device is waited for.
func NewPacking(mask tensor.Tensor) *Packing {
	n, l := mask.Dims2()
	var rows, column []int64
	places := make([]int64, n*l)
	for i, v := range mask.Int64s() {
		if v == 0 {
			continue
		}
		places[i] = int64(len(rows))
		rows, column = append(rows, int64(i)), append(column, int64(i)%l)
	}
	for range FewSizes(len(rows)) - len(rows) {
		rows, column = append(rows, rows[0]), append(column, column[0])
	}
	t, dev := int64(len(rows)), mask.Device()
	return &Packing{n, l, tensor.FromInt64(dev, rows, t), tensor.FromInt64(dev, places, n*l), tensor.FromInt64(dev, column, t),
		mask.EqNumber(1).Unsqueeze(1).Unsqueeze(1)}
}

// FewSizes rounds a number of rows that differs from batch to batch up by a sixteenth at most, to a multiple of a
// thirty-second of the next power of two, so that layers meet few sizes of it.
func FewSizes(rows int) int {
	step := max(1, 1<<bits.Len(uint(rows))/32)
	return (rows + step - 1) / step * step
}

// Tokens picks the tokens of ids [N, L] int64.
func (p *Packing) Tokens(ids tensor.Tensor) tensor.Tensor { // [T] int64
	return ids.Reshape(-1).IndexSelect(0, p.rows)
}

// Positions is each token's place in its sequence.
func (p *Packing) Positions() tensor.Tensor { return p.column } // [T] int64

// Pack drops the padding of x [N, L, D].
func (p *Packing) Pack(x tensor.Tensor) tensor.Tensor { // [T, D]
	// The look-up of an embedding: its backward pass adds rows at memory speed, that of an index selection one at a time.
	_, _, d := x.Dims3()
	return x.Reshape(p.n*p.l, d).Embedding(p.rows)
}

// Unpack puts x [T, D] to its places. What then stands at padding is of no meaning.
func (p *Packing) Unpack(x tensor.Tensor) tensor.Tensor { // [N, L, D]
	_, d := x.Dims2()
	return x.Embedding(p.places).Reshape(p.n, p.l, d)
}
