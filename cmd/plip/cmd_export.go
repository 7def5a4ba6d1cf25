package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"plip/ingest/export"
	"plip/parquet"
)

// exportCommands are one command a layout.
func exportCommands() []command {
	var out []command
	for _, f := range export.Formats() {
		out = append(out, command{
			use:   f.Name + " DIR -o OUT",
			short: "Shards to the layout " + f.Name,
			long: f.Long + "\n\nPictures keep their bytes, and names end in what they are. OUT must be empty or the\n" +
				"output of the same command, which it continues.",
			example: "plip export " + f.Name + " corpus/captioned -o " + f.Name,
			args:    exactly(1),
			result:  exportResult{},
			resumes: true,
			options: &exportOptions{format: f},
		})
	}
	return out
}

// exportResult is what `plip export FORMAT --json` prints.
type exportResult struct {
	Output     string `json:"output" doc:"folder of the export"`
	Rows       int64  `json:"rows" doc:"rows exported"`
	Identities int64  `json:"identities" doc:"different identities among them"`
	Captions   int64  `json:"captions" doc:"strings in the captions column"`
	Files      int64  `json:"files" doc:"pictures, or tar files"`
	Aside      int64  `json:"aside" doc:"rows with texts that only provenance.jsonl can hold"`
}

type exportOptions struct {
	format export.Format
	out    string
	write  export.Options
}

func (o *exportOptions) addFlags(f *pflag.FlagSet) {
	o.write = export.DefaultOptions()
	addOutput(f, &o.out, "`folder` for the export")
	switch o.format.Name {
	case "synth-pedes":
		f.Int64Var(&o.write.PartIdentities, "part-identities", o.write.PartIdentities, "`identities` of one PartK folder")
	case "webdataset":
		f.Int64Var(&o.write.TarBytes, "tar-bytes", o.write.TarBytes, "`bytes` of pictures from which on a tar is closed")
	}
}

func (o *exportOptions) validate([]string) error {
	if err := checkOutput(o.out); err != nil {
		return err
	}
	return o.write.Validate()
}

func (o *exportOptions) run(ctx context.Context, c *call) error {
	d, err := parquet.Open(c.args[0])
	if err != nil {
		return err
	}
	defer d.Close()
	o.write.Config = c.outputOptions(d).Config
	o.write.Progress = c.progress.Callback("export", "images")
	s, err := export.Write(ctx, d, o.format, o.out, o.write)
	c.progress.Done()
	if errors.Is(err, parquet.ErrFinished) {
		c.logf("%s is finished already", o.out)
	} else if err != nil {
		return err
	}
	r := exportResult{o.out, s.Rows, s.Identities, s.Captions, s.Files, s.Aside}
	return c.print(r, func(w io.Writer) {
		fmt.Fprintf(w, "output\t%s\nrows\t%d\nidentities\t%d\ncaptions\t%d\nfiles\t%d\n", r.Output, r.Rows, r.Identities, r.Captions, r.Files)
		if r.Aside > 0 {
			fmt.Fprintf(w, "texts kept aside\t%d\n", r.Aside)
		}
	})
}
