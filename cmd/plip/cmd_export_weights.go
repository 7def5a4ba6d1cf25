//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/spf13/pflag"

	"plip/internal/tensor"
	"plip/trainer"
)

// exportWeightsCommands are one command a layout of weights.
func exportWeightsCommands() []command {
	return []command{
		{
			use:   "safetensors MODEL -o DIR",
			short: "Weights in the hub's layout",
			long: "safetensors writes the text encoder as the transformers library opens it\n" +
				"(BertModel.from_pretrained(DIR)): config.json, model.safetensors, vocab.txt,\n" +
				"tokenizer_config.json; and beside it the image encoder, visual.safetensors with its\n" +
				"settings in visual.yaml. MODEL is a checkpoint, the output of pretrain, or a file of\n" +
				"the Python release. DIR must be new or empty.",
			example: "plip export safetensors model -o hub",
			args:    exactly(1),
			result:  exportWeightsResult{},
			options: &exportWeightsOptions{file: trainer.HubWeightsFile},
		},
		{
			use:   "release MODEL -o DIR",
			short: "Weights as the Python release of PLIP loads them",
			long: "release writes plip.pth.tar with ImgEncoder_state_dict, TxtEncoder_state_dict and epoch,\n" +
				"and, of a model with a colouriser, Decoder_state_dict under our names. The release\n" +
				"pools by attention and by BERT's pooler (--visual.pool attention --text.pool pooler of\n" +
				"pretrain): any other model is refused. vocab.txt and config.json lie beside the file, so\n" +
				"that it can be read again. DIR must be new or empty.",
			example: "plip export release model -o released",
			args:    exactly(1),
			result:  exportWeightsResult{},
			options: &exportWeightsOptions{file: trainer.ReleaseFile},
		},
	}
}

// exportWeightsResult is what `plip export safetensors --json` and `plip export release --json` print.
type exportWeightsResult struct {
	Output     string `json:"output" doc:"folder of the export"`
	File       string `json:"file" doc:"file of weights in it, for safetensors BERT's"`
	Parameters int64  `json:"parameters" doc:"numbers of both encoders, buffers included"`
}

type exportWeightsOptions struct {
	file        string // that the layout is told by
	out         string
	epoch       int64
	positionIDs bool
}

func (o *exportWeightsOptions) addFlags(f *pflag.FlagSet) {
	addOutput(f, &o.out, "`folder` for the export")
	if o.file == trainer.ReleaseFile {
		f.Int64Var(&o.epoch, "epoch", 0, "`number` of the epoch that the file tells")
		f.BoolVar(&o.positionIDs, "position-ids", false, "add the buffer position_ids, which transformers before 4.31 wants and later ones refuse")
	}
}

func (o *exportWeightsOptions) validate([]string) error { return checkOutput(o.out) }

func (o *exportWeightsOptions) run(_ context.Context, c *call) error {
	m, err := trainer.LoadModel(tensor.CPU, c.args[0], false)
	if err != nil {
		return err
	}
	defer m.Close()
	if o.file == trainer.ReleaseFile {
		err = m.ExportRelease(o.out, o.epoch, o.positionIDs)
	} else {
		err = m.ExportHub(o.out)
	}
	if errors.Is(err, fs.ErrExist) {
		return &outputExistsError{o.out}
	}
	if err != nil {
		return err
	}
	r := exportWeightsResult{o.out, filepath.Join(o.out, o.file), m.EncoderSize()}
	return c.print(r, func(w io.Writer) {
		fmt.Fprintf(w, "output\t%s\nweights\t%s\nparameters\t%d\n", r.Output, r.File, r.Parameters)
	})
}
