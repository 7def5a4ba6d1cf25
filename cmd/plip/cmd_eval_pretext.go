//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"plip/parquet"
	"plip/trainer"
)

func evalPretextCommand() command {
	return command{
		use:   "pretext --model MODEL --data DIR",
		short: "Measure colourisation and masked attributes on unseen images",
		long: "pretext measures what a pre-trained model makes of its pretext tasks on images that it\n" +
			"was not trained on, with the first caption of each.\n\n" +
			"Colours: the mean squared error of the colourised gray images beside that of the gray\n" +
			"ones; and how often, when a colour word of the clothes is swapped for another, the\n" +
			"picture's hue where it changed most is nearer to the new word.\n" +
			"Attributes: how often the likeliest guess for a masked token is right, with the picture\n" +
			"and with somebody else's, beside the most frequent token's share.\n\n" +
			"pretrain --inspect shows the pictures. The precision auto is fp32 here.",
		example: "plip eval pretext --model model --data corpus/test",
		result:  trainer.PretextFigures{},
		options: &evalPretextOptions{},
	}
}

type evalPretextOptions struct {
	model, data string
	untrained   bool
	workers     int
	device      deviceFlags
}

func (o *evalPretextOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.model, "model", "", "`folder` of a model: a checkpoint, or the output of pretrain")
	f.StringVar(&o.data, "data", "", "captioned `shards` to measure on")
	f.BoolVar(&o.untrained, "untrained", false, "take the model as it was before its training")
	addWorkers(f, &o.workers)
	o.device.addFlags(f)
}

func (o *evalPretextOptions) validate([]string) error {
	problems := []error{checkWorkers(o.workers), o.device.validate()}
	if o.model == "" {
		problems = append(problems, errors.New("--model is missing"))
	}
	if o.data == "" {
		problems = append(problems, errors.New("--data is missing"))
	}
	return errors.Join(problems...)
}

func (o *evalPretextOptions) run(ctx context.Context, c *call) error {
	ds, err := parquet.Open(o.data)
	if err != nil {
		return err
	}
	defer ds.Close()
	device, _, err := o.device.apply()
	if err != nil {
		return err
	}
	m, err := openPLIP(device, o.model, o.device.precision == "bf16", o.untrained)
	if err != nil {
		return err
	}
	defer m.Close()
	r, err := trainer.MeasurePretext(ctx, m.Model, ds, workersOrCores(o.workers), c.seed(), c.progress.Callback("measure", "images"))
	if err != nil {
		return fmt.Errorf("%s on %s: %w", o.model, o.data, err)
	}
	return c.print(r, func(w io.Writer) { pretextTable(w, r) })
}

// pretextTable writes the figures for people.
func pretextTable(w io.Writer, r trainer.PretextFigures) {
	fmt.Fprintf(w, "images\t%d\n", r.Images)
	if z := r.Color; z != nil {
		fmt.Fprintf(w, "colour error\t%.4f\t%.2f of the gray images' %.4f\n", z.Error, z.Ratio, z.Gray)
		fmt.Fprintf(w, "hue agreement\t%.1f %%\tof %d swapped colour words; %.1f %% with the caption as it was\n", 100*z.Agreement, z.Swaps, 100*z.Before)
	}
	if a := r.Attributes; a != nil {
		fmt.Fprintf(w, "masked tokens right\t%.1f %%\t%.1f times the share of %q, %.1f %%\n", 100*a.Top1, a.Lift, a.Token, 100*a.Frequent)
		fmt.Fprintf(w, "with another picture\t%.1f %%\tof %d masked tokens\n", 100*a.OtherImage, a.Tokens)
	}
}
