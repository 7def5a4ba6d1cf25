package spac

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"plip/internal/feed"
	"plip/internal/optim"
	"plip/internal/runlog"
	"plip/internal/tensor"
	"plip/parquet"
)

// TrainConfig configures a training run (spac.md, section 3).
type TrainConfig struct {
	Batch           int // images a step. Default 64 (paper)
	Accumulate      int // parts that a batch is run in, one after the other, their gradients added up: memory for time. Default 1
	Epochs          int // default 30 (paper)
	WordEpochs      int // of these, the first that train the words of the attributes alone, without the generator (ours). Default 0
	AttributeEpochs int // then, as many that train attributes and words, but no captions (ours). Default 0
	FixedEpochs     int // at the end, as many that train captions over a fixed prefix encoder, with a schedule of their own (ours). Default 0
	Weights         Weights
	Calibrate       bool // start the branches from a batch's statistics (ours). Default true
	Optimizer       optim.Config
	Schedule        optim.Schedule // default: 1e-4, fixed (paper)
	FreezeGenerator bool
	Flip            bool    // mirror half of the images. Default true (paper)
	Jitter          float64 // zoom and shift the images by up to this share of their size (ours). Default 0
	BFloat16        bool    // autocast of matrix products and convolutions
	LogEvery        int     // steps between lines of metrics.jsonl. Default 20
	SaveEvery       int     // steps between checkpoints; 0: at the end of epochs only
	Samples         int     // validation images whose generated texts are logged after each epoch. Default 4
	Workers         int     // decoding goroutines. Default: the machine's cores
	CacheBytes      int64   // memory for decoded images kept between epochs. Default half a gigabyte
	Seed            int64
}

// DefaultTrainConfig is the paper's.
func DefaultTrainConfig() TrainConfig {
	return TrainConfig{Batch: 64, Accumulate: 1, Epochs: 30, Weights: Weights{Caption: 1, Attribute: 0.15}, Optimizer: optim.DefaultConfig(optim.AdamW),
		Schedule: optim.Schedule{Kind: optim.ScheduleFixed, Base: 1e-4, Epochs: 30}, Calibrate: true, Flip: true, LogEvery: 20, Samples: 4, Workers: feed.DefaultOptions().Workers, CacheBytes: feed.DefaultOptions().CacheBytes}
}

// Validate joins every problem of the configuration.
func (c TrainConfig) Validate() error {
	var errs []error
	if c.Batch < 1 || c.Accumulate < 1 || c.Epochs < 1 || c.LogEvery < 1 || c.Workers < 1 {
		errs = append(errs, fmt.Errorf("batch, accumulate, epochs, log_every, workers: want 1 or more, got %d, %d, %d, %d, %d", c.Batch, c.Accumulate, c.Epochs, c.LogEvery, c.Workers))
	}
	if c.Accumulate > c.Batch {
		errs = append(errs, fmt.Errorf("accumulate: want at most the %d images of a batch, got %d", c.Batch, c.Accumulate))
	}
	if c.CacheBytes < 0 {
		errs = append(errs, fmt.Errorf("cache_bytes: want 0 or more, got %d", c.CacheBytes))
	}
	if !(c.Jitter >= 0 && c.Jitter < 1) {
		errs = append(errs, fmt.Errorf("jitter: want a share of 0 to below 1, got %v", c.Jitter))
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

// TrainRun is what a training reads, where it writes and whom it tells.
type TrainRun struct {
	Dir      string // the run's directory: checkpoints, metrics.jsonl, samples.jsonl
	Train    *parquet.Dataset
	Valid    *parquet.Dataset // nil: no validation
	Words    *Vocabulary
	Extract  func(caption string) [Slots]string // attributes of rows that have none
	Settings map[string]string                  // the resolved configuration, written into checkpoints
	Keep     int                                // checkpoints kept beside the best
	Progress func(step, total int64, loss float64)
	Note     func(text string) // validation losses and generated texts; nil: nobody
}

// Train trains the captioner, from the newest checkpoint of the run's directory if there is one: then what follows is,
// bit for bit, what an undisturbed run does. It stops cleanly when ctx ends: the step is finished, a checkpoint written,
// and ctx's error returned. A loss that is no number is a *feed.NonFiniteError.
func Train(ctx context.Context, m *Captioner, c TrainConfig, run TrainRun) (out Summary, err error) {
	if err := c.Validate(); err != nil {
		return out, err
	}
	err = tensor.Do(func(*tensor.Scope) error {
		t, err := newTraining(ctx, m, c, run)
		if err != nil {
			return err
		}
		defer func() {
			out = t.summary()
			t.close()
		}()
		for t.at.Epoch < c.Epochs {
			err := t.epoch(ctx)
			if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
				return errors.Join(err, t.save())
			}
			if err != nil {
				return err
			}
		}
		return t.metrics.Sync()
	})
	return out, err
}

// Summary is what a training came to.
type Summary struct {
	Steps           int64   // made in all
	ImagesPerSecond float64 // of this invocation's steps, validations left out; 0 where none was made
	DataWait        float64 // share of that time in which the loader was waited for
}

// epoch runs what is left of an epoch, validates and writes a checkpoint.
func (t *training) epoch(ctx context.Context) error {
	weights := t.config.weights(t.at.Epoch)
	t.ended = time.Now()
	if err := t.loader.Epoch(ctx, t.at.Epoch, t.at.Batch, func(b *feed.Batch) error {
		began := time.Now()
		t.waited += began.Sub(t.ended)
		t.images += len(b.Rows)
		if err := t.step(b, weights); err != nil {
			return err
		}
		t.ended = time.Now()
		t.worked += t.ended.Sub(began)
		if t.config.SaveEvery > 0 && t.at.Step%int64(t.config.SaveEvery) == 0 && t.at.Batch < t.perEpoch { // at the end of an epoch, validation comes first
			if err := t.save(); err != nil {
				return err
			}
		}
		return ctx.Err()
	}); err != nil {
		return err
	}
	if weights.Caption+weights.Attribute > 0 { // else nothing that is generated has been trained
		if err := t.validate(ctx); err != nil {
			return fmt.Errorf("validate after step %d: %w", t.at.Step, err)
		}
	}
	t.at.Epoch, t.at.Batch = t.at.Epoch+1, 0
	return t.save()
}

// step trains on one batch.
func (t *training) step(b *feed.Batch, weights Weights) error {
	lr := t.config.rate(t.at.Epoch, float64(b.Index)/float64(t.perEpoch))
	losses, err := t.gradients(b, weights)
	if err != nil {
		return err
	}
	if math.IsNaN(losses.total) || math.IsInf(losses.total, 0) {
		e := &feed.NonFiniteError{Step: t.at.Step + 1, Loss: losses.total, Rows: b.Number}
		for i := range b.Rows {
			e.Files = append(e.Files, b.Rows[i].FilePath)
		}
		return e
	}
	t.optimizer.Step(lr)
	t.optimizer.ZeroGrad()
	t.at.Step, t.at.Batch = t.at.Step+1, b.Index+1
	if t.at.Step%int64(t.config.LogEvery) == 0 || t.at.Step == t.total() {
		fields := []runlog.Field{{Name: "epoch", Value: float64(t.at.Epoch)}, {Name: "loss", Value: losses.total}, {Name: "lr", Value: lr}}
		if err := t.metrics.Append(t.at.Step, append(fields, losses.parts()...)...); err != nil {
			return err
		}
	}
	if t.run.Progress != nil {
		t.run.Progress(t.at.Step, t.total(), losses.total)
	}
	return nil
}
