package trainer

import (
	"plip/internal/nn"
	"plip/internal/tensor"
)

// Probe is a trainable linear layer on each of the frozen encoders (plip.md, section 6).
type Probe struct {
	Visual, Text *nn.Linear // [D, D]
}

// NewProbe makes "visual" and "text" under path.
func NewProbe(path nn.Path, dim int64, start string) *Probe {
	layer := func(name string) *nn.Linear {
		if start == ProbeFresh {
			return nn.NewLinear(path.Sub(name), dim, dim)
		}
		return nn.NewLinearInit(path.Sub(name), dim, dim, func(t tensor.Tensor) { t.Copy_(identity(t.Device(), dim)) }, true)
	}
	return &Probe{layer("visual"), layer("text")}
}

// project runs one layer of the probe on embeddings [N, D], where there is a probe.
func (m *Model) project(layer func(*Probe) *nn.Linear, x tensor.Tensor) tensor.Tensor { // [N, D]
	if m.Probe == nil {
		return x
	}
	return layer(m.Probe).Forward(x.As(tensor.Float32))
}

func identity(device tensor.Device, n int64) tensor.Tensor { // [N, N]
	k := tensor.Arange(device, n)
	return k.Unsqueeze(1).Eq(k.Unsqueeze(0)).As(tensor.Float32)
}

func visualLayer(p *Probe) *nn.Linear { return p.Visual }
func textLayer(p *Probe) *nn.Linear   { return p.Text }

// WithoutProbe is the model whose embeddings are the encoders' own. It shares everything with m, which must stay open.
func (m *Model) WithoutProbe() *Model {
	bare := *m
	bare.Probe = nil
	return &bare
}

// ProbeEmbeddings carries embeddings of the frozen encoders, [N, D] row-major, through the probe's layers: images by
// one, texts by the other. The model must have a probe.
func (m *Model) ProbeEmbeddings(images, texts []float32) (probedImages, probedTexts []float32, err error) {
	for _, side := range []struct {
		layer *nn.Linear
		from  []float32
		to    *[]float32
	}{{m.Probe.Visual, images, &probedImages}, {m.Probe.Text, texts, &probedTexts}} {
		err := m.embed(func() tensor.Tensor {
			x := tensor.FromFloat32(m.Store.Device(), side.from, int64(len(side.from))/m.Config.Visual.Dim, m.Config.Visual.Dim) // [N, D]
			return side.layer.Forward(x)
		}, side.to)
		if err != nil {
			return nil, nil, err
		}
	}
	return probedImages, probedTexts, nil
}
