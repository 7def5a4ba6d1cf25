package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/pflag"

	"plip/ingest/demo"
	"plip/parquet"
)

func ingestDemoCommand() command {
	return command{
		use:   "demo -o DIR",
		short: "Draw the embedded corpus: pedestrians with captions",
		long: "demo draws the corpus that `plip demo` runs on and writes it as five datasets:\n" +
			"DIR/captioned, DIR/raw (noisy tracks without text), DIR/valid, DIR/test and\n" +
			"DIR/valid-noisy. The same settings and seed give the same bytes.",
		example: "plip ingest demo -o corpus --captioned 4 --raw 4 --valid 2 --test 2",
		result:  ingestDemoResult{},
		resumes: true,
		options: &ingestDemoOptions{},
	}
}

// ingestDemoResult is what `plip ingest demo --json` prints.
type ingestDemoResult struct {
	Parts []ingestDemoPart `json:"parts" doc:"the datasets written"`
}

type ingestDemoPart struct {
	Name string `json:"name" doc:"captioned, raw, valid, test or valid-noisy"`
	datasetResult
}

type ingestDemoOptions struct {
	out     string
	config  demo.Config
	workers int
	force   bool
}

func (o *ingestDemoOptions) addFlags(f *pflag.FlagSet) {
	o.config = demo.DefaultConfig()
	addOutput(f, &o.out, "`folder` for the five datasets")
	f.IntVar(&o.config.Captioned, "captioned", o.config.Captioned, "`identities` of the captioned part")
	f.IntVar(&o.config.Raw, "raw", o.config.Raw, "`identities` of the raw part")
	f.IntVar(&o.config.Valid, "valid", o.config.Valid, "`identities` of valid and valid-noisy")
	f.IntVar(&o.config.Test, "test", o.config.Test, "`identities` of test")
	f.IntVar(&o.config.MinImages, "min-images", o.config.MinImages, "fewest `images` of an identity")
	f.IntVar(&o.config.MaxImages, "max-images", o.config.MaxImages, "most `images` of an identity")
	f.IntVar(&o.config.CaptionedImages, "captioned-images", 0, "`images` of every identity of the captioned part; 0: fewest to most")
	f.IntVar(&o.config.RawImages, "raw-images", 0, "`images` of every identity of the raw part; 0: fewest to most")
	f.IntVar(&o.config.Cameras, "cameras", o.config.Cameras, "`cameras` in the corpus")
	f.Float64Var(&o.config.NoiseRate, "noise-rate", o.config.NoiseRate, "`share` of foreign persons and of split tracks in the noisy parts, 0 to 0.4")
	addWorkers(f, &o.workers)
	addForce(f, &o.force)
}

func (o *ingestDemoOptions) validate([]string) error {
	return errors.Join(checkOutput(o.out), o.config.Validate(), checkWorkers(o.workers))
}

func (o *ingestDemoOptions) run(ctx context.Context, c *call) error {
	o.config.Seed = uint64(c.seed())
	corpus, err := demo.New(o.config)
	if err != nil {
		return err
	}
	r := ingestDemoResult{Parts: []ingestDemoPart{}}
	for _, part := range corpus.Parts() {
		dir := filepath.Join(o.out, part.Name())
		m, err := o.write(ctx, c, part, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		r.Parts = append(r.Parts, ingestDemoPart{part.Name(), newDatasetResult(dir, m)})
	}
	return c.print(r, func(w io.Writer) {
		fmt.Fprintln(w, "part\trows\tidentities\tcaptions\tfolder")
		for _, p := range r.Parts {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\n", p.Name, p.Rows, p.Identities, p.Captions, p.Output)
		}
	})
}

// write draws one part, or reads the manifest of a part that is finished.
func (o *ingestDemoOptions) write(ctx context.Context, c *call, part *demo.Part, dir string) (*parquet.Manifest, error) {
	report := c.progress.Callback("draw "+part.Name(), "tracks")
	m, err := part.Write(ctx, dir, demo.WriteOptions{
		Workers:  o.workers,
		Force:    o.force,
		Progress: func(done, total int) { report(int64(done), int64(total)) },
	})
	c.progress.Done()
	if c.finished(err, dir) {
		return parquet.ReadManifest(dir)
	}
	return m, err
}
