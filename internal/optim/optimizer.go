// Package optim holds the optimizers of both trainings, Adan and AdamW, over groups of named parameters, and the
// learning-rate schedules. Each update runs in one pass over memory in the shim of internal/tensor.
package optim

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"plip/internal/nn"
	"plip/internal/tensor"
)

// The optimizers.
const (
	Adan  = "adan"  // arXiv 2208.06677, the paper's
	AdamW = "adamw" // arXiv 1711.05101
)

// Config holds an optimizer's numbers.
type Config struct {
	Kind        string     `yaml:"optimizer"`     // adan or adamw
	Betas       [3]float64 `yaml:"betas,flow"`    // multiply the old values. Adan 0.98, 0.92, 0.99; AdamW 0.9, 0.999 (the third unused)
	Eps         float64    `yaml:"eps"`           // default 1e-8
	WeightDecay float64    `yaml:"weight-decay"`  // default 0.02 with Adan (release), 0.01 with AdamW
	NoProx      bool       `yaml:"no-prox"`       // Adan: decay multiplies before the step instead of dividing after it
	MaxGradNorm float64    `yaml:"max-grad-norm"` // gradients are scaled down to this norm over all groups. Default 0: never
}

// DefaultConfig returns the release's numbers for adan, PyTorch's for adamw.
func DefaultConfig(kind string) Config {
	if kind == AdamW {
		return Config{Kind: AdamW, Betas: [3]float64{0.9, 0.999, 0}, Eps: 1e-8, WeightDecay: 0.01}
	}
	return Config{Kind: kind, Betas: [3]float64{0.98, 0.92, 0.99}, Eps: 1e-8, WeightDecay: 0.02}
}

// Validate joins every problem of the configuration.
func (c Config) Validate() error {
	var errs []error
	if c.Kind != Adan && c.Kind != AdamW {
		errs = append(errs, fmt.Errorf("optimizer: want adan or adamw, got %q", c.Kind))
	}
	for i, b := range c.Betas {
		if b < 0 || b >= 1 {
			errs = append(errs, fmt.Errorf("optimizer beta %d: want 0 to below 1, got %v", i+1, b))
		}
	}
	if c.Eps <= 0 {
		errs = append(errs, fmt.Errorf("optimizer eps: want more than 0, got %v", c.Eps))
	}
	if c.WeightDecay < 0 || c.MaxGradNorm < 0 {
		errs = append(errs, fmt.Errorf("weight decay and greatest gradient norm: want 0 or more, got %v and %v", c.WeightDecay, c.MaxGradNorm))
	}
	return errors.Join(errs...)
}

// Group is parameters that share a learning rate.
type Group struct {
	Params []*nn.Param
	Scale  float64 // of the learning rate: 1, or 0.1 for BERT
}

// Optimizer updates groups of parameters by their gradients. It owns its states until Close.
type Optimizer struct {
	config Config
	groups []*group
	params []tensor.Tensor // of all groups
	step   int64
}

type group struct {
	Group
	tensors []tensor.Tensor
	states  [][]tensor.Tensor // by state name
}

// stateNames are in the order of the update's arguments.
func stateNames(kind string) []string {
	if kind == AdamW {
		return []string{"m", "v"}
	}
	return []string{"m", "v", "n", "previous"}
}

// New makes an optimizer whose states are zero.
func New(c Config, groups []Group) (*Optimizer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	o := &Optimizer{config: c}
	err := tensor.Do(func(s *tensor.Scope) error {
		for _, g := range groups {
			w := &group{Group: g}
			for _, p := range g.Params {
				w.tensors = append(w.tensors, p.Tensor)
			}
			for range stateNames(c.Kind) {
				var states []tensor.Tensor
				for _, t := range w.tensors {
					states = append(states, tensor.Keep(tensor.Zeros(t.Device(), tensor.Float32, t.Shape()...)))
				}
				w.states = append(w.states, states)
			}
			o.groups = append(o.groups, w)
			o.params = append(o.params, w.tensors...)
		}
		return nil
	})
	if err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

// Close frees the states.
func (o *Optimizer) Close() {
	for _, g := range o.groups {
		for _, states := range g.states {
			for _, t := range states {
				t.Free()
			}
		}
	}
	o.groups = nil
}

// ZeroGrad drops all gradients.
func (o *Optimizer) ZeroGrad() { tensor.ZeroGrads(o.params) }

// Step updates every parameter that has a gradient. It returns the gradients' norm over all groups before clipping, or
// 0 when nothing asks for it (no clipping).
func (o *Optimizer) Step(lr float64) (norm float64) { return o.StepScaled(lr, 1) }

// GradNorm is the Euclidean norm of all gradients: no finite number where one of them is none.
func (o *Optimizer) GradNorm() float64 { return tensor.GradNorm(o.params) }

// StepScaled is Step by gradients that are multiplied by a factor first: 1 over the scale of the loss.
func (o *Optimizer) StepScaled(lr, factor float64) (norm float64) {
	o.step++
	scale := factor
	if o.config.MaxGradNorm > 0 {
		norm = factor * tensor.GradNorm(o.params)
		scale *= math.Min(1, o.config.MaxGradNorm/(norm+o.config.Eps))
	}
	k, b := float64(o.step), o.config.Betas
	correction := [3]float64{1 - math.Pow(b[0], k), 1 - math.Pow(b[1], k), 1 - math.Pow(b[2], k)}
	for _, g := range o.groups {
		if o.config.Kind == AdamW {
			tensor.AdamW(g.tensors, g.states[0], g.states[1], tensor.AdamWStep{LR: lr * g.Scale, WeightDecay: o.config.WeightDecay,
				Beta1: b[0], Beta2: b[1], Eps: o.config.Eps, GradScale: scale, Correction: [2]float64{correction[0], correction[1]}})
			continue
		}
		tensor.Adan(g.tensors, g.states[0], g.states[1], g.states[2], g.states[3], tensor.AdanStep{LR: lr * g.Scale, WeightDecay: o.config.WeightDecay,
			Beta1: b[0], Beta2: b[1], Beta3: b[2], Eps: o.config.Eps, GradScale: scale, Correction: correction,
			First: o.step == 1, NoProx: o.config.NoProx})
	}
	return norm
}

// Steps is how many steps were taken.
func (o *Optimizer) Steps() int64 { return o.step }

// State is one state tensor of one parameter.
type State struct {
	Name   string // the parameter's name, a slash, the state's: "visual.conv1.weight/m"
	Tensor tensor.Tensor
}

// States lists all states in a fixed order. The tensors stay the optimizer's.
func (o *Optimizer) States() []State {
	var out []State
	for _, g := range o.groups {
		for i, name := range stateNames(o.config.Kind) {
			for j, p := range g.Params {
				out = append(out, State{p.Name + "/" + name, g.states[i][j]})
			}
		}
	}
	return out
}

// Restore overwrites the states from a source that holds every one of them, and the number of steps.
func (o *Optimizer) Restore(src nn.Source, steps int64) error {
	names := src.Names()
	for _, s := range o.States() {
		if !slices.Contains(names, s.Name) {
			return fmt.Errorf("optimizer state %q is missing", s.Name)
		}
		if err := nn.Restore(s.Tensor, src, s.Name); err != nil {
			return fmt.Errorf("optimizer state %q: %w", s.Name, err)
		}
	}
	o.step = steps
	return nil
}
