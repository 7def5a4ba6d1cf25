package trainer

import (
	"math"

	"plip/internal/tensor"
)

// part is one task's share of the total loss; one of weight 0 is only logged.
type part struct {
	name   string
	weight float64
	value  tensor.Tensor // []; of several processes, what this one adds to the value of all
	whole  bool          // the value is that of all processes on each of them
}

// losses computes the loss of every task that is on, in float32, from a batch and its features.
func (m *Model) losses(b batch, f features) (parts []part) {
	w := m.Config.Loss
	if w.IVLC > 0 {
		stop := m.clock.start(stageContrast)
		parts = append(parts, m.contrast(b, f))
		stop()
	}
	if w.TIC > 0 {
		stop := m.clock.start(stageColorize)
		parts = append(parts, part{name: "tic", weight: w.TIC, value: b.share.ofRows(m.colorization(b, f))})
		stop()
	}
	if w.IAP > 0 {
		stop := m.clock.start(stageAttributes)
		parts = append(parts, part{name: "iap", weight: w.IAP, value: m.prediction(b, f)})
		stop()
	}
	if m.Classifier != nil {
		loss, image, text := m.Classifier.Forward(f.image, f.text, b.labels)
		parts = append(parts, part{name: "cmpc", weight: m.Config.Finetune.CMPC, value: b.share.ofRows(loss)},
			part{name: "image_precision", value: b.share.ofRows(image)}, part{name: "text_precision", value: b.share.ofRows(text)})
	}
	return parts
}

// contrast compares image and text embeddings: of the batch of all processes, or of this one's rows.
func (m *Model) contrast(b batch, f features) part {
	p := part{name: "ivlc", weight: m.Config.Loss.IVLC}
	if b.share.ranks == nil || !m.Config.Gather {
		p.value = b.share.ofRows(m.Config.Contrast.Contrast(f.image, f.text, b.ids))
		return p
	}
	v, t, ids := b.share.gather(f.image, f.text, b.ids)
	p.value, p.whole = m.Config.Contrast.Contrast(v, t, ids), true
	return p
}

// colorization is how far the colours that gray images and captions suggest are from the true ones.
func (m *Model) colorization(b batch, f features) tensor.Tensor { // []
	return tensor.Block(func() tensor.Tensor {
		defer m.autocast()()
		return m.Colorizer.Loss(m.Colorizer.Forward(f.gray, f.text), b.image)
	})
}

// prediction is the cross entropy of the masked tokens, 0 where there are none.
func (m *Model) prediction(b batch, f features) tensor.Tensor { // []
	if !f.hidden.Defined() {
		if b.share.tokens > 0 { // the backward passes of all processes are alike: their batch norms wait for each other
			return f.image.Sum().Scale(0)
		}
		return tensor.Zeros(m.Store.Device(), tensor.Float32)
	}
	return tensor.Block(func() tensor.Tensor {
		defer m.autocast()()
		rows, places, targets := b.masked.indices(m.Store.Device())
		_, mask := b.masked.tensors(m.Store.Device())                                        // [R, L]
		logits := m.Attributes.Forward(f.hidden, mask, f.image.IndexSelect(0, rows), places) // [M, V]
		return b.share.ofTokens(m.Attributes.Loss(logits, targets), len(b.masked.places))
	})
}

// total is the weighted sum of the parts.
func total(parts []part) tensor.Tensor { // []
	var sum tensor.Tensor
	for _, p := range parts {
		switch {
		case p.weight == 0:
		case sum.Defined():
			sum = sum.Add(p.value.Scale(p.weight))
		default:
			sum = p.value.Scale(p.weight)
		}
	}
	return sum
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
