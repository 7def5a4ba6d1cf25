package trainer

import "math"

// lossScale multiplies the loss before the backward pass in float16, where small gradients would be zero, and falls when
// one is too great for float16. The numbers are those of PyTorch's GradScaler.
type lossScale struct {
	Scale float64 `json:"scale"`
	Kept  int64   `json:"kept"` // updates since it was last changed
}

const (
	firstScale    = 1 << 16
	greatestScale = 1 << 24
	scaleInterval = 2000 // updates without an overflow after which the scale doubles
)

// update takes notice of a step's gradients, and tells whether they are to be used.
func (s *lossScale) update(norm float64) bool {
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		s.Scale, s.Kept = s.Scale/2, 0
		return false
	}
	if s.Kept++; s.Kept == scaleInterval {
		s.Scale, s.Kept = min(2*s.Scale, greatestScale), 0
	}
	return true
}
