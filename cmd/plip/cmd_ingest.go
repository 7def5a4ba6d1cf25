package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"plip/ingest"
	"plip/internal/pixels"
	"plip/parquet"
)

// ingestCommands are one command a format, and one that detects it.
func ingestCommands() []command {
	var out []command
	for _, f := range ingest.Formats() {
		out = append(out, ingestCommand(f, "Shards from the layout "+f.Name, f.Long, "plip ingest "+f.Name+" "+exampleSource(f.Name)+" -o shards"))
	}
	return append(out, ingestCommand(ingest.Format{Name: "auto"}, "Shards from whatever layout SRC has", "auto detects the layout of SRC by names and the first bytes of files, and reads it as\n"+
		"the command of that layout does. It says which one it took.", "plip ingest auto tracks -o shards"))
}

func ingestCommand(format ingest.Format, short, long, example string) command {
	o := &ingestOptions{format: format}
	if format.Annotations {
		long += "\n\nWith --annotations the identities are the persons that the file names, with their\n" +
			"true attributes and captions: a reference to measure against. Its form is in the\n" +
			"documentation of package ingest, type Annotated."
	}
	return command{
		use:   format.Name + " SRC -o DIR",
		short: short,
		long: long + "\n\nImages are stored as they are. What is no usable image is left out, counted by\n" +
			"reason and listed in DIR/rejects.jsonl. Links out of SRC are not followed. --check\n" +
			"counts what SRC lists, beside the published counts, and writes nothing.\n\n" +
			"With --shard i/n every task lists the whole of SRC and reads the images of its own\n" +
			"identities; plip merge DIR joins the parts. Of a list with a fault the first task alone\n" +
			"keeps whole shards: where the others begin, the whole list says.",
		example: example,
		args:    exactly(1),
		result:  ingestResult{},
		resumes: true,
		options: o,
	}
}

// exampleSource is what the example of a format reads.
func exampleSource(format string) string {
	if format == "folders" {
		return "tracks"
	}
	return format
}

// ingestResult is what `plip ingest FORMAT --json` prints.
type ingestResult struct {
	datasetResult
	Reasons map[string]int64 `json:"reasons" doc:"inputs left out by reason"`
	Check   *ingestCheck     `json:"check,omitempty" doc:"with --check, instead of all else"`
}

// ingestCheck is what --check counts.
type ingestCheck struct {
	Format string `json:"format" doc:"layout that was read"`
	ingest.Census
}

// ingestOptions are those of every format that is read from a folder or file.
type ingestOptions struct {
	format ingest.Format // its name alone for auto

	out            string
	source         ingest.SourceOptions
	name           string
	check          bool
	maxRejectRatio float64
	verifyPixels   bool
	workers        int
	shard          shard
	shardBytes     int64
	force          bool
}

func (o *ingestOptions) addFlags(f *pflag.FlagSet) {
	addOutput(f, &o.out, "`folder` for the dataset")
	f.StringVar(&o.name, "name", "", "dataset `name` in the column source; empty is the name of the folder SRC")
	annotate(f, unrecorded, "name") // the name in force is recorded with the shards
	f.StringVar(&o.source.Images, "images", "", "`folder` of the images, where they lie apart from SRC")
	annotate(f, unrecorded, "images") // a place; what it holds shows in the fingerprint
	if o.format.Annotations {
		f.StringVar(&o.source.Annotations, "annotations", "", "`file` that names and describes the person of every track")
	}
	if o.format.Partitions {
		f.IntVar(&o.source.Partition, "partition", 0, "`number` of the partition that gives the splits, from 0")
		f.BoolVar(&o.source.AllLabels, "all-labels", false, "keep the labels that nobody evaluates too, after the others")
	}
	f.BoolVar(&o.check, "check", false, "count what SRC lists beside the published counts; write nothing")
	annotate(f, unrecorded, "check")
	f.BoolVar(&o.verifyPixels, "verify-pixels", false, "decode every image instead of reading its header")
	addMaxRejectRatio(f, &o.maxRejectRatio)
	annotate(f, unrecorded, "max-reject-ratio") // decides whether the run goes on, not what it writes
	addWorkers(f, &o.workers)
	addShard(f, &o.shard)
	addShardBytes(f, &o.shardBytes)
	addForce(f, &o.force)
}

func (o *ingestOptions) validate([]string) error {
	problems := []error{checkRatio("max-reject-ratio", o.maxRejectRatio), checkWorkers(o.workers), checkShardBytes(o.shardBytes)}
	if o.source.Partition < 0 {
		problems = append(problems, fmt.Errorf("--partition: want 0 or more, got %d", o.source.Partition))
	}
	if o.check && o.shard.spec != "" {
		problems = append(problems, errors.New("--check counts the whole of SRC: want it without --shard"))
	}
	if !o.check {
		problems = append([]error{checkOutput(o.out)}, problems...)
		problems = append(problems, o.shard.resolve(os.Getenv))
	}
	return errors.Join(problems...)
}

func (o *ingestOptions) run(ctx context.Context, c *call) error {
	format, err := ingest.FormatByName(o.format.Name, c.args[0])
	if err != nil {
		return err
	}
	if o.format.Name == "auto" {
		c.logf("layout: %s", format.Name)
	}
	o.source.Note = func(text string) { c.logf("note: %s", text) }
	if !o.check {
		o.source.Scratch = existingFolder(o.shard.dir(o.out))
	}
	source, err := format.Open(ctx, c.args[0], o.source)
	if err != nil {
		return err
	}
	defer source.Close()
	if o.check {
		return o.census(ctx, c, format, source)
	}
	options, err := o.writeOptions(c, format.Name)
	if err != nil {
		return err
	}
	part, err := o.section(ctx, source)
	if err != nil {
		return err
	}
	out := o.shard.dir(o.out)
	m, err := ingest.Write(ctx, part, out, options)
	c.progress.Done()
	if c.finished(err, out) {
		m, err = parquet.ReadManifest(out)
	}
	if err != nil {
		return err
	}
	r := ingestResult{datasetResult: newDatasetResult(out, m)}
	if r.Reasons, err = ingest.RejectCounts(out); err != nil {
		return err
	}
	return c.print(r, func(w io.Writer) {
		r.table(w)
		if r.Rejects > 0 {
			fmt.Fprintf(w, "reasons\t%s\n", ingest.FormatCounts(r.Reasons))
		}
	})
}

// existingFolder is dir, or the nearest folder above it that is there: it lies on
// the disk that the output goes to, and may be written to where dir can be made.
func existingFolder(dir string) string {
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			return dir // what is wrong with it shows when a file is made there
		}
		dir = above
	}
}

// section is the part of source that this process does.
func (o *ingestOptions) section(ctx context.Context, source ingest.Source) (ingest.Source, error) {
	if o.shard.count <= 1 {
		return source, nil
	}
	return ingest.Part(ctx, source, o.shard.index, o.shard.count)
}

// census prints what --check counts.
func (o *ingestOptions) census(ctx context.Context, c *call, format *ingest.Format, source ingest.Source) error {
	n, err := ingest.TakeCensus(ctx, source, format.Published, c.progress.Callback("check", "images"))
	c.progress.Done()
	if err != nil {
		return err
	}
	r := ingestResult{Reasons: map[string]int64{}, Check: &ingestCheck{format.Name, *n}}
	return c.print(r, func(w io.Writer) {
		fmt.Fprintf(w, "layout %s\tidentities\timages\tcaptions\n", format.Name)
		for _, s := range n.Splits {
			name := s.Split
			if name == "" {
				name = "all"
			}
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", name, s.Identities, s.Images, s.Captions)
			if p := s.Published; p != nil {
				fmt.Fprintf(w, "  published\t%s\t%s\t%s\n", countOrDash(p.Identities), countOrDash(p.Images), countOrDash(p.Captions))
			}
		}
		fmt.Fprintf(w, "identities of one image\t%d\nidentities in two splits or more\t%d\n", n.Single, n.Straddling)
		for _, k := range n.CaptionCounts {
			fmt.Fprintf(w, "images with %d captions\t%d\n", k.Captions, k.Images)
		}
		for _, u := range n.Unfit {
			fmt.Fprintf(w, "%s in %s\t%d\n", u.Reason, u.Folder, u.Images)
		}
	})
}

// countOrDash is a published count, a dash where none was given.
func countOrDash(n int64) string {
	if n < 0 {
		return "-"
	}
	return strconv.FormatInt(n, 10)
}

func (o *ingestOptions) writeOptions(c *call, format string) (ingest.Options, error) {
	w := ingest.DefaultOptions()
	w.Name = o.name
	if w.Name == "" {
		src, err := filepath.Abs(c.args[0])
		if err != nil {
			return w, fmt.Errorf("name of %s: %w", c.args[0], err)
		}
		w.Name = filepath.Base(src)
		if ext := filepath.Ext(w.Name); slices.Contains([]string{".json", ".jsonl", ".csv", ".parquet"}, ext) {
			w.Name = strings.TrimSuffix(w.Name, ext)
		}
	}
	w.Config = c.settings.recorded()
	w.Config["format"] = format
	w.Examine = examineHeader
	if o.verifyPixels {
		w.Examine = examinePixels
	}
	w.MaxRejectRatio, w.Workers, w.Force = o.maxRejectRatio, o.workers, o.force
	w.ShardBytes, w.RowGroupBytes = o.shardBytes, min(w.RowGroupBytes, o.shardBytes)
	w.Progress = c.progress.Callback("ingest", "images")
	return w, nil
}

// examineHeader is ingest.Examine on the header alone.
func examineHeader(data []byte) (width, height int, err error) {
	info, err := pixels.Probe(data)
	return info.W, info.H, ingestReject(err)
}

// examinePixels is ingest.Examine on every pixel.
func examinePixels(data []byte) (width, height int, err error) {
	m, err := pixels.Decode(data)
	if err != nil {
		return 0, 0, ingestReject(err)
	}
	return m.W, m.H, nil
}

// ingestReject says in the terms of ingest, which does not know pixels, that an
// image is unfit.
func ingestReject(err error) error {
	var bad *pixels.RejectError
	if !errors.As(err, &bad) {
		return err
	}
	reject := &ingest.RejectError{Reason: bad.Reason, Err: bad.Err}
	if bad.Format != "" {
		reject.Err = fmt.Errorf("%s: %w", bad.Format, bad.Err)
	}
	return reject
}
