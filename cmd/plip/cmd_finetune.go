//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"plip/internal/checkpoint"
	"plip/internal/dist"
	"plip/internal/optim"
	"plip/internal/weights"
	"plip/parquet"
	"plip/trainer"
	"plip/trainer/presets"
)

func finetuneCommand() command {
	return command{
		use:   "cmpm-c --data DIR -o DIR",
		short: "Fine-tune both encoders by CMPM and CMPC",
		long: "cmpm-c trains both encoders on a dataset of text re-identification by cross-modal\n" +
			"projection matching and by classifying identities (CMPC), as the Python release does;\n" +
			"its rates, epochs and batch are the defaults. --model is what to start from: a\n" +
			"checkpoint, the output of pretrain, or a file of the release with vocab.txt beside it;\n" +
			"without it both encoders start fresh.\n\n" +
			"What differs from the release, and what brings its way back: identities are numbered by\n" +
			"their order (--labels minus-one), validation chooses the model where --valid is given and\n" +
			"else the last one stays (--test DIR --select test-every-2nd: on the test set, after epochs\n" +
			"1, 3, 5, ... and the last), and the classifier is kept for going on. --cmpm.norm sum is\n" +
			"the CMPM paper's, --pairs image draws one caption an image. The paper's second table has\n" +
			"CMPM alone (--preset cmpm).\n\n" +
			"The same command goes on from the newest checkpoint, to the same losses as an\n" +
			"undisturbed run. The precision auto is fp32 here, as in the release.\n\n" + ranksHelp +
			"  torchrun --nproc-per-node 4 --no-python plip finetune cmpm-c --batch 128 ...\n" +
			"is the release's four processes of 32 rows. Each contrasts its own rows, as there\n" +
			"(--gather: those of all); the classifier is one, where the release has one a process. A\n" +
			"short batch that does not divide is filled up by its own first rows.",
		example: "plip finetune cmpm-c --preset tiny --model model --data corpus/captioned --valid corpus/valid -o tuned",
		presets: presets.Finetune(),
		result:  finetuneResult{},
		resumes: true,
		options: &finetuneOptions{command: "finetune cmpm-c"},
	}
}

// finetuneResult is what `plip finetune METHOD --json` and `plip probe --json` print.
type finetuneResult struct {
	Output     string  `json:"output" doc:"folder of the run"`
	Checkpoint string  `json:"checkpoint" doc:"the selected checkpoint"`
	Select     string  `json:"select" doc:"how it was selected: valid, test-every-2nd or last"`
	Parameters int64   `json:"parameters" doc:"trained numbers"`
	Classes    int64   `json:"classes" doc:"identities that the classifier tells apart; 0 without one"`
	Steps      int64   `json:"steps" doc:"steps made, earlier invocations included"`
	BestStep   int64   `json:"best_step" doc:"step of the best validation; 0 with select last"`
	BestR1     float64 `json:"best_r1" doc:"its R@1; 0 with select last"`
	Skipped    int     `json:"skipped" doc:"rows left out because they have no text"`
	Seconds    float64 `json:"seconds" doc:"of this invocation"`
	Speed      float64 `json:"images_per_s" doc:"of this invocation's training, of all ranks"`
	Ranks      int     `json:"ranks" doc:"processes that trained together; the first one prints this"`
}

// selectAuto stands for the default of select, which depends on the datasets given.
const selectAuto = "auto"

// finetuneOptions are the settings of fine-tuning and of probing.
type finetuneOptions struct {
	command                            string
	out, data, valid, test, model, hub string
	config                             trainer.Config
	backbone                           trainer.Backbone
	workers                            int
	cacheBytes                         int64
	device                             deviceFlags
	force                              bool
	shapes                             []*pflag.Flag // that the model of --model decides
}

func (o *finetuneOptions) probing() bool { return o.command == "probe" }

func (o *finetuneOptions) addFlags(f *pflag.FlagSet) {
	o.config = trainer.DefaultFinetune()
	if o.probing() {
		o.config = trainer.DefaultProbe()
	}
	t := o.config.Finetune
	t.Select = selectAuto
	addOutput(f, &o.out, "`folder` for checkpoints and metrics")
	f.StringVar(&o.data, "data", "", "`shards` with captions to learn from")
	f.StringVar(&o.valid, "valid", "", "`shards` with captions of other identities to validate on")
	f.StringVar(&o.test, "test", "", "`shards` of the test set, for --select test-every-2nd")
	f.StringVar(&o.model, "model", "", "`model` to start from: a checkpoint, the output of pretrain, or a file of the release")
	annotate(f, unrecorded, "data")
	o.addConfig(f)
	f.StringVar(&t.Pairs, "pairs", t.Pairs, "caption: every caption once an epoch; image: every image once, with a drawn caption")
	f.BoolVar(&t.Short, "short-batch", t.Short, "keep the batch that an epoch's end leaves short")
	f.StringVar(&t.Select, "select", t.Select, "which model is the best: valid, test-every-2nd or last; auto is valid with --valid, else last")
	if o.probing() {
		f.StringVar(&t.Probe, "probe", t.Probe, "where the layers begin: identity (zero-shot) or fresh")
	} else {
		f.Float64Var(&t.CMPC, "cmpc", t.CMPC, "`weight` of the classification of identities; 0 leaves it out")
		f.Float64Var(&t.ClassifierScale, "classifier-scale", t.ClassifierScale, "the classifier's learning rate over --lr, a `factor`")
		f.StringVar(&t.Labels, "labels", t.Labels, "classes of identities: sorted, or minus-one as in the release")
		f.StringVar(&o.hub, "text.hub", "", "`folder` or hub name of BERT weights to start the text encoder from")
		addBackbone(f, &o.backbone)
	}
	addWorkers(f, &o.workers)
	f.Int64Var(&o.cacheBytes, "cache-bytes", 512<<20, "memory for decoded images kept between epochs, in `bytes`")
	annotate(f, unrecorded, "cache-bytes")
	o.device.addFlags(f)
	addForce(f, &o.force)
}

// addConfig defines those settings of pre-training that fine-tuning, or probing, has too.
func (o *finetuneOptions) addConfig(f *pflag.FlagSet) {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	addTrainerConfig(all, &o.config)
	// Of a model that is loaded these stay settings of the training.
	free := []string{"text.dropout", "text.attention_dropout", "text.max_length", "text.frozen_layers", "text.frozen_bf16", "text.frozen_eval", "text.frozen_cache"}
	all.VisitAll(func(flag *pflag.Flag) {
		group, _, _ := strings.Cut(flag.Name, ".")
		encoder := group == "visual" || group == "text"
		switch {
		case group == "loss" || group == "colorize" || group == "attributes":
			return
		case o.probing() && (encoder || flag.Name == "flip" || flag.Name == "side-by-side"):
			return
		}
		f.AddFlag(flag)
		if encoder && !slices.Contains(free, flag.Name) {
			o.shapes = append(o.shapes, flag)
		}
	})
}

func (o *finetuneOptions) validate([]string) error {
	problems := []error{checkOutput(o.out), checkWorkers(o.workers), o.device.validate()}
	if o.data == "" {
		problems = append(problems, errors.New("--data is missing"))
	}
	if o.probing() && o.model == "" {
		problems = append(problems, errors.New("--model is missing"))
	}
	if o.cacheBytes < 0 {
		problems = append(problems, fmt.Errorf("--cache-bytes: want 0 or more, got %d", o.cacheBytes))
	}
	if o.model != "" {
		for _, flag := range o.shapes {
			if flag.Changed {
				problems = append(problems, fmt.Errorf("--%s and --model: the model has its own sizes", flag.Name))
			}
		}
		if o.hub != "" {
			problems = append(problems, errors.New("--text.hub and --model: want one of them"))
		}
	}
	o.config.Optimizer.Betas = optim.DefaultConfig(o.config.Optimizer.Kind).Betas
	problems = append(problems, o.selection())
	if o.hub == "" && o.model == "" { // else their sizes have their say first
		problems = append(problems, o.config.Validate())
	} else {
		problems = append(problems, o.config.Finetune.Validate())
	}
	return errors.Join(problems...)
}

// selection resolves --select and checks that its dataset is there.
func (o *finetuneOptions) selection() error {
	s := &o.config.Finetune.Select
	if *s == selectAuto {
		*s = trainer.SelectLast
		if o.valid != "" {
			*s = trainer.SelectValid
		}
	}
	switch {
	case *s == trainer.SelectValid && o.valid == "":
		return errors.New("--select valid: --valid is missing")
	case *s == trainer.SelectTestEvery2nd && o.test == "":
		return errors.New("--select test-every-2nd: --test is missing")
	case *s != trainer.SelectTestEvery2nd && o.test != "":
		return fmt.Errorf("--test and --select %s: the test set is read for test-every-2nd alone", *s)
	}
	return nil
}

func (o *finetuneOptions) run(ctx context.Context, c *call) error {
	return withRanks(ctx, os.Getenv, func(g *dist.Group) error { return o.train(ctx, c, g) })
}

// train is this process' part of the run: all of it where g is nil.
func (o *finetuneOptions) train(ctx context.Context, c *call, g *dist.Group) error {
	began, place := time.Now(), placeOf(g)
	o.device.place = place
	data, err := parquet.Open(o.data)
	if err != nil {
		return err
	}
	defer data.Close()
	run := trainer.Run{Dir: o.out, Data: data, Start: o.model, Backbone: o.backbone, Workers: place.workers(o.workers), CacheBytes: o.cacheBytes, Ranks: g}
	if place.first() {
		run.Note = func(text string) { c.logf("%s", text) }
		run.Prepare = c.progress.Callback("features", "images")
	}
	if o.hub != "" {
		if run.Hub, err = weights.ResolveHub(o.hub, os.Getenv); err != nil {
			return err
		}
	}
	if run.Device, o.config.Precision, err = o.device.applyTraining(false); err != nil {
		return err
	}
	o.config.Seed = c.seed()
	measured := o.valid
	if o.config.Finetune.Select == trainer.SelectTestEvery2nd {
		measured = o.test
	}
	if measured != "" {
		valid, err := parquet.Open(measured)
		if err != nil {
			return err
		}
		defer valid.Close()
		run.Validate = retrievalValidation(c, o.workers, valid)
	}
	if err := beginRanks(c, g, o.command, o.out, o.force, data); err != nil {
		return err
	}
	run.Progress = trainingProgress(c, strings.Fields(o.command)[0])
	s, err := trainer.Train(ctx, o.config, run)
	if err != nil || !place.first() {
		return err
	}
	path, err := checkpoint.Resolve(o.out)
	if err != nil {
		return err
	}
	r := finetuneResult{o.out, path, o.config.Finetune.Select, s.Parameters, s.Classes, s.Step, s.BestStep, s.BestScore, s.Skipped, time.Since(began).Seconds(), s.Speed, place.size}
	return c.print(r, r.table)
}

func (r finetuneResult) table(w io.Writer) {
	fmt.Fprintf(w, "model\t%s\nselected\t%s\nparameters\t%d\nsteps\t%d\n", r.Checkpoint, r.Select, r.Parameters, r.Steps)
	if r.Classes > 0 {
		fmt.Fprintf(w, "classes\t%d\n", r.Classes)
	}
	if r.BestStep > 0 {
		fmt.Fprintf(w, "best\tR@1 %.2f %% after step %d\n", 100*r.BestR1, r.BestStep)
	}
	if r.Skipped > 0 {
		fmt.Fprintf(w, "skipped\t%d rows without text\n", r.Skipped)
	}
	fmt.Fprintf(w, "speed\t%.0f images/s\n", r.Speed)
	if r.Ranks > 1 {
		fmt.Fprintf(w, "ranks\t%d\n", r.Ranks)
	}
}
