package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/pflag"

	"plip/ingest"
	"plip/internal/pixels"
	"plip/parquet"
)

func ingestFoldersCommand() command {
	return command{
		use:   "folders SRC -o DIR",
		short: "Shards from images in one folder an identity or track",
		long: "folders reads images below SRC at any depth; the folder that holds an image is its\n" +
			"identity. Folders and images come in sorted order. Where every such folder is\n" +
			"named by a number of its own, that is the id; else ids count from 1. Where every\n" +
			"image has a camera in its name (_c3_, _c3s1_), the shards have a column for it.\n\n" +
			"With --annotations the identities are the persons that the file names, with their\n" +
			"true attributes and captions: a reference to measure against. Its form is in the\n" +
			"documentation of package ingest, type Annotated.\n\n" +
			"Images are stored as they are. What is no usable image is left out, counted by\n" +
			"reason and listed in DIR/rejects.jsonl. Links out of SRC are not followed. Files\n" +
			"without the ending of an image, and names that begin with a dot, are passed over.",
		example: "plip ingest folders tracks -o shards",
		args:    exactly(1),
		result:  ingestResult{},
		resumes: true,
		options: &ingestFoldersOptions{ingestOptions{format: "folders"}, ""},
	}
}

// ingestFoldersOptions are those of folders of crops.
type ingestFoldersOptions struct {
	ingestOptions
	annotations string
}

func (o *ingestFoldersOptions) addFlags(f *pflag.FlagSet) {
	o.ingestOptions.addFlags(f)
	f.StringVar(&o.annotations, "annotations", "", "`file` that names and describes the person of every track")
}

func (o *ingestFoldersOptions) run(ctx context.Context, c *call) error {
	o.open = func(ctx context.Context, src string) (ingest.Source, error) {
		if o.annotations == "" {
			return ingest.OpenFolders(ctx, src)
		}
		return ingest.OpenAnnotated(ctx, src, o.annotations)
	}
	return o.ingestOptions.run(ctx, c)
}

// ingestResult is what `plip ingest FORMAT --json` prints.
type ingestResult struct {
	datasetResult
	Reasons map[string]int64 `json:"reasons" doc:"inputs left out by reason"`
}

// ingestOptions are those of every format that is read from a folder.
type ingestOptions struct {
	format string
	open   func(ctx context.Context, src string) (ingest.Source, error)

	out            string
	name           string
	maxRejectRatio float64
	verifyPixels   bool
	workers        int
	force          bool
}

func (o *ingestOptions) addFlags(f *pflag.FlagSet) {
	addOutput(f, &o.out, "`folder` for the dataset")
	f.StringVar(&o.name, "name", "", "dataset `name` in the column source; empty is the name of the folder SRC")
	annotate(f, unrecorded, "name") // the name in force is recorded with the shards
	f.BoolVar(&o.verifyPixels, "verify-pixels", false, "decode every image instead of reading its header")
	addMaxRejectRatio(f, &o.maxRejectRatio)
	annotate(f, unrecorded, "max-reject-ratio") // decides whether the run goes on, not what it writes
	addWorkers(f, &o.workers)
	addForce(f, &o.force)
}

func (o *ingestOptions) validate([]string) error {
	return errors.Join(checkOutput(o.out), checkRatio("max-reject-ratio", o.maxRejectRatio), checkWorkers(o.workers))
}

func (o *ingestOptions) run(ctx context.Context, c *call) error {
	source, err := o.open(ctx, c.args[0])
	if err != nil {
		return err
	}
	defer source.Close()
	options, err := o.writeOptions(c)
	if err != nil {
		return err
	}
	m, err := ingest.Write(ctx, source, o.out, options)
	c.progress.Done()
	if c.finished(err, o.out) {
		m, err = parquet.ReadManifest(o.out)
	}
	if err != nil {
		return err
	}
	r := ingestResult{datasetResult: newDatasetResult(o.out, m)}
	if r.Reasons, err = ingest.RejectCounts(o.out); err != nil {
		return err
	}
	return c.print(r, func(w io.Writer) {
		r.table(w)
		if r.Rejects > 0 {
			fmt.Fprintf(w, "reasons\t%s\n", ingest.FormatCounts(r.Reasons))
		}
	})
}

func (o *ingestOptions) writeOptions(c *call) (ingest.Options, error) {
	w := ingest.DefaultOptions()
	w.Name = o.name
	if w.Name == "" {
		src, err := filepath.Abs(c.args[0])
		if err != nil {
			return w, fmt.Errorf("name of %s: %w", c.args[0], err)
		}
		w.Name = filepath.Base(src)
	}
	w.Config = c.settings.recorded()
	w.Config["format"] = o.format
	w.Examine = examineHeader
	if o.verifyPixels {
		w.Examine = examinePixels
	}
	w.MaxRejectRatio, w.Workers, w.Force = o.maxRejectRatio, o.workers, o.force
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
