package spac

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"plip/internal/checkpoint"
	"plip/internal/feed"
	"plip/internal/optim"
	"plip/internal/pixels"
	"plip/internal/runlog"
	"plip/internal/tensor"
	"plip/parquet"
)

// TrainConfig configures a training run (spac.md, section 3).
type TrainConfig struct {
	Batch           int // images a step. Default 64 (paper)
	Accumulate      int // steps whose gradients are added before an update. Default 1
	Epochs          int // default 30 (paper)
	WordEpochs      int // of these, the first that train the words of the attributes alone, without the generator (ours). Default 0
	AttributeEpochs int // then, as many that train attributes and words, but no captions (ours). Default 0
	FixedEpochs     int // at the end, as many that train captions over a fixed prefix encoder, with a schedule of their own (ours). Default 0
	Weights         Weights
	Calibrate       bool // start the branches from a batch's statistics (ours). Default true
	Optimizer       optim.Config
	Schedule        optim.Schedule // default: 1e-4, fixed (paper)
	FreezeGenerator bool
	Flip            bool // mirror half of the images. Default true (paper)
	BFloat16        bool // autocast of matrix products and convolutions
	LogEvery        int  // steps between lines of metrics.jsonl. Default 20
	SaveEvery       int  // steps between checkpoints; 0: at the end of epochs only
	Samples         int  // validation images whose generated texts are logged after each epoch. Default 4
	Workers         int  // decoding goroutines. Default: the machine's cores
	Seed            int64
}

// DefaultTrainConfig is the paper's.
func DefaultTrainConfig() TrainConfig {
	return TrainConfig{Batch: 64, Accumulate: 1, Epochs: 30, Weights: Weights{Caption: 1, Attribute: 0.15}, Optimizer: optim.DefaultConfig(optim.AdamW),
		Schedule: optim.Schedule{Kind: optim.ScheduleFixed, Base: 1e-4, Epochs: 30}, Calibrate: true, Flip: true, LogEvery: 20, Samples: 4, Workers: feed.DefaultOptions().Workers}
}

// Validate joins every problem of the configuration.
func (c TrainConfig) Validate() error {
	var errs []error
	if c.Batch < 1 || c.Accumulate < 1 || c.Epochs < 1 || c.LogEvery < 1 || c.Workers < 1 {
		errs = append(errs, fmt.Errorf("batch, accumulate, epochs, log_every, workers: want 1 or more, got %d, %d, %d, %d, %d", c.Batch, c.Accumulate, c.Epochs, c.LogEvery, c.Workers))
	}
	if c.AttributeEpochs < 0 || c.WordEpochs < 0 || c.FixedEpochs < 0 || c.WordEpochs+c.AttributeEpochs+c.FixedEpochs > c.Epochs {
		errs = append(errs, fmt.Errorf("word_epochs, attribute_epochs, fixed_epochs: want 0 or more and at most %d together, got %d, %d and %d", c.Epochs, c.WordEpochs, c.AttributeEpochs, c.FixedEpochs))
	}
	if w := c.Weights; w.Caption < 0 || w.Attribute < 0 || w.Words < 0 || w.Caption+w.Attribute+w.Words == 0 {
		errs = append(errs, fmt.Errorf("weights of captions, attributes and words: want 0 or more and not all 0, got %v, %v and %v", w.Caption, w.Attribute, w.Words))
	}
	if c.WordEpochs > 0 && c.Weights.Words == 0 {
		errs = append(errs, fmt.Errorf("word_epochs: want a weight of the words above 0"))
	}
	return errors.Join(append(errs, c.Optimizer.Validate(), c.Schedule.Validate())...)
}

// TrainRun is what a training reads, where it writes and whom it tells.
type TrainRun struct {
	Dir      string // the run's directory: checkpoints, metrics.jsonl
	Train    *parquet.Dataset
	Valid    *parquet.Dataset // nil: no validation
	Words    *Vocabulary
	Extract  func(caption string) [Slots]string // attributes of rows that have none
	Settings map[string]string                  // the resolved configuration, written into checkpoints
	Keep     int                                // checkpoints kept beside the best
	Progress func(step, total int64, line string)
	Sample   func(text string) // generated texts after an epoch; may be nil
}

// state is what a checkpoint holds beside tensors.
type state struct {
	Step     int64   `json:"step"`
	Epoch    int     `json:"epoch"`
	Batch    int64   `json:"batch"`     // of the epoch, the next to run
	BestLoss float64 `json:"best_loss"` // on the validation part
	BestStep int64   `json:"best_step"`
}

// settings is what a checkpoint's config.yaml holds.
type settings struct {
	Model Config            `yaml:"model"`
	Run   map[string]string `yaml:"run"`
}

// Train trains the captioner, from the newest checkpoint of the run's directory if there is one. It stops cleanly when
// ctx ends: the step is finished, a checkpoint written, and ctx's error returned.
func Train(ctx context.Context, m *Captioner, c TrainConfig, run TrainRun) error {
	if err := c.Validate(); err != nil {
		return err
	}
	return tensor.Do(func(*tensor.Scope) error { return train(ctx, m, c, run) })
}

func train(ctx context.Context, m *Captioner, c TrainConfig, run TrainRun) error {
	if err := m.Store.Freeze(func(name string) bool {
		return m.UnusedInTraining(name) || c.FreezeGenerator && strings.HasPrefix(name, "generator.")
	}); err != nil {
		return err
	}
	opt, err := optim.New(c.Optimizer, []optim.Group{{Params: m.Store.Trainable(), Scale: 1}})
	if err != nil {
		return err
	}
	defer opt.Close()
	tensor.Seed(c.Seed)
	at := state{BestLoss: math.MaxFloat64}
	if at, err = resume(run, m, opt, at); err != nil {
		return err
	}
	o := feed.DefaultOptions()
	o.Order = feed.Order{Sampler: feed.Shuffle, Batch: c.Batch, Window: o.Window, Seed: c.Seed}
	o.Height, o.Px, o.Norm, o.Flip, o.Workers = int(m.Config.Height), int(m.Config.Px), pixels.ImageNet(), c.Flip, c.Workers
	loader, err := feed.New(ctx, run.Train, o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(run.Dir, 0o755); err != nil {
		return err
	}
	metrics, err := runlog.OpenMetrics(filepath.Join(run.Dir, "metrics.jsonl"), at.Step)
	if err != nil {
		return err
	}
	defer metrics.Close()
	maker := &targetMaker{run.Words.BPE, run.Extract}
	var prior []float32
	if c.Weights.Words > 0 {
		if prior, err = maker.prior(ctx, run.Train); err != nil {
			return err
		}
	}
	perEpoch := loader.Batches(0)
	if perEpoch == 0 {
		return fmt.Errorf("train: %d images are fewer than a batch of %d", run.Train.NumRows(), c.Batch)
	}
	total := perEpoch * int64(c.Epochs)
	save := func() error {
		name := checkpoint.StepName(at.Step)
		if _, err := checkpoint.Save(run.Dir, name, checkpoint.Content{Store: m.Store, Optimizer: opt, Config: settings{m.Config, run.Settings},
			State: at, Files: run.Words.files}); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if at.BestStep == at.Step {
			if err := checkpoint.SetBest(run.Dir, name); err != nil {
				return err
			}
		}
		return checkpoint.Prune(run.Dir, run.Keep)
	}

	for ; at.Epoch < c.Epochs; at.Epoch, at.Batch = at.Epoch+1, 0 {
		weights := c.weights(at.Epoch)
		err := loader.Epoch(ctx, at.Epoch, at.Batch, func(b *feed.Batch) error {
			began := time.Now()
			lr := c.rate(at.Epoch, float64(b.Index)/float64(perEpoch))
			losses, err := step(m, b, maker, prior, c, weights, at.Step == 0)
			if err != nil {
				return err
			}
			if bad := losses.total; math.IsNaN(bad) || math.IsInf(bad, 0) {
				return fmt.Errorf("step %d: loss is %v; rows %v", at.Step, bad, b.Number)
			}
			if (b.Index+1)%int64(c.Accumulate) == 0 || b.Index+1 == perEpoch {
				opt.Step(lr)
				opt.ZeroGrad()
			}
			at.Step, at.Batch = at.Step+1, b.Index+1
			if at.Step%int64(c.LogEvery) == 0 || at.Step == total {
				rate := float64(len(b.Rows)) / time.Since(began).Seconds()
				fields := []runlog.Field{{Name: "epoch", Value: float64(at.Epoch)}, {Name: "loss", Value: losses.total}, {Name: "lr", Value: lr}, {Name: "images_per_s", Value: rate}}
				if err := metrics.Append(at.Step, append(fields, losses.parts...)...); err != nil {
					return err
				}
			}
			run.Progress(at.Step, total, fmt.Sprintf("loss %.3f", losses.total))
			if c.SaveEvery > 0 && at.Step%int64(c.SaveEvery) == 0 {
				if err := save(); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
		if err != nil {
			if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
				return errors.Join(err, save())
			}
			return err
		}
		if weights.Caption+weights.Attribute > 0 { // else nothing that is generated has been trained
			if err := validate(ctx, m, c, run, maker, &at, metrics); err != nil {
				return err
			}
		}
		next := at
		next.Epoch, next.Batch = at.Epoch+1, 0
		at, next = next, at
		if err := save(); err != nil {
			return err
		}
		at = next
	}
	return metrics.Sync()
}

// numbers are a step's losses.
type numbers struct {
	total float64
	parts []runlog.Field
}

// weights are those of an epoch.
func (c TrainConfig) weights(epoch int) Weights {
	w := c.Weights
	switch {
	case epoch < c.WordEpochs:
		w.Caption, w.Attribute = 0, 0
	case epoch < c.WordEpochs+c.AttributeEpochs:
		w.Caption = 0
	case epoch >= c.Epochs-c.FixedEpochs:
		w.FixedEncoder, w.Words = true, 0
	}
	return w
}

// rate is the learning rate at a place of the training. The epochs over a fixed encoder have a schedule of their own:
// the encoder comes to rest before them, and the generator starts afresh.
func (c TrainConfig) rate(epoch int, within float64) float64 {
	s := c.Schedule
	if c.FixedEpochs == 0 {
		return s.Rate(epoch, within)
	}
	s.Epochs = c.Epochs - c.FixedEpochs
	if epoch >= s.Epochs {
		epoch, s.Epochs = epoch-s.Epochs, c.FixedEpochs
	}
	return s.Rate(epoch, within)
}

// step runs one batch forward and backward; gradients add up. The first of a fresh training calibrates the branches.
func step(m *Captioner, b *feed.Batch, maker *targetMaker, prior []float32, c TrainConfig, w Weights, first bool) (out numbers, err error) {
	targets := make([]Targets, len(b.Rows))
	for i := range b.Rows {
		targets[i] = maker.make(&b.Rows[i])
	}
	err = tensor.Do(func(*tensor.Scope) error {
		batch := NewBatch(m.Store.Device(), images(m, b), targets)
		b.Release()
		if w.Words > 0 {
			batch.Prior = tensor.FromFloat32(m.Store.Device(), prior, Slots, int64(maker.bpe.Size()))
		}
		if first && c.Calibrate {
			if err := m.Calibrate(batch.Images); err != nil {
				return err
			}
		}
		if c.BFloat16 {
			defer tensor.Autocast(tensor.BFloat16)()
		}
		l := m.Loss(batch, w, true)
		l.Total.Scale(1 / float64(c.Accumulate)).Backward()
		out.total = l.Total.Item()
		for _, part := range []struct {
			name string
			loss tensor.Tensor
		}{{"caption", l.Caption}, {"attribute", l.Attribute}, {"words", l.Words}} {
			if part.loss.Defined() {
				out.parts = append(out.parts, runlog.Field{Name: part.name, Value: part.loss.Item()})
			}
		}
		return nil
	})
	return out, err
}

// images copies a batch's images to the model's device.
func images(m *Captioner, b *feed.Batch) tensor.Tensor { // [N, 3, H, W]
	return tensor.FromFloat32(m.Store.Device(), b.Images, int64(len(b.Rows)), 3, m.Config.Height, m.Config.Px)
}

// validate measures the loss on the validation part, keeps the best checkpoint's mark and shows some generated texts.
func validate(ctx context.Context, m *Captioner, c TrainConfig, run TrainRun, maker *targetMaker, at *state, metrics *runlog.Metrics) error {
	if run.Valid == nil {
		return nil
	}
	o := feed.DefaultOptions()
	o.Order = feed.Order{Sampler: feed.Sequential, Batch: c.Batch, Window: 1}
	o.Height, o.Px, o.Norm, o.Workers, o.CacheBytes = int(m.Config.Height), int(m.Config.Px), pixels.ImageNet(), c.Workers, 0
	loader, err := feed.New(ctx, run.Valid, o)
	if err != nil {
		return err
	}
	defer tensor.NoGrad()()
	var sum, rows float64
	if err := loader.Epoch(ctx, 0, 0, func(b *feed.Batch) error {
		defer b.Release()
		return tensor.Do(func(*tensor.Scope) error {
			targets := make([]Targets, len(b.Rows))
			for i := range b.Rows {
				targets[i] = maker.make(&b.Rows[i])
			}
			if b.Index == 0 && run.Sample != nil && c.Samples > 0 {
				if err := showSamples(m, run, b, min(c.Samples, len(b.Rows))); err != nil {
					return err
				}
			}
			weights := c.Weights
			weights.Words = 0 // what counts is what is generated
			l := m.Loss(NewBatch(m.Store.Device(), images(m, b), targets), weights, false)
			sum, rows = sum+l.Total.Item()*float64(len(b.Rows)), rows+float64(len(b.Rows))
			return nil
		})
	}); err != nil {
		return err
	}
	loss := sum / rows
	if loss < at.BestLoss {
		at.BestLoss, at.BestStep = loss, at.Step
	}
	return metrics.Append(at.Step, runlog.Field{Name: "valid_loss", Value: loss})
}

func showSamples(m *Captioner, run TrainRun, b *feed.Batch, n int) error {
	return tensor.Do(func(*tensor.Scope) error {
		for i, w := range m.Describe(images(m, b).Narrow(0, 0, int64(n)), run.Words.BPE) {
			run.Sample(fmt.Sprintf("%s: %s | %s", b.Rows[i].FilePath, strings.Join(w.Attributes[:], ", "), strings.Join(w.Captions[:], " | ")))
		}
		return nil
	})
}

// resume loads the newest checkpoint of the run, or returns fresh where there is none.
func resume(run TrainRun, m *Captioner, opt *optim.Optimizer, fresh state) (state, error) {
	last, err := checkpoint.Latest(run.Dir)
	if err != nil || last == "" {
		return fresh, err
	}
	var saved settings
	if err := checkpoint.ReadConfig(last, &saved); err != nil {
		return fresh, err
	}
	if want, got := fmt.Sprint(saved.Run), fmt.Sprint(run.Settings); want != got {
		return fresh, fmt.Errorf("%s was made by another configuration: want %s, got %s", last, want, got)
	}
	at := fresh
	if err := checkpoint.ReadState(last, &at); err != nil {
		return fresh, err
	}
	return at, checkpoint.LoadTraining(last, m.Store, opt)
}
