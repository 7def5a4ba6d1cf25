package trainer

import (
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
	b := tokens{n: int64(len(captions))}
	for i, c := range captions {
		encoded[i], _ = words.Encode(c, int(limit))
		b.l = max(b.l, int64(len(encoded[i])))
	}
	b.ids, b.mask = make([]int64, b.n*b.l), make([]int64, b.n*b.l)
	for i, ids := range encoded {
		row := int64(i) * b.l
		for j := range b.l {
			b.ids[row+j] = int64(words.PadID())
			if j < int64(len(ids)) {
				b.ids[row+j], b.mask[row+j] = int64(ids[j]), 1
			}
		}
	}
	return b
}

// tensors makes the two inputs of the text encoder.
func (b tokens) tensors(device tensor.Device) (ids, mask tensor.Tensor) { // [N, L] int64 both
	return tensor.FromInt64(device, b.ids, b.n, b.l), tensor.FromInt64(device, b.mask, b.n, b.l)
}
