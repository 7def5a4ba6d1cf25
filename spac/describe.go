package spac

import (
	"strings"

	"plip/internal/tensor"
	"plip/internal/text"
)

// Words are what the captioner says of an image.
type Words struct {
	Attributes [Slots]string  // as generated
	Captions   [Styles]string // one a style, as generated
	Ended      [Styles]bool   // whether the caption came to its end within the limit
}

// Describe decodes greedily the six attributes and a caption a style for normalised images [N, 3, H, W].
func (m *Captioner) Describe(images tensor.Tensor, bpe *text.BPE) []Words {
	defer tensor.NoGrad()()
	n := int(images.Dim(0))
	out := make([]Words, n)
	if err := tensor.Do(func(*tensor.Scope) error {
		p := m.branches.Forward(m.Level(images, false), false)
		eos := int64(bpe.EOS())
		ids, _ := m.generator.Greedy(tensor.Cat(0, p.Attributes[:]...), eos, AttributeLimit) // slot by slot, the image inside
		for k := range Slots {
			for i := range out {
				out[i].Attributes[k] = strings.TrimSpace(bpe.Decode(ids[k*n+i], true))
			}
		}
		ids, ended := m.generator.Greedy(tensor.Cat(0, p.Styles[:]...), eos, CaptionLimit)
		for s := range Styles {
			for i := range out {
				out[i].Captions[s] = strings.TrimSpace(bpe.Decode(ids[s*n+i], true))
				out[i].Ended[s] = ended[s*n+i]
			}
		}
		return nil
	}); err != nil {
		tensor.Check(false, "describe", "%v", err)
	}
	return out
}
