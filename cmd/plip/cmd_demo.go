//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/pflag"

	"plip/internal/report"
)

func demoCommand() command {
	return command{
		use:   "demo [-o DIR]",
		short: "Run the whole line on the drawn corpus, or on folders of crops",
		long: "demo draws a corpus of pedestrians, trains the captioner on its captioned part,\n" +
			"cleans the raw tracks, captions them, builds the pre-training set, pre-trains PLIP\n" +
			"on it, searches 100 unseen persons by their captions, and writes DIR/report.html\n" +
			"and DIR/report.json. Each step is an ordinary command, printed as it starts; an\n" +
			"interrupted demo goes on where it was.\n\n" +
			"With --images the raw tracks are the folders of crops below that folder. Where\n" +
			"somebody described them (--annotations, see plip ingest folders), the generated\n" +
			"attributes are judged against that, and the written captions are searched.",
		example: "plip demo --quick -o demo",
		result:  report.Figures{},
		keys:    report.Keys(),
		resumes: true,
		options: &demoOptions{},
	}
}

type demoOptions struct {
	out, images  string
	annotations  string
	quick, truth bool
	threads      int
	force        bool
}

func (o *demoOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.out, "output", "o", "demo", "`folder` for everything that is made")
	annotate(f, unrecorded, "output")
	f.BoolVar(&o.quick, "quick", false, "a small corpus and tiny models: shows that the line runs, learns next to nothing")
	f.BoolVar(&o.truth, "true-captions", false, "pre-train on the true captions instead of generated ones: the yardstick")
	f.StringVar(&o.images, "images", "", "`folder` of crops, one folder a track, in place of the drawn raw part")
	f.StringVar(&o.annotations, "annotations", "", "`file` that names and describes the persons of --images")
	f.IntVar(&o.threads, "threads", 0, "compute `threads`; 0 is one per core")
	addForce(f, &o.force)
}

func (o *demoOptions) validate([]string) error {
	var problems []error
	if o.truth && o.images != "" {
		problems = append(problems, errors.New("--true-captions and --images contradict each other: folders of crops have no captions"))
	}
	if o.annotations != "" && o.images == "" {
		problems = append(problems, errors.New("--annotations: want --images with it: the drawn corpus has its own truth"))
	}
	if o.threads < 0 {
		problems = append(problems, fmt.Errorf("--threads: want 0 or more, got %d", o.threads))
	}
	return errors.Join(append(problems, checkOutput(o.out))...)
}

func (o *demoOptions) run(ctx context.Context, c *call) error {
	line, err := openLine(o.out, c, c.settings.recorded(), o.force)
	if err != nil {
		return err
	}
	defer line.close()
	d := &demoRun{o: o, line: line}
	if err := d.run(ctx); err != nil {
		return err
	}
	figures, err := d.report(ctx)
	if err != nil {
		return err
	}
	return c.print(figures, func(w io.Writer) { d.table(w, figures) })
}

// table is what a person reads at the end.
func (d *demoRun) table(w io.Writer, f report.Figures) {
	percent := func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
	if f.SPAC != nil {
		fmt.Fprintln(w, "captioner on unseen persons\taccuracy\tcommonest answer")
		for i, name := range report.SlotNames() {
			fmt.Fprintf(w, "  %s\t%s\t%s\n", name, percent(f.SPAC.Accuracy.Values()[i]), percent(f.SPAC.Majority.Values()[i]))
		}
		fmt.Fprintf(w, "  mean\t%s\n", percent(f.SPAC.Accuracy.Mean()))
	}
	if f.Filter != nil {
		fmt.Fprintf(w, "filter\tprecision %s\trecall %s\n", percent(f.Filter.Precision), percent(f.Filter.Recall))
	}
	fmt.Fprintln(w, "zero-shot text search\tR@1\tR@5\tR@10\tmAP")
	type ranked struct {
		name string
		r    *report.Ranking
	}
	rankings := []ranked{{"trained", f.ZeroShot}, {"trained, without the query's own picture", f.ZeroShotWithoutOwn}, {"untrained (chance)", f.Chance}, {"oracle of true attributes (ceiling)", f.Ceiling}}
	if a := f.Annotated; a != nil {
		rankings = append(rankings, ranked{"real crops by their written captions", a.ZeroShot}, ranked{"real crops, untrained (chance)", a.Chance})
	}
	for _, row := range rankings {
		if row.r != nil {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", row.name, percent(row.r.R1), percent(row.r.R5), percent(row.r.R10), percent(row.r.MAP))
		}
	}
	if a := f.Annotated; a != nil {
		fmt.Fprintln(w, "real crops against their annotations\taccuracy\tconstant answer")
		for _, row := range []struct {
			name string
			a    report.Agreement
		}{{"gender", a.Gender}, {"upper colour", a.UpperColour}, {"lower colour", a.LowerColour}} {
			fmt.Fprintf(w, "  %s\t%s\t%s\n", row.name, percent(row.a.Accuracy), percent(row.a.Constant))
		}
	}
	fmt.Fprintf(w, "report\t%s\n", filepath.Join(d.o.out, "report.html"))
}
