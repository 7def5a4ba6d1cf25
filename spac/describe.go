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

// Speaker generates the texts of a captioner, which must not change meanwhile.
type Speaker struct {
	m      *Captioner
	bpe    *text.BPE
	d      *Decoder
	method Method
	graph  *tensor.Graph // of the encoder; nil where it is not recorded
}

// NewSpeaker prepares a captioner for generation. The caller closes it before the captioner.
func NewSpeaker(m *Captioner, bpe *text.BPE, method Method) (*Speaker, error) {
	if err := method.Validate(); err != nil {
		return nil, err
	}
	d, err := m.generator.NewDecoder(method.Weights)
	if err != nil {
		return nil, err
	}
	return &Speaker{m: m, bpe: bpe, d: d, method: method}, nil
}

// Close frees the decoder, and what was recorded.
func (s *Speaker) Close() {
	s.d.Close()
	if s.graph != nil {
		s.graph.Close()
	}
}

// Record makes the encoder's forward pass on n images one call on a CUDA device; other numbers of images go on as before.
// Where that cannot be, the error says why, and all goes on as before.
func (s *Speaker) Record(n int) (err error) {
	c := s.m.Config
	s.graph, err = tensor.RecordGraph(s.m.Store.Device(), func(x tensor.Tensor) tensor.Tensor { return s.m.Level(x, false) }, int64(n), 3, c.Height, c.Px)
	return err
}

// level is the captioner's, by its graph where there is one for so many images.
func (s *Speaker) level(images tensor.Tensor) tensor.Tensor {
	if s.graph != nil && s.graph.Takes(images) {
		return s.graph.Apply(images)
	}
	return s.m.Level(images, false)
}

// Describe decodes the six attributes and a caption a style for normalised images [N, 3, H, W]. What is drawn for image
// i depends on seeds[i]; decoding that draws nothing needs none.
func (s *Speaker) Describe(images tensor.Tensor, seeds []uint64) []Words {
	defer tensor.NoGrad()()
	n := int(images.Dim(0))
	out := make([]Words, n)
	tensor.Run(func() {
		p := s.m.branches.Forward(s.level(images), false)
		attributes, captions := s.decode( // slot by slot and style by style, the image inside
			Prompt{tensor.Cat(0, p.Attributes[:]...), AttributeLimit},
			Prompt{tensor.Cat(0, p.Styles[:]...), CaptionLimit}, seeds)
		for i := range out {
			for k := range Slots {
				out[i].Attributes[k] = s.text(attributes[k*n+i])
			}
			for k := range Styles {
				out[i].Captions[k], out[i].Ended[k] = s.text(captions[k*n+i]), captions[k*n+i].Ended
			}
		}
	})
	return out
}

// decode runs both prompts by the method. Greedy decoding has all eight sequences of every image in one batch.
func (s *Speaker) decode(attributes, captions Prompt, seeds []uint64) (a, c []Sequence) {
	eos := int64(s.bpe.EOS())
	if s.method.Decode == Greedy {
		all := s.d.Greedy([]Prompt{attributes, captions}, eos)
		n := attributes.Prefix.Dim(0)
		return all[:n], all[n:]
	}
	a = s.d.Greedy([]Prompt{attributes}, eos)
	if s.method.Decode == Beam {
		for _, h := range s.d.Beam([]Prompt{captions}, eos, s.method.Beams, s.method.LengthPenalty) {
			c = append(c, h[0].Sequence(eos))
		}
		return a, c
	}
	var each []uint64
	for k := range uint64(Styles) {
		for _, seed := range seeds {
			each = append(each, seed^k)
		}
	}
	return a, s.d.Nucleus([]Prompt{captions}, eos, s.method.TopP, s.method.Temperature, each)
}

func (s *Speaker) text(q Sequence) string { return strings.TrimSpace(s.bpe.Decode(q.IDs, true)) }

// Describe is a Speaker's, greedy, for one batch.
func (m *Captioner) Describe(images tensor.Tensor, bpe *text.BPE) []Words {
	s, err := NewSpeaker(m, bpe, DefaultMethod())
	tensor.Check(err == nil, "describe", "%v", err)
	defer s.Close()
	return s.Describe(images, nil)
}
