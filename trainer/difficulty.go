package trainer

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// How the attribute task's difficulty grows (plip.md, section 3.3).
const (
	DifficultySqrt     = "sqrt"
	DifficultyLinear   = "linear"
	DifficultySquare   = "square"
	DifficultyConstant = "constant"
)

// Difficulty is G(x): the probability that an attribute phrase is masked, over the progress x of the training.
type Difficulty struct {
	Kind     string  `yaml:"difficulty"` // sqrt (paper), linear, square or constant. Default sqrt
	Constant float64 `yaml:"constant"`   // the probability of constant. Default 0.5
}

// DefaultDifficulty is the paper's.
func DefaultDifficulty() Difficulty { return Difficulty{Kind: DifficultySqrt, Constant: 0.5} }

// Validate joins every problem of the configuration.
func (d Difficulty) Validate() error {
	var errs []error
	if !slices.Contains([]string{DifficultySqrt, DifficultyLinear, DifficultySquare, DifficultyConstant}, d.Kind) {
		errs = append(errs, fmt.Errorf("attributes.difficulty: want sqrt, linear, square or constant, got %q", d.Kind))
	}
	if !(d.Constant >= 0 && d.Constant <= 1) {
		errs = append(errs, fmt.Errorf("attributes.constant: want 0 to 1, got %v", d.Constant))
	}
	return errors.Join(errs...)
}

// At is G(x) for x in 0..1: 0.2 at the beginning and 0.8 at the end, but for the constant.
func (d Difficulty) At(x float64) float64 {
	switch d.Kind {
	case DifficultyConstant:
		return d.Constant
	case DifficultyLinear:
	case DifficultySquare:
		x *= x
	default:
		x = math.Sqrt(x)
	}
	return 0.2 + 0.6*x
}

// Epoch is G for 0-based epoch e of a training of the given epochs; it stays the same inside an epoch.
func (d Difficulty) Epoch(e, epochs int) float64 {
	if epochs < 2 {
		return d.At(0)
	}
	return d.At(float64(e) / float64(epochs-1))
}
