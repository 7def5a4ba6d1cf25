package trainer

import (
	"math/rand/v2"
	"slices"

	"plip/internal/tensor"
	"plip/internal/text"
	"plip/spac/attributes"
)

// masker hides attribute phrases in captions (plip.md, section 3.3). It is safe for concurrent use.
type masker struct {
	words     *text.WordPiece
	extractor *attributes.Extractor
}

func newMasker(words *text.WordPiece) (*masker, error) {
	e, err := attributes.Default()
	if err != nil {
		return nil, err
	}
	return &masker{words, e}, nil
}

// phrases finds the attribute phrases of a caption as ranges [from, to) of its tokens, in the caption's order. spans are
// the tokens' bytes, as WordPiece.Encode gives them: a phrase beyond the tokens that were read is none.
func (m *masker) phrases(caption string, spans [][2]int) (ranges [][2]int) {
	for _, slot := range m.extractor.Extract(caption).Spans {
		for _, s := range slot {
			from := slices.IndexFunc(spans, func(t [2]int) bool { return t[1] > s.Start && t[0] < s.End })
			if from < 0 {
				continue
			}
			to := from + 1
			for to < len(spans) && spans[to][0] >= 0 && spans[to][0] < s.End {
				to++
			}
			ranges = append(ranges, [2]int{from, to})
		}
	}
	slices.SortFunc(ranges, func(a, b [2]int) int { return a[0] - b[0] })
	return ranges
}

// mask draws which phrases are hidden, each with probability g and one at least, and replaces all their tokens by
// [MASK]. at are the places of these tokens, ascending; a caption without a phrase has none.
func (m *masker) mask(draw *rand.Rand, g float64, caption string, ids []int32, spans [][2]int) (masked []int32, at []int) {
	phrases := m.phrases(caption, spans)
	if len(phrases) == 0 {
		return ids, nil
	}
	var chosen [][2]int
	for _, p := range phrases {
		if draw.Float64() < g {
			chosen = append(chosen, p)
		}
	}
	if len(chosen) == 0 {
		chosen = append(chosen, phrases[draw.IntN(len(phrases))])
	}
	masked = slices.Clone(ids)
	for _, p := range chosen {
		for i := p[0]; i < p[1]; i++ {
			if len(at) == 0 || at[len(at)-1] < i { // two phrases may share a token at their border
				masked[i], at = m.words.MaskID(), append(at, i)
			}
		}
	}
	return masked, at
}

// twins masks the captions of a batch, encoded as ids with spans and padded to width: each with probability g a phrase,
// drawn from its own generator. Captions without a phrase have no twin.
func (m *masker) twins(draws []*rand.Rand, g float64, captions []string, ids [][]int32, spans [][][2]int, width int64) maskedTokens {
	var b maskedTokens
	var twins [][]int32
	for i := range captions {
		twin, at := m.mask(draws[i], g, captions[i], ids[i], spans[i])
		if len(at) == 0 {
			continue
		}
		first := int64(len(twins)) * width
		for _, k := range at {
			b.places, b.targets = append(b.places, first+int64(k)), append(b.targets, int64(ids[i][k]))
		}
		twins, b.rows = append(twins, twin), append(b.rows, int64(i))
	}
	b.tokens = newTokens(twins, m.words.PadID(), width)
	return b
}

// maskedTokens are the masked twins of those captions of a batch that have a phrase to mask.
type maskedTokens struct {
	tokens          // [R, L], as wide as the captions
	rows    []int64 // [R], the captions' places in the batch
	places  []int64 // [M], the masked tokens' in [R*L], ascending
	targets []int64 // [M], the tokens that stood there
}

// indices makes tensors of the three vectors.
func (b maskedTokens) indices(device tensor.Device) (rows, places, targets tensor.Tensor) { // [R], [M], [M] int64
	m := int64(len(b.places))
	return tensor.FromInt64(device, b.rows, b.n), tensor.FromInt64(device, b.places, m), tensor.FromInt64(device, b.targets, m)
}
