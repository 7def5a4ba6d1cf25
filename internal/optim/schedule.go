package optim

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Schedule says how the learning rate runs over the training.
type Schedule struct {
	Kind       string  `yaml:"schedule"`        // step: by whole epochs, as the paper; cosine: to 0 over the whole training, by step; stable: the base until stableShare of the training, then straight to 0; fixed
	Base       float64 `yaml:"lr"`              // learning rate after the warm-up
	Warmup     float64 `yaml:"warmup"`          // epochs of linear warm-up. Paper: 10
	Milestones []int   `yaml:"milestones,flow"` // step: 0-based epochs from which the rate is times Factor once more. Paper: 30, 50
	Factor     float64 `yaml:"factor"`          // step: paper 0.1
	Epochs     int     `yaml:"epochs"`          // of the whole training. Paper: 70
}

// The schedules.
const (
	ScheduleStep   = "step"
	ScheduleCosine = "cosine"
	ScheduleStable = "stable"
	ScheduleFixed  = "fixed"
)

// stableShare is where the stable schedule begins to fall.
const stableShare = 0.7

// DefaultSchedule is the paper's for RN50 at a total batch of 512 (A.8.1).
func DefaultSchedule() Schedule {
	return Schedule{Kind: ScheduleStep, Base: 0.002, Warmup: 10, Milestones: []int{30, 50}, Factor: 0.1, Epochs: 70}
}

// Validate joins every problem of the schedule.
func (s Schedule) Validate() error {
	var errs []error
	if !slices.Contains([]string{ScheduleStep, ScheduleCosine, ScheduleStable, ScheduleFixed}, s.Kind) {
		errs = append(errs, fmt.Errorf("schedule: want step, cosine, stable or fixed, got %q", s.Kind))
	}
	if s.Base <= 0 {
		errs = append(errs, fmt.Errorf("lr: want more than 0, got %v", s.Base))
	}
	if s.Warmup < 0 || s.Epochs < 1 {
		errs = append(errs, fmt.Errorf("warmup and epochs: want 0 and 1 or more, got %v and %d", s.Warmup, s.Epochs))
	}
	return errors.Join(errs...)
}

// Rate is the learning rate at a place of the training: progress through 0-based epoch e, 0 <= within < 1. The step
// schedule only looks at whole epochs: base * min(1, (e+1)/warmup) * factor^(milestones passed).
func (s Schedule) Rate(e int, within float64) float64 {
	switch s.Kind {
	case ScheduleFixed:
		return s.Base
	case ScheduleStable:
		at := float64(e) + within
		if at < s.Warmup {
			return s.Base * at / s.Warmup
		}
		return s.Base * min(1, (1-at/float64(s.Epochs))/(1-stableShare))
	case ScheduleCosine:
		at := float64(e) + within
		if at < s.Warmup {
			return s.Base * at / s.Warmup
		}
		x := min(1, (at-s.Warmup)/max(1e-9, float64(s.Epochs)-s.Warmup))
		return s.Base * 0.5 * (1 + math.Cos(math.Pi*x))
	}
	rate := s.Base
	if s.Warmup > 0 {
		rate *= min(1, float64(e+1)/s.Warmup)
	}
	for _, m := range s.Milestones {
		if e >= m {
			rate *= s.Factor
		}
	}
	return rate
}
