package spac

import (
	"context"
	"fmt"
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
)

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

// training is a run in progress.
type training struct {
	model     *Captioner
	config    TrainConfig
	run       TrainRun
	maker     *targetMaker
	prior     []float32 // [6, V], nil without the words' loss
	optimizer *optim.Optimizer
	loader    *feed.Loader
	metrics   *runlog.Metrics
	samples   *sampleLog
	perEpoch  int64 // steps
	at        state
	saved     state // of the newest checkpoint; step -1 where there is none

	waited, worked time.Duration // for the loader, and in steps
	ended          time.Time     // of the last step
	images         int           // of all steps
}

// newTraining opens everything, fresh or where the newest checkpoint left it.
func newTraining(ctx context.Context, m *Captioner, c TrainConfig, run TrainRun) (*training, error) {
	t := &training{model: m, config: c, run: run, maker: &targetMaker{run.Words.BPE, run.Extract},
		at: state{BestLoss: math.MaxFloat64}, saved: state{Step: -1}}
	if err := t.open(ctx); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *training) open(ctx context.Context) (err error) {
	if err := t.model.Store.Freeze(func(name string) bool {
		return t.model.UnusedInTraining(name) || t.config.FreezeGenerator && strings.HasPrefix(name, "generator.")
	}); err != nil {
		return err
	}
	if t.optimizer, err = optim.New(t.config.Optimizer, []optim.Group{{Params: t.model.Store.Trainable(), Scale: 1}}); err != nil {
		return err
	}
	o := t.loaderOptions(feed.Order{Sampler: feed.Shuffle, Batch: t.config.Batch, Window: feed.DefaultOptions().Window, Seed: t.config.Seed})
	o.Flip, o.Jitter, o.CacheBytes = t.config.Flip, t.config.Jitter, t.config.CacheBytes
	if t.loader, err = feed.New(ctx, t.run.Train, o); err != nil {
		return err
	}
	if t.perEpoch = t.loader.Batches(0); t.perEpoch == 0 {
		return fmt.Errorf("train: want a batch of %d images in an epoch, got %d images", t.config.Batch, t.run.Train.NumRows())
	}
	if t.config.Weights.Words > 0 {
		if t.prior, err = t.maker.prior(ctx, t.run.Train); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(t.run.Dir, 0o777); err != nil {
		return err
	}
	if err := t.resume(); err != nil {
		return err
	}
	if t.metrics, err = runlog.OpenMetrics(filepath.Join(t.run.Dir, runlog.MetricsFile), t.saved.Step); err != nil {
		return err
	}
	t.samples, err = openSamples(filepath.Join(t.run.Dir, SamplesFile), t.saved.Step)
	return err
}

// loaderOptions are those of the model's images in an order.
func (t *training) loaderOptions(order feed.Order) feed.Options {
	o := feed.DefaultOptions()
	o.Order, o.Workers = order, t.config.Workers
	o.Height, o.Px, o.Norm = int(t.model.Config.Height), int(t.model.Config.Px), pixels.ImageNet()
	return o
}

// total is the steps of the whole training.
func (t *training) total() int64 { return t.perEpoch * int64(t.config.Epochs) }

// resume puts everything where the newest checkpoint of the run left it, if there is one.
func (t *training) resume() error {
	last, err := checkpoint.Latest(t.run.Dir)
	if err != nil || last == "" {
		return err
	}
	var saved settings
	if err := checkpoint.ReadConfig(last, &saved); err != nil {
		return err
	}
	if want, got := fmt.Sprint(saved.Run), fmt.Sprint(t.run.Settings); want != got {
		return fmt.Errorf("%s was made by another configuration: want %s, got %s", last, want, got)
	}
	if err := checkpoint.ReadState(last, &t.at); err != nil {
		return err
	}
	t.saved = t.at
	return checkpoint.LoadTraining(last, t.model.Store, t.optimizer)
}

// save writes a checkpoint of the present step, names it the best if it is, and prunes. Where there is one already, its
// state alone can have changed: an epoch has ended, or a validation.
func (t *training) save() error {
	name := checkpoint.StepName(t.at.Step)
	switch {
	case t.saved == t.at:
	case t.saved.Step == t.at.Step:
		if err := checkpoint.WriteState(filepath.Join(t.run.Dir, name), t.at); err != nil {
			return err
		}
	default:
		if err := t.metrics.Sync(); err != nil { // the log never lags behind the checkpoint
			return err
		}
		if _, err := checkpoint.Save(t.run.Dir, name, checkpoint.Content{Store: t.model.Store, Optimizer: t.optimizer,
			Config: settings{t.model.Config, t.run.Settings}, State: t.at, Files: t.run.Words.files}); err != nil {
			return err
		}
	}
	t.saved = t.at
	if t.at.BestStep == t.at.Step && t.at.Step > 0 {
		if err := checkpoint.SetBest(t.run.Dir, name); err != nil {
			return err
		}
	}
	return checkpoint.Prune(t.run.Dir, t.run.Keep)
}

// note tells what is worth knowing.
func (t *training) note(format string, args ...any) {
	if t.run.Note != nil {
		t.run.Note(fmt.Sprintf(format, args...))
	}
}

func (t *training) summary() Summary {
	s := Summary{Steps: t.at.Step}
	if all := (t.waited + t.worked).Seconds(); all > 0 {
		s.ImagesPerSecond, s.DataWait = float64(t.images)/all, t.waited.Seconds()/all
	}
	return s
}

// close frees what the training owns; the model stays.
func (t *training) close() {
	if t.metrics != nil {
		t.metrics.Close()
	}
	if t.samples != nil {
		t.samples.close()
	}
	if t.optimizer != nil {
		t.optimizer.Close()
	}
}
