package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"plip/internal/optim"
	"plip/parquet"
)

// How an identity becomes a class of the classifier (text-reid.md, section 0.3).
const (
	LabelsSorted   = "sorted"    // the sorted identities of the training rows, 0 to K-1: fits every dataset
	LabelsMinusOne = "minus-one" // the identity less one (release): fits CUHK-PEDES, whose identities begin at 1
)

// What a sample of fine-tuning is.
const (
	PairsCaption = "caption" // every caption of every image once an epoch (release: one record a caption)
	PairsImage   = "image"   // every image once, with a caption drawn for the visit, as in pre-training
)

// Which checkpoint is the best (text-reid.md, section 0.4).
const (
	SelectValid        = "valid"          // the highest R@1 on the validation set
	SelectTestEvery2nd = "test-every-2nd" // the release: on the test set, after epochs 1, 3, 5, ... and the last
	SelectLast         = "last"           // the last one, whatever was measured
)

// Where the linear layers of probing begin.
const (
	ProbeNone     = ""
	ProbeIdentity = "identity" // as the encoders leave the embeddings: the first validation is zero-shot
	ProbeFresh    = "fresh"    // PyTorch's initialisation
)

// FinetuneConfig is what fine-tuning on a dataset of text re-identification has beside the settings of pre-training:
// CMPM/C (text-reid.md, section 1), or linear probing (plip.md, section 6). Its contrast is loss.ivlc.
type FinetuneConfig struct {
	CMPC            float64 `yaml:"cmpc"`             // weight of the classification of identities; 0 leaves it and the classifier out. Default 1
	Classes         int64   `yaml:"classes"`          // K, from the dataset
	ClassifierScale float64 `yaml:"classifier-scale"` // the classifier's learning rate over lr. Default 10 (release)
	Labels          string  `yaml:"labels"`           // sorted or minus-one. Default sorted
	Pairs           string  `yaml:"pairs"`            // caption or image. Default caption (release)
	Short           bool    `yaml:"short-batch"`      // keep the batch that an epoch's end leaves short. Default true (release)
	Select          string  `yaml:"select"`           // valid, test-every-2nd or last. Default last
	Probe           string  `yaml:"probe"`            // identity or fresh: train a linear layer on each frozen encoder; "": train the encoders
}

// DefaultFinetune is the release's CMPM/C. Of several processes each contrasts its own rows, as there; all train one
// classifier, where the release has one each.
func DefaultFinetune() Config {
	c := DefaultConfig()
	c.Loss = LossWeights{IVLC: 1}
	c.Captions, c.Batch, c.Gather = CaptionsHuman, 32, false
	c.Schedule = optim.Schedule{Kind: optim.ScheduleStep, Base: 1e-4, Warmup: 5, Milestones: []int{20}, Factor: 0.1, Epochs: 30}
	c.TextLRScale = 1
	c.Finetune = &FinetuneConfig{CMPC: 1, ClassifierScale: 10, Labels: LabelsSorted, Pairs: PairsCaption, Short: true, Select: SelectLast}
	return c
}

// DefaultProbe is linear probing by CMPM (paper, table 2). The paper gives neither rate nor epochs: ours are those of
// fine-tuning's classifier, which is a linear layer too.
func DefaultProbe() Config {
	c := DefaultFinetune()
	c.Flip, c.Schedule.Base = false, 1e-3
	c.Finetune.CMPC, c.Finetune.Probe = 0, ProbeIdentity
	return c
}

// Validate joins every problem of the configuration.
func (c FinetuneConfig) Validate() error {
	var errs []error
	add := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	for _, f := range []struct {
		key string
		v   float64
	}{{"cmpc", c.CMPC}, {"classifier-scale", c.ClassifierScale}} {
		add(f.v >= 0 && !math.IsInf(f.v, 1), "%s: want 0 or more, got %v", f.key, f.v)
	}
	add(c.Classes >= 0, "classes: want 0 or more, got %d", c.Classes)
	for _, f := range []struct {
		key, v  string
		choices []string
	}{{"labels", c.Labels, []string{LabelsSorted, LabelsMinusOne}}, {"pairs", c.Pairs, []string{PairsCaption, PairsImage}},
		{"select", c.Select, []string{SelectValid, SelectTestEvery2nd, SelectLast}}, {"probe", c.Probe, []string{ProbeNone, ProbeIdentity, ProbeFresh}}} {
		add(slices.Contains(f.choices, f.v), "%s: want one of %q, got %q", f.key, f.choices, f.v)
	}
	add(c.Probe == ProbeNone || c.CMPC == 0, "cmpc: want 0 with probe, got %v", c.CMPC)
	return errors.Join(errs...)
}

// validates tells whether a validation follows when so many epochs were made; one follows the last in any case.
func (c Config) validates(epochs int) bool {
	if c.Finetune != nil && c.Finetune.Select == SelectTestEvery2nd {
		return epochs%2 == 1
	}
	return c.ValidateEvery > 0 && epochs%c.ValidateEvery == 0
}

// selects tells whether validations choose the best checkpoint.
func (c Config) selects() bool { return c.Finetune == nil || c.Finetune.Select != SelectLast }

// pairs tells whether every caption is a sample of its own.
func (c Config) pairs() bool { return c.Finetune != nil && c.Finetune.Pairs == PairsCaption }

// classes are the identities that the classifier tells apart.
type classes struct {
	minusOne bool
	sorted   []int64
}

// startClasses finds the identities of the rows that are trained on, and completes the configuration by their number.
// Without a classifier there are none.
func startClasses(ctx context.Context, c *Config, run Run) (*classes, error) {
	if c.Finetune == nil || c.Finetune.CMPC == 0 {
		return nil, nil
	}
	f := *c.Finetune // the caller's stays as it is
	c.Finetune = &f
	k := &classes{minusOne: f.Labels == LabelsMinusOne}
	seen := map[int64]bool{}
	err := run.Data.Visit(ctx, parquet.ColText|parquet.ColMeta, 0, func(i int64, r *parquet.Row) error {
		if len(candidates(c.Captions, r)) == 0 || seen[r.ID] {
			return nil
		}
		if k.minusOne && (r.ID < 1 || r.ID > math.MaxInt32) {
			return fmt.Errorf("row %d (%s): want an identity of 1 or more by labels minus-one, got %d", i, r.FilePath, r.ID)
		}
		seen[r.ID] = true
		k.sorted = append(k.sorted, r.ID)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("number the identities: %w", err)
	}
	slices.Sort(k.sorted)
	f.Classes = int64(len(k.sorted))
	if k.minusOne && len(k.sorted) > 0 {
		f.Classes = k.sorted[len(k.sorted)-1] // numbers between that no row has are classes too, as in the release
	}
	return k, nil
}

// class is the class of an identity of the training rows.
func (k *classes) class(id int64) int64 {
	if k.minusOne {
		return id - 1
	}
	i, _ := slices.BinarySearch(k.sorted, id)
	return int64(i)
}
