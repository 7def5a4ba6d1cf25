//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"plip/internal/optim"
	"plip/internal/tensor"
	"plip/internal/weights"
	"plip/parquet"
	"plip/spac"
	"plip/spac/attributes"
	"plip/spac/presets"
)

func spacTrainCommand() command {
	return command{
		use:   "train -o DIR",
		short: "Train the captioner on captioned shards",
		long: "train teaches SPAC the six attributes and two styles of captions from captioned\n" +
			"shards, and writes checkpoints, metrics.jsonl (and the same for TensorBoard) and\n" +
			"samples.jsonl below the output folder. The same command goes on from the newest\n" +
			"checkpoint.\n\n" +
			"Without --generator-hub the generator starts fresh with a vocabulary trained on the\n" +
			"captions; with it, from a folder in the hub's layout (GPT-2). With --model the whole\n" +
			"captioner starts from another one, whose sizes and vocabulary win.",
		example: "plip spac train --preset tiny --train corpus/captioned --valid corpus/valid -o captioner",
		presets: presets.FS(),
		result:  spacTrainResult{},
		resumes: true,
		options: &spacTrainOptions{},
	}
}

// spacTrainResult is what `plip spac train --json` prints.
type spacTrainResult struct {
	Output     string  `json:"output" doc:"folder of the run"`
	Parameters int64   `json:"parameters" doc:"trained numbers"`
	Images     int64   `json:"images" doc:"visits of images in the whole training"`
	Seconds    float64 `json:"seconds" doc:"of this invocation's training"`
	Speed      float64 `json:"images_per_s" doc:"of this invocation's steps"`
	DataWait   float64 `json:"data_wait" doc:"share of their time in which the loader was waited for"`
}

type spacTrainOptions struct {
	out, train, valid, hub string
	start                  string
	model                  spac.Config
	config                 spac.TrainConfig
	device                 deviceFlags
}

func (o *spacTrainOptions) addFlags(f *pflag.FlagSet) {
	o.model, o.config = spac.DefaultConfig(), spac.DefaultTrainConfig()
	addOutput(f, &o.out, "`folder` for checkpoints and metrics")
	f.StringVar(&o.train, "train", "", "captioned `shards` to learn from")
	f.StringVar(&o.valid, "valid", "", "captioned `shards` to measure the loss on after each epoch")
	f.StringVar(&o.hub, "generator-hub", "", "`folder` or hub name of GPT-2 weights to start the generator from")
	f.StringVar(&o.start, "model", "", "captioner to start from: `folder` of a checkpoint, or of a spac train")
	annotate(f, unrecorded, "train", "valid", "generator-hub", "model")
	f.IntSliceVar(&o.model.Layers, "layers", o.model.Layers, "`blocks` of the prefix encoder's four stages")
	f.Int64Var(&o.model.Width, "width", o.model.Width, "`planes` of the prefix encoder's first stage")
	f.Int64Var(&o.model.Channels, "channels", o.model.Channels, "`channels` of the feature pyramid")
	f.Int64Var(&o.model.Height, "height", o.model.Height, "input height in `pixels`")
	f.Int64Var(&o.model.Px, "px", o.model.Px, "input width in `pixels`")
	f.IntVar(&o.model.Level, "level", o.model.Level, "`level` of the pyramid that the branches read; 0 is P2")
	f.StringVar(&o.model.Pool, "pool", o.model.Pool, "how branches pool the level: average, or places, where each channel learns where it looks")
	f.Int64Var(&o.model.AttributeTokens, "attribute-tokens", o.model.AttributeTokens, "prefix `tokens` of an attribute")
	f.BoolVar(&o.model.PlainStyles, "plain-styles", o.model.PlainStyles, "no style encoders: both styles of captions start from the same prefixes")
	f.Float64Var(&o.model.Dropout, "dropout", o.model.Dropout, "`probability` in the branches")
	g := &o.model.Generator
	f.Int64Var(&g.Vocab, "generator.vocab", g.Vocab, "vocabulary in `tokens`")
	f.Int64Var(&g.Width, "generator.width", g.Width, "`width` of the generator")
	f.Int64Var(&g.Layers, "generator.layers", g.Layers, "`layers` of the generator")
	f.Int64Var(&g.Heads, "generator.heads", g.Heads, "attention `heads` of the generator")
	f.Int64Var(&g.Positions, "generator.positions", g.Positions, "longest prefix and text in `tokens`")
	f.Float64Var(&g.Dropout, "generator.dropout", g.Dropout, "`probability` in the generator")
	c := &o.config
	f.IntVar(&c.Batch, "batch", c.Batch, "`images` a step")
	f.IntVar(&c.Accumulate, "accumulate", c.Accumulate, "`parts` that a batch is run in, to need less memory")
	f.IntVar(&c.Epochs, "epochs", c.Epochs, "`passes` over the training shards")
	f.IntVar(&c.WordEpochs, "word-epochs", c.WordEpochs, "`epochs` at the start that train the attributes' words alone, without the generator")
	f.IntVar(&c.AttributeEpochs, "attribute-epochs", c.AttributeEpochs, "`epochs` after those that train attributes but no captions")
	f.IntVar(&c.FixedEpochs, "fixed-epochs", c.FixedEpochs, "`epochs` at the end that train captions over a fixed prefix encoder")
	f.Float64Var(&c.Weights.Attribute, "attribute-weight", c.Weights.Attribute, "`weight` of the attributes' loss")
	f.Float64Var(&c.Weights.Caption, "caption-weight", c.Weights.Caption, "`weight` of the captions' loss")
	f.Float64Var(&c.Weights.Words, "word-weight", c.Weights.Words, "`weight` of the attributes' words, asked of the prefixes directly")
	f.StringVar(&c.Optimizer.Kind, "optimizer", c.Optimizer.Kind, "adamw or adan")
	f.Float64Var(&c.Optimizer.WeightDecay, "weight-decay", c.Optimizer.WeightDecay, "`weight` decay")
	f.Float64Var(&c.Optimizer.MaxGradNorm, "max-grad-norm", c.Optimizer.MaxGradNorm, "greatest `norm` of the gradients; 0 is any")
	f.Float64Var(&c.Schedule.Base, "lr", c.Schedule.Base, "learning `rate`")
	f.StringVar(&c.Schedule.Kind, "schedule", c.Schedule.Kind, "fixed, stable, cosine or step")
	f.Float64Var(&c.Schedule.Warmup, "warmup", c.Schedule.Warmup, "`epochs` of linear warm-up")
	f.BoolVar(&c.Calibrate, "calibrate", c.Calibrate, "start the branches from the statistics of a batch")
	f.BoolVar(&c.FreezeGenerator, "freeze-generator", c.FreezeGenerator, "train the prefix encoder alone")
	f.BoolVar(&c.Flip, "flip", c.Flip, "mirror half of the images")
	f.Float64Var(&c.Jitter, "jitter", c.Jitter, "`share` of their size by which images are zoomed and shifted")
	f.IntVar(&c.LogEvery, "log-every", c.LogEvery, "`steps` between lines of metrics.jsonl")
	f.IntVar(&c.SaveEvery, "save-every", c.SaveEvery, "`steps` between checkpoints; 0 is after epochs only")
	f.IntVar(&c.Samples, "samples", c.Samples, "validation `images` whose texts are shown after each epoch")
	f.IntVar(&c.Workers, "workers", c.Workers, "`goroutines` that decode images")
	f.Int64Var(&c.CacheBytes, "cache-bytes", c.CacheBytes, "memory for decoded images kept between epochs, in `bytes`")
	annotate(f, unrecorded, "workers", "log-every", "samples", "cache-bytes")
	o.device.addFlags(f)
}

func (o *spacTrainOptions) validate([]string) error {
	o.config.Schedule.Epochs = o.config.Epochs
	if o.config.Optimizer.Kind == optim.Adan {
		o.config.Optimizer.Betas = optim.DefaultConfig(optim.Adan).Betas
	}
	problems := []error{checkOutput(o.out), o.device.validate(), o.model.Validate(), o.config.Validate()}
	if o.train == "" {
		problems = append(problems, errors.New("--train is missing"))
	}
	if o.start != "" && o.hub != "" {
		problems = append(problems, errors.New("--model and --generator-hub contradict each other: a captioner has a generator"))
	}
	return errors.Join(problems...)
}

func (o *spacTrainOptions) run(ctx context.Context, c *call) error {
	train, err := parquet.Open(o.train)
	if err != nil {
		return err
	}
	defer train.Close()
	run := spac.TrainRun{Dir: o.out, Train: train, Settings: c.settings.recorded(), Keep: 2}
	if o.valid != "" {
		if run.Valid, err = parquet.Open(o.valid); err != nil {
			return err
		}
		defer run.Valid.Close()
	}
	extractor, err := attributes.Default()
	if err != nil {
		return err
	}
	run.Extract = func(caption string) [spac.Slots]string { return extractor.Extract(caption).Values }
	device, bf16, err := o.device.apply()
	if err != nil {
		return err
	}
	o.config.Seed, o.config.BFloat16 = c.seed(), bf16
	tensor.Seed(c.seed())
	m, words, err := o.captioner(ctx, device, train)
	if err != nil {
		return err
	}
	defer m.Close()
	run.Words = words
	report := c.progress.Callback("train captioner", "steps")
	run.Progress = func(step, total int64, loss float64) {
		report(step, total)
		if step%trainingLogSteps == 0 {
			c.logf("step %d of %d: loss %.4f", step, total, loss)
		}
	}
	run.Note = func(s string) { c.logf("%s", s) }
	began := time.Now()
	done, err := spac.Train(ctx, m, o.config, run)
	if err != nil {
		return err
	}
	c.progress.Done()
	r := spacTrainResult{Output: o.out, Parameters: m.Parameters(), Images: int64(o.config.Epochs) * train.NumRows() / int64(o.config.Batch) * int64(o.config.Batch), Seconds: time.Since(began).Seconds(), Speed: done.ImagesPerSecond, DataWait: done.DataWait}
	return c.print(r, func(w io.Writer) {
		fmt.Fprintf(w, "captioner\t%d parameters\t%.0f s\t%.0f images/s\tdata wait %.1f %%\t%s\n", r.Parameters, r.Seconds, r.Speed, 100*r.DataWait, r.Output)
	})
}

// captioner makes the model and its vocabulary: another run's, or fresh, its generator perhaps from a hub folder.
func (o *spacTrainOptions) captioner(ctx context.Context, device tensor.Device, train *parquet.Dataset) (*spac.Captioner, *spac.Vocabulary, error) {
	if o.start != "" {
		o.config.Calibrate = false // the branches are trained
		return spac.LoadCaptioner(device, o.start)
	}
	if o.hub != "" {
		var err error
		if o.hub, err = weights.ResolveHub(o.hub, os.Getenv); err != nil {
			return nil, nil, err
		}
	}
	words, err := o.vocabulary(ctx, train)
	if err != nil {
		return nil, nil, err
	}
	m, err := spac.NewCaptioner(device, o.model)
	if err != nil {
		return nil, nil, err
	}
	if o.hub != "" {
		if err := m.LoadGenerator(o.hub); err != nil {
			m.Close()
			return nil, nil, err
		}
	}
	return m, words, nil
}

// vocabulary is the hub folder's, or one trained on the captions and attributes, whose size then is the generator's.
func (o *spacTrainOptions) vocabulary(ctx context.Context, train *parquet.Dataset) (*spac.Vocabulary, error) {
	if o.hub != "" {
		if err := o.model.Generator.ReadHubConfig(filepath.Join(o.hub, "config.json")); err != nil {
			return nil, err
		}
		return spac.LoadVocabulary(o.hub)
	}
	words, err := spac.TrainVocabulary(ctx, train, int(o.model.Generator.Vocab))
	if err != nil {
		return nil, err
	}
	o.model.Generator.Vocab = int64(words.Size())
	return words, nil
}
