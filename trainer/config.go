package trainer

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"plip/internal/optim"
)

// Number formats of the encoders' matrix products and convolutions.
const (
	PrecisionFP32 = "fp32"
	PrecisionBF16 = "bf16" // autocast: weights, sums and losses stay float32
	PrecisionFP16 = "fp16" // autocast on CUDA, with the loss scaled so that small gradients stay above zero
)

// Config is a training run. Its YAML is config.yaml of a checkpoint; the keys are the flags of `plip pretrain`.
type Config struct {
	Seed          int64            `yaml:"seed"`
	Visual        VisualConfig     `yaml:"visual"`
	Text          TextConfig       `yaml:"text"`
	Contrast      ContrastConfig   `yaml:",inline"`
	Loss          LossWeights      `yaml:"loss"`
	Colorize      ColorizeConfig   `yaml:"colorize"`   // read where loss.tic is above 0
	Attributes    AttributesConfig `yaml:"attributes"` // read where loss.iap is above 0
	Captions      string           `yaml:"captions"`   // which texts a row's caption is drawn from, the constants CaptionsHuman and so on. Default prompt+two (paper)
	Sampler       string           `yaml:"sampler"`    // shuffle, or pk(P,K): P identities with K images each. Default shuffle (paper)
	Batch         int              `yaml:"batch"`      // images a step; with pk(P,K) it is P*K. Default 512 (paper)
	Window        int              `yaml:"window"`     // row groups that are shuffled together: what bounds the memory. Default 4
	Flip          bool             `yaml:"flip"`       // mirror half of the visits. Default true (paper)
	Optimizer     optim.Config     `yaml:",inline"`
	Schedule      optim.Schedule   `yaml:",inline"`
	TextLRScale   float64          `yaml:"text-lr-scale"`      // the text encoder's learning rate over lr. Default 0.1 (paper)
	MaxSteps      int64            `yaml:"max-steps"`          // end after so many steps; the cosine schedule then ends there. Default 0: epochs alone
	Precision     string           `yaml:"precision"`          // fp32, bf16 or fp16. Default fp32
	SideBySide    bool             `yaml:"side-by-side"`       // run the encoders at the same time, each on half of the threads: faster where both are small. Default false
	Gather        bool             `yaml:"gather"`             // several processes: the contrast sees the batch of all, with gradients; false: each process' own rows. Default true (paper's total batch)
	SyncNorm      bool             `yaml:"sync-norm"`          // several processes: batch norms take the statistics of all; false: each process' own, of which the first one's are kept. Default true
	SaveEvery     int64            `yaml:"save-every"`         // steps between checkpoints, beside those at validations and the end. Default 1000, 0: none
	ValidateEvery int              `yaml:"validate-every"`     // epochs between validations; 0: at the end alone. Default 1
	Finetune      *FinetuneConfig  `yaml:"finetune,omitempty"` // fine-tuning and probing; nil: pre-training
	Keep          int              `yaml:"keep"`               // newest checkpoints that stay, beside the best. Default 2
}

// LossWeights are the factors of the pretext tasks in the total loss (paper, eq. 7). A task of weight 0 is off: what it
// alone needs is not built and costs nothing.
type LossWeights struct {
	IVLC float64 `yaml:"ivlc"` // identity-based vision-language contrast. Default 1
	TIC  float64 `yaml:"tic"`  // text-guided image colourisation. Default 0.02
	IAP  float64 `yaml:"iap"`  // image-guided prediction of masked attributes. Default 0.1
}

// DefaultLossWeights are the paper's.
func DefaultLossWeights() LossWeights { return LossWeights{IVLC: 1, TIC: 0.02, IAP: 0.1} }

// Validate joins every problem of the weights.
func (w LossWeights) Validate() error {
	var errs []error
	for _, f := range []struct {
		key string
		v   float64
	}{{"ivlc", w.IVLC}, {"tic", w.TIC}, {"iap", w.IAP}} {
		if !(f.v >= 0) || math.IsInf(f.v, 1) {
			errs = append(errs, fmt.Errorf("loss.%s: want 0 or more, got %v", f.key, f.v))
		}
	}
	if len(errs) == 0 && w.IVLC+w.TIC+w.IAP == 0 {
		errs = append(errs, errors.New("loss.ivlc, loss.tic, loss.iap: want more than 0 for one of them, got 0 for all"))
	}
	return errors.Join(errs...)
}

// DefaultConfig is the paper's for RN50 and BERT base (A.8.1).
func DefaultConfig() Config {
	return Config{
		Seed: 1, Visual: DefaultVisualConfig(), Text: DefaultTextConfig(), Contrast: DefaultContrastConfig(), Loss: DefaultLossWeights(),
		Colorize: DefaultColorizeConfig(), Attributes: DefaultAttributesConfig(),
		Captions: CaptionsPromptTwo, Sampler: "shuffle", Batch: 512, Window: 4, Flip: true,
		Optimizer: optim.DefaultConfig(optim.Adan), Schedule: optim.DefaultSchedule(), TextLRScale: 0.1,
		Precision: PrecisionFP32, Gather: true, SyncNorm: true, SaveEvery: 1000, ValidateEvery: 1, Keep: 2,
	}
}

// checkpointConfig is what a checkpoint's configuration is read over: the tasks are those that it names, since
// checkpoints of before there were others have IVLC alone.
func checkpointConfig() Config {
	c := DefaultConfig()
	c.Loss = LossWeights{IVLC: 1}
	return c
}

// Validate joins every problem of the configuration.
func (c Config) Validate() error {
	errs := []error{c.Visual.Validate(), c.Text.Validate(), c.Contrast.Validate(), c.Loss.Validate(), c.Optimizer.Validate(), c.Schedule.Validate()}
	add := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(c.Visual.Dim == c.Text.Width, "visual.dim: want the text encoder's width %d, got %d", c.Text.Width, c.Visual.Dim)
	if c.Loss.TIC > 0 {
		errs = append(errs, c.Colorize.Validate())
	}
	if c.Loss.IAP > 0 {
		errs = append(errs, c.Attributes.Validate(c.Text.Width))
	}
	add(slices.Contains(captionSources(), c.Captions), "captions: want one of %v, got %q", captionSources(), c.Captions)
	add(c.Batch >= 2, "batch: want 2 or more, got %d", c.Batch)
	add(c.Window >= 1, "window: want 1 or more, got %d", c.Window)
	add(c.TextLRScale >= 0, "text-lr-scale: want 0 or more, got %v", c.TextLRScale)
	add(c.MaxSteps >= 0 && c.SaveEvery >= 0 && c.ValidateEvery >= 0, "max-steps, save-every, validate-every: want 0 or more, got %d, %d and %d", c.MaxSteps, c.SaveEvery, c.ValidateEvery)
	add(slices.Contains([]string{PrecisionFP32, PrecisionBF16, PrecisionFP16}, c.Precision), "precision: want fp32, bf16 or fp16, got %q", c.Precision)
	add(c.Keep >= 1, "keep: want 1 or more, got %d", c.Keep)
	if c.Finetune != nil {
		errs = append(errs, c.Finetune.Validate())
	}
	if p, k, err := parseSampler(c.Sampler); err != nil {
		errs = append(errs, err)
	} else if k > 0 {
		add(c.Batch == p*k, "batch: want %d by sampler %s, got %d", p*k, c.Sampler, c.Batch)
	}
	return errors.Join(errs...)
}

// parseSampler reads shuffle (p and k are 0) or pk(P,K).
func parseSampler(s string) (p, k int, err error) {
	if s == "shuffle" {
		return 0, 0, nil
	}
	if n, err := fmt.Sscanf(s, "pk(%d,%d)", &p, &k); n != 2 || err != nil || s != fmt.Sprintf("pk(%d,%d)", p, k) || p < 1 || k < 1 {
		return 0, 0, fmt.Errorf("sampler: want shuffle or pk(P,K), such as pk(32,2), got %q", s)
	}
	return p, k, nil
}
