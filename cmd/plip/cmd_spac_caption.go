//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"plip/internal/pixels"
	"plip/internal/tensor"
	"plip/parquet"
	"plip/spac"
	"plip/spac/attributes"
	"plip/templates"
)

func spacCaptionCommand() command {
	return command{
		use:   "caption (DIR -o DIR | PHOTO...) --model MODEL",
		short: "Caption shards or single pictures",
		long: "caption writes the shards of DIR anew with what the captioner says of each image:\n" +
			"six attributes, two stylish captions and a prompt caption from the templates. What a\n" +
			"row says does not depend on other rows.\n\n" +
			"Without -o the arguments are pictures, whose texts are printed.",
		example: "plip spac caption photo.jpg --model captioner",
		args:    atLeast(1),
		result:  spacCaptionResult{},
		docs: map[string]string{
			"report.images":   "rows captioned by this invocation",
			"report.captions": "stylish captions kept",
			"report.prompts":  "prompt captions made",
			"report.unknown":  "rows whose slot is unknown, by slot",
			"report.replaced": "of those, rows whose phrase was of no known kind, by slot",
			"report.dropped":  "captions left out, by reason",
		},
		resumes: true,
		options: &spacCaptionOptions{},
	}
}

// spacCaptionResult is what `plip spac caption --json` prints.
type spacCaptionResult struct {
	Dataset  *datasetResult      `json:"dataset" doc:"the shards written; null for pictures"`
	Report   *spac.CaptionReport `json:"report" doc:"counts; null for pictures and for a run that was finished before"`
	Pictures []captionedPicture  `json:"pictures" doc:"texts of pictures, in the order of the arguments"`
}

type captionedPicture struct {
	File          string   `json:"file" doc:"the argument"`
	Attributes    []string `json:"attributes" doc:"the six slots"`
	Captions      []string `json:"captions" doc:"stylish captions"`
	PromptCaption []string `json:"prompt_caption" doc:"one sentence, or none when neither upper nor lower garment is known"`
}

type spacCaptionOptions struct {
	out, model string
	config     spac.CaptionConfig
	device     deviceFlags
	shard      shard
	force      bool
}

func (o *spacCaptionOptions) addFlags(f *pflag.FlagSet) {
	o.config = spac.DefaultCaptionConfig()
	addOutput(f, &o.out, "`folder` for the captioned shards")
	f.StringVar(&o.model, "model", "", "`folder` of the captioner: a checkpoint, or the output of spac train")
	annotate(f, unrecorded, "model")
	f.IntVar(&o.config.Batch, "batch", o.config.Batch, "`images` decoded together")
	f.StringVar(&o.config.Decode, "decode", o.config.Decode, "how captions are decoded: greedy, beam or nucleus; attributes are always greedy")
	f.IntVar(&o.config.Beams, "beams", o.config.Beams, "`hypotheses` of a beam search")
	f.Float64Var(&o.config.LengthPenalty, "length-penalty", o.config.LengthPenalty, "`power` of the length by which a hypothesis' log probability is divided")
	f.Float64Var(&o.config.TopP, "top-p", o.config.TopP, "`probability` that the tokens which nucleus draws from add up to")
	f.Float64Var(&o.config.Temperature, "temperature", o.config.Temperature, "`number` by which scores are divided before nucleus draws")
	f.StringVar(&o.config.Weights, "weights", o.config.Weights, "the generator's weights: fp32, bf16 or int8, the latter two faster and of nearly the same captions; CPU")
	f.IntVar(&o.config.Workers, "workers", o.config.Workers, "`goroutines` that decode images")
	f.BoolVar(&o.config.Graphs, "cuda-graphs", false, "on a CUDA device, ask for the image encoder with one call a batch in place of one an operation; for shards")
	annotate(f, unrecorded, "workers", "cuda-graphs")
	o.device.addFlags(f)
	addShard(f, &o.shard)
	addForce(f, &o.force)
}

func (o *spacCaptionOptions) validate([]string) error {
	problems := []error{o.device.validate(), o.shard.resolve(os.Getenv)}
	if o.out == "" && o.shard.count > 1 {
		problems = append(problems, errors.New("--shard is for datasets of shards, not for pictures: --shard 0/1 describes all of them"))
	}
	if o.model == "" {
		problems = append(problems, errors.New("--model is missing"))
	}
	if o.config.Batch < 1 || o.config.Workers < 1 {
		problems = append(problems, fmt.Errorf("--batch, --workers: want 1 or more, got %d and %d", o.config.Batch, o.config.Workers))
	}
	if o.config.Graphs && o.out == "" {
		problems = append(problems, errors.New("--cuda-graphs is for datasets of shards, not for pictures"))
	}
	return errors.Join(append(problems, o.config.Validate())...)
}

func (o *spacCaptionOptions) run(ctx context.Context, c *call) error {
	o.config.Seed = c.seed()
	device, bf16, err := o.device.apply()
	if err != nil {
		return err
	}
	if bf16 {
		defer tensor.Autocast(device, tensor.Float32)() // captions are promised in fp32
	}
	m, words, err := spac.LoadCaptioner(device, o.model)
	if err != nil {
		return err
	}
	defer m.Close()
	language, err := newLanguage()
	if err != nil {
		return err
	}
	if o.out == "" {
		return o.pictures(c, m, words, language)
	}
	if len(c.args) != 1 {
		return &usageError{fmt.Errorf("with --output: want one dataset, got %d arguments", len(c.args))}
	}
	return o.shards(ctx, c, m, words, language)
}

// newLanguage wires the keyword lists and the templates.
func newLanguage() (spac.Language, error) {
	extractor, err := attributes.Default()
	if err != nil {
		return spac.Language{}, err
	}
	library, err := templates.Load()
	if err != nil {
		return spac.Language{}, err
	}
	return spac.Language{
		Known:         func(slot int, phrase string) bool { return extractor.Known(attributes.Slot(slot), phrase) },
		PromptCaption: library.PromptCaption,
	}, nil
}

func (o *spacCaptionOptions) shards(ctx context.Context, c *call, m *spac.Captioner, words *spac.Vocabulary, l spac.Language) error {
	d, err := parquet.Open(c.args[0])
	if err != nil {
		return err
	}
	defer d.Close()
	part, err := o.shard.section(ctx, d)
	if err != nil {
		return err
	}
	out := o.shard.dir(o.out)
	options := c.outputOptions(d)
	options.Force, options.Embedding, options.EmbeddingDim = o.force, false, 0
	if options.Config["model"], err = m.Store.Fingerprint(); err != nil {
		return err
	}
	o.config.NoGraphs = func(why error) { c.logf("--cuda-graphs is left out: %v", why) }
	w, err := parquet.Create(ctx, out, options)
	var report *spac.CaptionReport
	if !c.finished(err, out) {
		if err != nil {
			return err
		}
		defer w.Abort()
		r, err := spac.Caption(ctx, m, words, part, w, o.config, l, c.progress.Callback("caption", "images"))
		if err != nil {
			return err
		}
		if _, err := w.Close(); err != nil {
			return err
		}
		c.progress.Done()
		c.logf("%s", r)
		report = &r
	}
	manifest, err := parquet.ReadManifest(out)
	if err != nil {
		return err
	}
	dataset := newDatasetResult(out, manifest)
	return c.print(spacCaptionResult{Dataset: &dataset, Report: report, Pictures: []captionedPicture{}}, func(w io.Writer) {
		fmt.Fprintf(w, "captioned\t%d rows\t%d captions\t%s\n", dataset.Rows, dataset.Captions, out)
	})
}

func (o *spacCaptionOptions) pictures(c *call, m *spac.Captioner, words *spac.Vocabulary, l spac.Language) error {
	s, err := spac.NewSpeaker(m, words.BPE, o.config.Method)
	if err != nil {
		return err
	}
	defer s.Close()
	config := o.config
	config.Batch = 1
	r := spacCaptionResult{Pictures: []captionedPicture{}}
	for _, file := range c.args {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		im, err := pixels.Decode(data)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		row, err := s.DescribeImage(im, file, config, l)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		r.Pictures = append(r.Pictures, captionedPicture{file, row.Attributes, orEmpty(row.Captions), orEmpty(row.PromptCaption)})
	}
	return c.print(r, func(w io.Writer) {
		for _, p := range r.Pictures {
			fmt.Fprintf(w, "%s\n  attributes\t%s\n", p.File, strings.Join(p.Attributes, ", "))
			for _, s := range p.Captions {
				fmt.Fprintf(w, "  caption\t%s\n", s)
			}
			for _, s := range p.PromptCaption {
				fmt.Fprintf(w, "  prompt caption\t%s\n", s)
			}
		}
	})
}

// orEmpty is an empty list for none, so that JSON says [].
func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
