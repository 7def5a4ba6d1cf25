package filter

import (
	"errors"
	"fmt"
	"math"
)

// Config holds the thresholds of the three steps. The paper's values belong to
// its own encoder: for another one, let [Tune] find them.
type Config struct {
	SigmaS float64 // least cosine of a sample with the centre of its track's others, -1..1. Default 0.6 (paper A.7.2)
	SigmaR float64 // least cosine for joining a neighbouring track, -1..1. Default 0.65 (paper A.7.2)
	SigmaM float64 // two centres above this cosine are joined, -1..1. Default 0.62 (paper A.7.2)
	RA     int     // positions looked at on each side in reassignment. Default 2 (paper A.7.2)
	RB     int     // positions looked at ahead in the merger. Default 2 (paper A.7.2)
}

// maxRadius keeps the window, and so the memory, small.
const maxRadius = 1024

// DefaultConfig returns the paper's thresholds.
func DefaultConfig() Config {
	return Config{SigmaS: 0.6, SigmaR: 0.65, SigmaM: 0.62, RA: 2, RB: 2}
}

// Validate names every field out of range.
func (c Config) Validate() error {
	var errs []error
	for _, f := range []struct {
		name  string
		value float64
	}{{"SigmaS", c.SigmaS}, {"SigmaR", c.SigmaR}, {"SigmaM", c.SigmaM}} {
		if math.IsNaN(f.value) || f.value < -1 || f.value > 1 {
			errs = append(errs, fmt.Errorf("filter: %s: want a cosine in -1..1, got %v", f.name, f.value))
		}
	}
	for _, f := range []struct {
		name  string
		value int
	}{{"RA", c.RA}, {"RB", c.RB}} {
		if f.value < 0 || f.value > maxRadius {
			errs = append(errs, fmt.Errorf("filter: %s: want 0..%d positions, got %d", f.name, maxRadius, f.value))
		}
	}
	return errors.Join(errs...)
}
