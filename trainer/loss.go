package trainer

import (
	"fmt"
	"math"
	"strings"

	"plip/internal/tensor"
)

// part is one pretext task's share of the total loss.
type part struct {
	name   string
	weight float64
	value  tensor.Tensor // []
}

// losses computes the loss of every pretext task that is on, in float32, from a batch and its features.
func (m *Model) losses(b batch, f features) (parts []part) {
	w := m.Config.Loss
	if w.IVLC > 0 {
		parts = append(parts, part{"ivlc", w.IVLC, m.Config.Contrast.Contrast(f.image, f.text, b.ids)})
	}
	if w.TIC > 0 {
		parts = append(parts, part{"tic", w.TIC, m.colorization(b, f)})
	}
	if w.IAP > 0 {
		parts = append(parts, part{"iap", w.IAP, m.prediction(b, f)})
	}
	return parts
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
		return tensor.Zeros(m.Store.Device(), tensor.Float32)
	}
	return tensor.Block(func() tensor.Tensor {
		defer m.autocast()()
		rows, places, targets := b.masked.indices(m.Store.Device())
		_, mask := b.masked.tensors(m.Store.Device())                                        // [R, L]
		logits := m.Attributes.Forward(f.hidden, mask, f.image.IndexSelect(0, rows), places) // [M, V]
		return m.Attributes.Loss(logits, targets)
	})
}

// total is the weighted sum of the parts.
func total(parts []part) tensor.Tensor { // []
	sum := parts[0].value.Scale(parts[0].weight)
	for _, p := range parts[1:] {
		sum = sum.Add(p.value.Scale(p.weight))
	}
	return sum
}

// NonFiniteError is a loss that is no number. The model is as it was before the step.
type NonFiniteError struct {
	Step  int64 // that would have been made
	Loss  float64
	Rows  []int64  // of the batch, by their numbers in the dataset
	Files []string // of the same rows
}

func (e *NonFiniteError) Error() string {
	rows := make([]string, len(e.Rows))
	for i := range e.Rows {
		rows[i] = fmt.Sprintf("%d (%s)", e.Rows[i], e.Files[i])
	}
	return fmt.Sprintf("step %d: want a finite loss, got %v, from rows %s", e.Step, e.Loss, strings.Join(rows, ", "))
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
