package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"plip/internal/dist"
	"plip/internal/feed"
	"plip/internal/runlog"
	"plip/internal/tensor"
	"plip/parquet"
)

// Run is what a training reads and writes, and whom it tells.
type Run struct {
	Dir        string // for checkpoints and metrics; where there is a checkpoint, the training goes on from it
	Data       *parquet.Dataset
	Start      string   // model to start from: a checkpoint, a run's folder or a file of the Python release (LoadModel); its sizes win over the configuration's. "": none
	Backbone   Backbone // weights of others for the image encoder alone
	Hub        string   // folder of BERT weights to start the text encoder from; "": from scratch, with a vocabulary of the captions
	Device     tensor.Device
	Workers    int   // goroutines that decode images, 1 or more
	CacheBytes int64 // memory for decoded images kept between epochs
	// Ranks are the processes that train together, each with its part of every batch; nil: this one alone. All call
	// Train with the same configuration, data and folder. The first alone writes, validates and tells Note, Prepare and
	// Progress.
	Ranks *dist.Group
	// Validate measures the model; nil: never. It must not change it, nor draw from libtorch's generator.
	Validate func(ctx context.Context, m *Model) (Validation, error)
	// Prepare is told how much is done of what comes before the first step; nil: nobody.
	Prepare func(done, total int64)
	// Note is told what is worth knowing, a line each; nil: nobody.
	Note func(text string)
	// Progress is told about every step; nil: nobody.
	Progress func(Progress)
	// Profile is told at the end where the time of the steps went; nil: it is not measured.
	Profile func(Profile)
}

// Validation is what a validation found.
type Validation struct {
	Score  float64        // higher is better: chooses the best checkpoint
	Fields []runlog.Field // for metrics.jsonl
}

// Progress is how far a training is.
type Progress struct {
	Step, Steps     int64 // made, and about how many in all
	Epoch           int   // 0-based
	Loss            float64
	Parts           []runlog.Field // the tasks' losses, unweighted; on CUDA also its memory
	LR              float64
	ImagesPerSecond float64       // since the training began or went on, validations left out
	Left            time.Duration // about, for the steps to come; 0 where that is unknown
	DataWait        float64       // share of that time in which the loader was waited for
}

// errEnough ends an epoch at the last step of the training.
var errEnough = errors.New("enough steps")

// Summary is what a training came to.
type Summary struct {
	State
	Parameters int64   // numbers that train
	Classes    int64   // of the classifier; 0 without one
	Skipped    int     // rows left out because they have no text
	Speed      float64 // images a second; 0 where no step was made
}

// Train pre-trains a model, from the newest checkpoint of its folder on; for a finished training it returns at once. It
// stops cleanly when ctx ends: the step in progress is finished, a checkpoint written, and ctx's error returned. A loss
// that is no number is a *feed.NonFiniteError. Of several processes, one whose ctx ends stops all of them at the same step.
func Train(ctx context.Context, c Config, run Run) (Summary, error) {
	runtime.LockOSThread() // libtorch keeps its number of threads by thread
	defer runtime.UnlockOSThread()
	t, err := newTraining(ctx, c, run)
	if err != nil {
		return Summary{}, err
	}
	defer t.close()
	defer t.noteFrozen()
	if run.Profile != nil {
		t.model.clock = newStopwatch(run.Device)
		if run.Device != tensor.CPU && t.model.clock.device == tensor.CPU {
			t.note("profile: without libplip_cuda.so (make setup CUDA=1) a stage's time on %v is that of asking for it", run.Device)
		}
		defer func() { run.Profile(t.profile()) }()
	}
	if c.SideBySide {
		threads := tensor.Threads()
		tensor.SetThreads(max(1, threads/2))
		defer tensor.SetThreads(threads)
	}
	for !t.finished() || t.owed() {
		err := errEnough // a validation that an interruption left out comes first
		if !t.owed() {
			t.batches = t.loader.Batches(t.at.Epoch)
			if t.batches == 0 {
				return t.summary(), fmt.Errorf("train: want a batch of %d images in an epoch, got too few rows (%d)", c.Batch, run.Data.NumRows())
			}
			err = t.loader.Epoch(t.loading(ctx), t.at.Epoch, t.at.Batch, func(b *feed.Batch) error { return t.step(ctx, b) })
		}
		if err == nil {
			t.at.Epoch, t.at.Batch = t.at.Epoch+1, 0
		}
		if err == nil || errors.Is(err, errEnough) {
			err = t.endEpoch(ctx)
		}
		if stop := t.stopped(ctx); stop != nil {
			return t.summary(), errors.Join(fmt.Errorf("stopped after step %d of about %d: %w", t.at.Step, t.steps(), stop), t.save())
		}
		if err != nil {
			return t.summary(), err
		}
	}
	return t.summary(), t.save()
}

// step trains on one batch.
func (t *training) step(ctx context.Context, b *feed.Batch) error {
	t.meter.start()
	clock := t.model.clock
	lr := t.rate()
	var read batch
	tokenised := clock.start(stageTokenise)
	t.captions(b, &read)
	tokenised()
	if err := t.agree(ctx, &read); err != nil {
		b.Release()
		return err
	}
	var loss float64
	fields := []runlog.Field{{Name: "epoch", Value: float64(t.at.Epoch)}}
	err := tensor.Do(func(*tensor.Scope) error {
		made := clock.start(stageInputs)
		in := t.inputs(b)
		made()
		in.captions, in.masked, in.choices, in.share = read.captions, read.masked, read.choices, read.share
		e, err := t.encode(b, in)
		defer e.free()
		if err != nil {
			return err
		}
		t.count(in)
		parts := t.model.losses(in, e.features)
		sum := total(parts)
		if loss, err = t.values(sum, parts, &fields); err != nil { // a CUDA device is waited for here
			return err
		}
		if !finite(loss) {
			return t.nonFinite(b, loss)
		}
		heads := clock.start(stageBackwardHeads)
		t.optimizer.ZeroGrad()
		if t.at.Scale.Scale > 0 {
			sum = sum.Scale(t.at.Scale.Scale)
		}
		if sum.RequiresGrad() { // not where the masked tokens are all there is to learn from, and there are none
			sum.Backward()
		}
		heads()
		if err := e.backward(t.model); err != nil {
			return err
		}
		if t.reducer != nil {
			t.reducer.Finish()
		}
		defer clock.start(stageUpdate)()
		t.update(lr, &fields)
		return nil
	})
	if err != nil {
		return err
	}
	t.at.Step, t.at.Batch = t.at.Step+1, b.Index+1
	t.meter.stop(len(b.Rows) * t.ranks())
	if err := deviceMemory(t.run.Device, &fields); err != nil {
		return err
	}
	if err := t.log(append(fields, runlog.Field{Name: "lr", Value: lr})); err != nil {
		return err
	}
	t.report(loss, fields[2:], lr) // after epoch and loss come the parts
	if t.finished() {
		return errEnough
	}
	if t.saveDue() && t.at.Batch < t.batches { // at the end of an epoch, validation comes first
		return t.save()
	}
	return nil
}

// update moves the parameters by their gradients; in float16 not where these are too great for the loss' scale.
func (t *training) update(lr float64, fields *[]runlog.Field) {
	scale := t.at.Scale.Scale
	if scale == 0 {
		t.optimizer.Step(lr)
		return
	}
	*fields = append(*fields, runlog.Field{Name: "loss_scale", Value: scale})
	if t.at.Scale.update(t.optimizer.GradNorm()) {
		t.optimizer.StepScaled(lr, 1/scale)
	}
}

// deviceMemory appends the most memory of a CUDA device that tensors took and that libtorch held for them, so far, where
// libplip_cuda.so tells.
func deviceMemory(d tensor.Device, fields *[]runlog.Field) error {
	if d == tensor.CPU || tensor.NCCL() == "" {
		return nil
	}
	u, err := d.MemoryUse()
	if err != nil {
		return fmt.Errorf("memory of %v: %w", d, err)
	}
	*fields = append(*fields, memoryFields(u)...)
	return nil
}

func memoryFields(u tensor.MemoryUse) []runlog.Field {
	mb := func(bytes int64) float64 { return math.Round(float64(bytes) / 1e6) }
	return []runlog.Field{{Name: "gpu_peak_mb", Value: mb(u.AllocatedPeak)}, {Name: "gpu_held_mb", Value: mb(u.ReservedPeak)}}
}

// encode runs the encoders, or takes what they gave.
func (t *training) encode(b *feed.Batch, in batch) (*encoded, error) {
	if t.features != nil {
		return t.features.encode(t.model, b, in.choices)
	}
	return t.model.encode(in)
}

func (t *training) saveDue() bool {
	return t.config.SaveEvery > 0 && t.at.Step%t.config.SaveEvery == 0
}

func (t *training) nonFinite(b *feed.Batch, loss float64) error {
	e := &feed.NonFiniteError{Step: t.at.Step + 1, Loss: loss, Rows: b.Number}
	for i := range b.Rows {
		e.Files = append(e.Files, b.Rows[i].FilePath)
	}
	return e
}

// endEpoch validates where that is due, and writes a checkpoint after it.
func (t *training) endEpoch(ctx context.Context) error {
	due := t.finished() || t.config.validates(t.at.Epoch)
	if t.run.Validate == nil || !due {
		if t.saveDue() {
			return t.save()
		}
		return nil
	}
	began := time.Now()
	v, err := t.validate(ctx)
	if err != nil {
		return fmt.Errorf("validate after step %d: %w", t.at.Step, err)
	}
	t.meter.pause(time.Since(began))
	if err := t.log(v.Fields); err != nil {
		return err
	}
	t.at.Validated = t.at.Step
	if t.config.selects() && (t.at.BestStep == 0 || v.Score > t.at.BestScore) {
		t.at.BestStep, t.at.BestScore = t.at.Step, v.Score
	}
	return t.save()
}

// owed tells whether the run stands at a validation that was not made.
func (t *training) owed() bool {
	if t.run.Validate == nil || t.at.Step == 0 || t.at.Validated == t.at.Step {
		return false
	}
	return t.finished() || t.at.Batch == 0 && t.config.validates(t.at.Epoch)
}

// log appends figures of the step to metrics.jsonl.
func (t *training) log(fields []runlog.Field) error {
	if !t.first() {
		return nil
	}
	return t.metrics.Append(t.at.Step, fields...)
}

func (t *training) report(loss float64, parts []runlog.Field, lr float64) {
	if t.run.Progress == nil || !t.first() {
		return
	}
	rate, wait := t.meter.rates()
	var left time.Duration
	if rate > 0 {
		left = time.Duration(float64(max(0, t.steps()-t.at.Step)) * float64(t.config.Batch) / rate * float64(time.Second))
	}
	t.run.Progress(Progress{Step: t.at.Step, Steps: t.steps(), Epoch: t.at.Epoch, Loss: loss, Parts: parts, LR: lr, ImagesPerSecond: rate, DataWait: wait, Left: left})
}
