//go:build cgo

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"plip/eval"
	"plip/internal/checkpoint"
	"plip/internal/dist"
	"plip/internal/runlog"
	"plip/parquet"
	"plip/trainer"
)

// trainingLogSteps is the steps between lines on standard error.
const trainingLogSteps = 100

// addBackbone defines where the image encoder's weights come from.
func addBackbone(f *pflag.FlagSet, b *trainer.Backbone) {
	f.StringVar(&b.File, "visual.weights", "", "`file` to start the image encoder from: torchvision, MoCo, LUP, CLIP, the release or ours")
	f.BoolVar(&b.AllowMissing, "allow-missing", false, "list what --visual.weights lacks or has too much, and go on; else that is an error")
}

// beginTraining claims the output folder of a training for this configuration.
func beginTraining(c *call, command, out string, force bool, data *parquet.Dataset) error {
	if force {
		if err := checkpoint.Remove(out); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for _, name := range []string{runlog.RunFile, runlog.MetricsFile, runlog.EventsFile, trainer.FeaturesFile} {
			if err := os.Remove(filepath.Join(out, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	settings := c.settings.recorded()
	settings["input"] = contentID(data.Manifest())
	_, err := runlog.Begin(out, runlog.Run{Command: command, Config: settings})
	return err
}

// beginRanks claims the output folder on the first rank: it is this run's before another one looks into it.
func beginRanks(c *call, g *dist.Group, command, out string, force bool, data *parquet.Dataset) error {
	if placeOf(g).first() {
		if err := beginTraining(c, command, out, force, data); err != nil {
			return err
		}
	}
	if g == nil {
		return nil
	}
	return g.Sum([]float64{1})
}

// trainingProgress tells of steps, at times with a line.
func trainingProgress(c *call, what string) func(trainer.Progress) {
	report := c.progress.Callback(what, "steps")
	return func(p trainer.Progress) {
		report(p.Step, p.Steps)
		if p.Step%trainingLogSteps == 0 {
			c.logf("%s", stepLine(p))
		}
	}
}

// retrievalValidation measures how well a dataset's images are found by its captions. What a probe's encoders give is
// computed once.
func retrievalValidation(c *call, workers int, valid *parquet.Dataset) func(context.Context, *trainer.Model) (trainer.Validation, error) {
	var frozen *zeroShot
	return func(ctx context.Context, m *trainer.Model) (v trainer.Validation, err error) {
		z := frozen
		if z == nil {
			if z, err = embedZeroShot(ctx, plipEncoder{m.WithoutProbe()}, &evalData{Dataset: valid, split: splitAll}, workers, false, nil); err != nil {
				return v, err
			}
		}
		if m.Probe != nil {
			frozen = z
			probed := *z
			if probed.g.Data, probed.q.Data, err = m.ProbeEmbeddings(z.g.Data, z.q.Data); err != nil {
				return v, err
			}
			z = &probed
		}
		r, err := z.rank(ctx, eval.DefaultProtocol())
		if err != nil {
			return v, err
		}
		c.logf("validation: R@1 %.2f %%, R@10 %.2f %%, mAP %.2f %%", 100*r.R1, 100*r.R10, 100*r.MAP)
		return trainer.Validation{Score: r.R1, Fields: []runlog.Field{
			{Name: "valid_r1", Value: r.R1}, {Name: "valid_r5", Value: r.R5}, {Name: "valid_r10", Value: r.R10}, {Name: "valid_map", Value: r.MAP}}}, nil
	}
}
