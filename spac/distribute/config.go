package distribute

import (
	"errors"
	"fmt"
	"math"
)

// Config holds the thresholds of the rules.
type Config struct {
	MaxUnknown  int     // unknown attributes from which on an image is dropped, 1..7; 7 switches the rule off. Default 3 (paper A.7.3)
	GenderShare float64 // share of the votes that the commonest gender must exceed, 0..1. Default 0.7 (paper A.7.3)
	MinImages   int     // images below which an identity is dropped. Default 5 (paper A.7.3)
	MaxImages   int     // images that are kept of an identity. Default 20 (paper A.7.3)
	Seed        uint64  // of the draw of MaxImages. Default 0
}

// DefaultConfig returns the paper's thresholds.
func DefaultConfig() Config {
	return Config{MaxUnknown: 3, GenderShare: 0.7, MinImages: 5, MaxImages: 20}
}

// Validate names every field out of range.
func (c Config) Validate() error {
	var errs []error
	if c.MaxUnknown < 1 || c.MaxUnknown > slots+1 {
		errs = append(errs, fmt.Errorf("distribute: MaxUnknown: want 1..%d attributes, got %d", slots+1, c.MaxUnknown))
	}
	if math.IsNaN(c.GenderShare) || c.GenderShare < 0 || c.GenderShare > 1 {
		errs = append(errs, fmt.Errorf("distribute: GenderShare: want a share in 0..1, got %v", c.GenderShare))
	}
	if c.MinImages < 0 {
		errs = append(errs, fmt.Errorf("distribute: MinImages: want 0 images or more, got %d", c.MinImages))
	}
	if c.MaxImages < max(1, c.MinImages) {
		errs = append(errs, fmt.Errorf("distribute: MaxImages: want %d images or more, as MinImages says, got %d", max(1, c.MinImages), c.MaxImages))
	}
	return errors.Join(errs...)
}
