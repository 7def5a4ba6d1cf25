package trainer

import (
	"slices"

	"plip/internal/tensor"
	"plip/internal/text"
)

// tokens are captions as token numbers, padded to the longest among them: what lies beyond it would cost time and
// change nothing.
type tokens struct {
	n, l      int64
	ids, mask []int64 // [N, L], row-major; mask is 1 at a token, 0 at padding
}

// tokenize encodes captions of at most limit tokens each.
func tokenize(words *text.WordPiece, captions []string, limit int64) tokens {
	encoded := make([][]int32, len(captions))
	for i, c := range captions {
		encoded[i], _ = words.Encode(c, int(limit))
	}
	return newTokens(encoded, words.PadID(), 0)
}

// newTokens pads encoded captions to the longest among them, and to width at least.
func newTokens(encoded [][]int32, pad int32, width int64) tokens {
	b := tokens{n: int64(len(encoded)), l: width}
	for _, ids := range encoded {
		b.l = max(b.l, int64(len(ids)))
	}
	b.ids, b.mask = make([]int64, b.n*b.l), make([]int64, b.n*b.l)
	for i, ids := range encoded {
		row := int64(i) * b.l
		for j := range b.l {
			b.ids[row+j] = int64(pad)
			if j < int64(len(ids)) {
				b.ids[row+j], b.mask[row+j] = int64(ids[j]), 1
			}
		}
	}
	return b
}

// lengths are the captions' tokens, padding left out.
func (b tokens) lengths() []int64 {
	out := make([]int64, b.n)
	for i := range out {
		for _, m := range b.mask[int64(i)*b.l:][:b.l] {
			out[i] += m
		}
	}
	return out
}

// join puts the captions of two batches of one width below each other.
func (b tokens) join(c tokens) tokens {
	if c.n == 0 {
		return b
	}
	return tokens{b.n + c.n, b.l, slices.Concat(b.ids, c.ids), slices.Concat(b.mask, c.mask)}
}

// tensors makes the two inputs of the text encoder.
func (b tokens) tensors(device tensor.Device) (ids, mask tensor.Tensor) { // [N, L] int64 both
	return tensor.FromInt64(device, b.ids, b.n, b.l), tensor.FromInt64(device, b.mask, b.n, b.l)
}
