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

// losses computes the loss of every pretext task, in float32, from the embeddings [N, D] of images and captions and
// their identities ids [N] int64.
func (m *Model) losses(image, text, ids tensor.Tensor) []part {
	return []part{
		{"ivlc", m.Config.Loss.IVLC, m.Config.Contrast.Contrast(image, text, ids)},
	}
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
