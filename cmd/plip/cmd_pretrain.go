//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/spf13/pflag"

	"plip/internal/checkpoint"
	"plip/internal/dist"
	"plip/internal/optim"
	"plip/internal/runlog"
	"plip/internal/weights"
	"plip/parquet"
	"plip/trainer"
	"plip/trainer/presets"
)

func pretrainCommand() command {
	return command{
		use:   "pretrain --data DIR -o DIR",
		short: "Pre-train PLIP on captioned shards",
		long: "pretrain trains the image and the text encoder of PLIP on the identities, images and\n" +
			"captions of shards, by up to three tasks: contrast of images and captions, colouring\n" +
			"gray images from captions, and guessing masked attributes in captions from images.\n" +
			"--loss.ivlc, --loss.tic and --loss.iap weigh them.\n\n" +
			"The output folder gets metrics.jsonl, one line a step, and checkpoints; the same\n" +
			"command goes on from the newest one, to the same losses as an undisturbed run. Rows\n" +
			"without any text are left out and counted.\n\n" +
			"Without --text.hub the text encoder starts fresh, with a vocabulary learned from the\n" +
			"captions. With --valid every caption there is searched among the images there after\n" +
			"epochs, and the model of the best R@1 is kept.\n\n" + ranksHelp +
			"  torchrun --nproc-per-node 2 --no-python plip pretrain ...\n" +
			"  srun --ntasks 8 plip pretrain ...",
		example: "plip pretrain --preset tiny --data corpus/captioned --valid corpus/valid -o model",
		presets: presets.FS(),
		result:  pretrainResult{},
		resumes: true,
		options: &pretrainOptions{},
	}
}

// pretrainResult is what `plip pretrain --json` prints.
type pretrainResult struct {
	Output     string  `json:"output" doc:"folder of the run"`
	Checkpoint string  `json:"checkpoint" doc:"the best checkpoint, without --valid the last"`
	Parameters int64   `json:"parameters" doc:"trained numbers"`
	Steps      int64   `json:"steps" doc:"steps made, earlier invocations included"`
	BestStep   int64   `json:"best_step" doc:"step of the best validation; 0 without --valid"`
	BestR1     float64 `json:"best_r1" doc:"its R@1; 0 without --valid"`
	Images     int64   `json:"images" doc:"visits of images in all steps"`
	Skipped    int     `json:"skipped" doc:"rows left out because they have no text"`
	Seconds    float64 `json:"seconds" doc:"of this invocation"`
	Speed      float64 `json:"images_per_s" doc:"of this invocation's training, of all ranks"`
	Ranks      int     `json:"ranks" doc:"processes that trained together; the first one prints this"`
	Inspected  string  `json:"inspected,omitempty" doc:"page of --inspect; then nothing was trained"`
}

type pretrainOptions struct {
	out, data, valid, hub string
	config                trainer.Config
	workers               int
	cacheBytes            int64
	device                deviceFlags
	backbone              trainer.Backbone
	force                 bool
	inspect, profile      string
	peakTFLOPS            float64
}

// hubFrozenLayers stands for the default of text.frozen_layers, which depends on text.hub.
const hubFrozenLayers = -1

func (o *pretrainOptions) addFlags(f *pflag.FlagSet) {
	o.config = trainer.DefaultConfig()
	o.config.Text.FrozenLayers = hubFrozenLayers
	addOutput(f, &o.out, "`folder` for checkpoints and metrics")
	f.StringVar(&o.data, "data", "", "captioned `shards` to learn from")
	f.StringVar(&o.valid, "valid", "", "captioned `shards` of other identities to validate on")
	f.StringVar(&o.hub, "text.hub", "", "`folder` or hub name of BERT weights to start the text encoder from")
	annotate(f, unrecorded, "data")
	addTrainerConfig(f, &o.config)
	addBackbone(f, &o.backbone)
	addWorkers(f, &o.workers)
	f.Int64Var(&o.cacheBytes, "cache-bytes", 512<<20, "memory for decoded images kept between epochs, in `bytes`")
	annotate(f, unrecorded, "cache-bytes")
	o.device.addFlags(f)
	addForce(f, &o.force)
	f.StringVar(&o.inspect, "inspect", "", "write a page to this `file` of what the model is fed, and what a checkpoint in the output makes of it; train nothing")
	f.StringVar(&o.profile, "profile", "", "write where the time of the steps goes, and how many operations a second they do, to this JSON `file`, and print it at the end")
	f.Float64Var(&o.peakTFLOPS, "peak-tflops", 0, "operations a second that the hardware can do, in `10^12`: --profile then tells the share of them")
	annotate(f, unrecorded, "inspect", "profile", "peak-tflops")
}

// addTrainerConfig defines a flag for every setting of the trainer, but for seed and precision, which all commands have,
// and betas, which follow from the optimizer. The names are the keys of a checkpoint's config.yaml.
func addTrainerConfig(f *pflag.FlagSet, c *trainer.Config) {
	v, t := &c.Visual, &c.Text
	f.StringVar(&v.Form, "visual.form", v.Form, "clip (the paper's), or resnet, which takes weights of torchvision, MoCo and LUP whole")
	f.IntSliceVar(&v.Layers, "visual.layers", v.Layers, "`blocks` of the image encoder's four stages")
	f.Int64Var(&v.Width, "visual.width", v.Width, "`planes` of its first stage")
	f.Int64Var(&v.Height, "visual.height", v.Height, "input height in `pixels`")
	f.Int64Var(&v.Px, "visual.px", v.Px, "input width in `pixels`")
	f.StringVar(&v.Pool, "visual.pool", v.Pool, "attention, max or average")
	f.Int64Var(&v.Heads, "visual.heads", v.Heads, "`heads` of attention pooling")
	f.Int64Var(&v.Dim, "visual.dim", v.Dim, "`length` of an embedding; the text encoder's width")
	f.Int64Var(&t.Vocab, "text.vocab", t.Vocab, "most `tokens` in the vocabulary")
	f.Int64Var(&t.Width, "text.width", t.Width, "`width` of the text encoder")
	f.Int64Var(&t.Layers, "text.layers", t.Layers, "its `layers`")
	f.Int64Var(&t.Heads, "text.heads", t.Heads, "its attention `heads`")
	f.Int64Var(&t.Inner, "text.inner", t.Inner, "`width` inside its MLPs")
	f.Int64Var(&t.Positions, "text.positions", t.Positions, "longest text in `tokens` that it has positions for")
	f.Int64Var(&t.Types, "text.types", t.Types, "token `types`")
	f.Float64Var(&t.Eps, "text.eps", t.Eps, "`epsilon` of its layer norms")
	f.Float64Var(&t.Dropout, "text.dropout", t.Dropout, "dropout `probability`")
	f.Float64Var(&t.AttentionDropout, "text.attention_dropout", t.AttentionDropout, "dropout `probability` of attention")
	f.Int64Var(&t.MaxLength, "text.max_length", t.MaxLength, "`tokens` of a caption that are read")
	f.Float64Var(&t.InitStd, "text.init_std", t.InitStd, "standard `deviation` of fresh weights")
	f.StringVar(&t.Pool, "text.pool", t.Pool, "pooler or mean")
	f.Int64Var(&t.FrozenLayers, "text.frozen_layers", t.FrozenLayers, "lower `layers` that do not train, with the embeddings; -1: 8 with --text.hub, else 0")
	f.BoolVar(&t.FrozenBF16, "text.frozen_bf16", t.FrozenBF16, "frozen layers compute in bfloat16 in training")
	f.BoolVar(&t.FrozenEval, "text.frozen_eval", t.FrozenEval, "frozen layers and embeddings have no dropout in training")
	f.Int64Var(&t.FrozenCache, "text.frozen_cache", t.FrozenCache, "memory for what the frozen layers give for captions, kept between visits, in `bytes`; above 0 it implies --text.frozen_eval; masked captions are computed at each visit")
	f.StringVar(&c.Contrast.Kind, "contrast", c.Contrast.Kind, "cmpm, sdm or infonce")
	f.Float64Var(&c.Contrast.Temperature, "temperature", c.Contrast.Temperature, "`temperature` of sdm and infonce")
	f.StringVar(&c.Contrast.Norm, "cmpm.norm", c.Contrast.Norm, "l2 or sum")
	f.Float64Var(&c.Contrast.Epsilon, "cmpm.epsilon", c.Contrast.Epsilon, "`eps` of cmpm: larger ones learn faster at small size")
	f.Float64Var(&c.Loss.IVLC, "loss.ivlc", c.Loss.IVLC, "`weight` of the identity-based vision-language contrast; 0 leaves it out")
	f.Float64Var(&c.Loss.TIC, "loss.tic", c.Loss.TIC, "`weight` of the text-guided colourisation; 0 leaves it out")
	f.Float64Var(&c.Loss.IAP, "loss.iap", c.Loss.IAP, "`weight` of the image-guided prediction of masked attributes; 0 leaves it out")
	f.StringVar(&c.Colorize.Distance, "colorize.distance", c.Colorize.Distance, "of colourised from true images: l2 or l1")
	f.Int64Var(&c.Colorize.Channels, "colorize.channels", c.Colorize.Channels, "`channels` that the decoder brings each stage to")
	f.StringVar(&c.Colorize.Statistics, "colorize.statistics", c.Colorize.Statistics, "running statistics of gray images: shared with colour images, or own")
	f.StringVar(&c.Attributes.Fusion, "attributes.fusion", c.Attributes.Fusion, "how the image guides the prediction: sum or concat")
	f.Int64Var(&c.Attributes.Heads, "attributes.heads", c.Attributes.Heads, "attention `heads` of the prediction")
	f.StringVar(&c.Attributes.Difficulty.Kind, "attributes.difficulty", c.Attributes.Difficulty.Kind, "how the probability that a phrase is masked grows from 0.2 to 0.8: sqrt, linear, square or constant")
	f.Float64Var(&c.Attributes.Difficulty.Constant, "attributes.constant", c.Attributes.Difficulty.Constant, "that `probability` where it is constant")
	f.StringVar(&c.Captions, "captions", c.Captions, "`texts` to draw from: human, prompt, generated, prompt+one or prompt+two")
	f.StringVar(&c.Sampler, "sampler", c.Sampler, "shuffle, or pk(P,K): `P` identities with K images each")
	f.IntVar(&c.Batch, "batch", c.Batch, "`images` a step")
	f.IntVar(&c.Window, "window", c.Window, "`row groups` shuffled together: bounds the memory")
	f.BoolVar(&c.Flip, "flip", c.Flip, "mirror half of the images")
	f.StringVar(&c.Optimizer.Kind, "optimizer", c.Optimizer.Kind, "adan or adamw")
	f.Float64Var(&c.Optimizer.Eps, "eps", c.Optimizer.Eps, "`epsilon` of the optimizer")
	f.Float64Var(&c.Optimizer.WeightDecay, "weight-decay", c.Optimizer.WeightDecay, "weight `decay`")
	f.BoolVar(&c.Optimizer.NoProx, "no-prox", c.Optimizer.NoProx, "adan: decay before the step")
	f.Float64Var(&c.Optimizer.MaxGradNorm, "max-grad-norm", c.Optimizer.MaxGradNorm, "greatest `norm` of the gradients; 0 is any")
	f.StringVar(&c.Schedule.Kind, "schedule", c.Schedule.Kind, "step, cosine, stable or fixed")
	f.Float64Var(&c.Schedule.Base, "lr", c.Schedule.Base, "learning `rate` after the warm-up")
	f.Float64Var(&c.Schedule.Warmup, "warmup", c.Schedule.Warmup, "`epochs` of linear warm-up")
	f.IntSliceVar(&c.Schedule.Milestones, "milestones", c.Schedule.Milestones, "`epochs` from which the step schedule multiplies the rate by --factor once more")
	f.Float64Var(&c.Schedule.Factor, "factor", c.Schedule.Factor, "`factor` of the step schedule")
	f.IntVar(&c.Schedule.Epochs, "epochs", c.Schedule.Epochs, "`passes` over the shards")
	f.Float64Var(&c.TextLRScale, "text-lr-scale", c.TextLRScale, "the text encoder's learning rate over --lr, a `factor`")
	f.Int64Var(&c.MaxSteps, "max-steps", c.MaxSteps, "end after so many `steps`, the cosine schedule too; 0 is --epochs alone")
	f.BoolVar(&c.SideBySide, "side-by-side", c.SideBySide, "run both encoders at once, each on half of the threads: faster where both are small")
	f.BoolVar(&c.Gather, "gather", c.Gather, "several ranks: contrast over the batch of all, with gradients; false is each rank's own rows")
	f.BoolVar(&c.SyncNorm, "sync-norm", c.SyncNorm, "several ranks: batch norms by the statistics of all; false is each rank's own")
	f.Int64Var(&c.SaveEvery, "save-every", c.SaveEvery, "`steps` between checkpoints; 0 is at validations and the end only")
	f.IntVar(&c.ValidateEvery, "validate-every", c.ValidateEvery, "`epochs` between validations; 0 is at the end only")
	f.IntVar(&c.Keep, "keep", c.Keep, "newest `checkpoints` to keep beside the best")
}

func (o *pretrainOptions) validate([]string) error {
	if o.config.Text.FrozenLayers == hubFrozenLayers {
		o.config.Text.FrozenLayers = 0
		if o.hub != "" {
			o.config.Text.FrozenLayers = 8
		}
	}
	problems := []error{checkWorkers(o.workers), o.device.validate()}
	if o.inspect == "" {
		problems = append(problems, checkOutput(o.out))
	}
	if o.data == "" {
		problems = append(problems, errors.New("--data is missing"))
	}
	o.config.Optimizer.Betas = optim.DefaultConfig(o.config.Optimizer.Kind).Betas
	if o.cacheBytes < 0 {
		problems = append(problems, fmt.Errorf("--cache-bytes: want 0 or more, got %d", o.cacheBytes))
	}
	switch {
	case !(o.peakTFLOPS >= 0) || math.IsInf(o.peakTFLOPS, 1):
		problems = append(problems, fmt.Errorf("--peak-tflops: want more than 0, got %v", o.peakTFLOPS))
	case o.peakTFLOPS > 0 && o.profile == "":
		problems = append(problems, errors.New("--peak-tflops is for --profile, which is missing"))
	}
	if o.hub == "" { // else the hub folder's config.json has its say first
		problems = append(problems, o.config.Validate())
	}
	return errors.Join(problems...)
}

func (o *pretrainOptions) run(ctx context.Context, c *call) error {
	if o.inspect != "" {
		return o.train(ctx, c, nil)
	}
	return withRanks(ctx, os.Getenv, func(g *dist.Group) error { return o.train(ctx, c, g) })
}

// train is this process' part of the run: all of it where g is nil.
func (o *pretrainOptions) train(ctx context.Context, c *call, g *dist.Group) error {
	began, place := time.Now(), placeOf(g)
	o.device.place = place
	data, err := parquet.Open(o.data)
	if err != nil {
		return err
	}
	defer data.Close()
	run := trainer.Run{Dir: o.out, Data: data, Backbone: o.backbone, Workers: place.workers(o.workers), CacheBytes: o.cacheBytes, Ranks: g}
	if place.first() {
		run.Note = func(text string) { c.logf("%s", text) }
	}
	if o.hub != "" {
		if run.Hub, err = weights.ResolveHub(o.hub, os.Getenv); err != nil {
			return err
		}
	}
	if run.Device, o.config.Precision, err = o.device.applyTraining(true); err != nil {
		return err
	}
	o.config.Seed = c.seed()
	if o.inspect != "" {
		if err := o.inspectPage(ctx, run); err != nil {
			return err
		}
		r := pretrainResult{Output: o.out, Inspected: o.inspect}
		return c.print(r, r.table)
	}
	if o.valid != "" {
		valid, err := parquet.Open(o.valid)
		if err != nil {
			return err
		}
		defer valid.Close()
		run.Validate = retrievalValidation(c, o.workers, valid)
	}
	if err := beginRanks(c, g, "pretrain", o.out, o.force, data); err != nil {
		return err
	}
	run.Progress = trainingProgress(c, "pre-train")
	var profile trainer.Profile
	if o.profile != "" {
		run.Profile = func(p trainer.Profile) { profile = p }
	}
	s, err := trainer.Train(ctx, o.config, run)
	if o.profile != "" && profile.Steps > 0 && place.first() {
		c.progress.Done()
		err = errors.Join(err, runlog.WriteJSON(o.profile, profile), profileTable(c.err, profile, o.peakTFLOPS))
	}
	if err != nil || !place.first() {
		return err
	}
	path, err := checkpoint.Resolve(o.out)
	if err != nil {
		return err
	}
	r := pretrainResult{o.out, path, s.Parameters, s.Step, s.BestStep, s.BestScore, s.Step * int64(o.config.Batch), s.Skipped, time.Since(began).Seconds(), s.Speed, place.size, ""}
	return c.print(r, r.table)
}

func (r pretrainResult) table(w io.Writer) {
	if r.Inspected != "" {
		fmt.Fprintf(w, "page\t%s\n", r.Inspected)
		return
	}
	fmt.Fprintf(w, "model\t%s\nparameters\t%d\nsteps\t%d\n", r.Checkpoint, r.Parameters, r.Steps)
	if r.BestStep > 0 {
		fmt.Fprintf(w, "validation\tR@1 %.2f %% after step %d\n", 100*r.BestR1, r.BestStep)
	}
	if r.Skipped > 0 {
		fmt.Fprintf(w, "skipped\t%d rows without text\n", r.Skipped)
	}
	fmt.Fprintf(w, "speed\t%.0f images/s\n", r.Speed)
	if r.Ranks > 1 {
		fmt.Fprintf(w, "ranks\t%d\n", r.Ranks)
	}
}
