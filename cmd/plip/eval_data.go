//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"plip/ingest"
	"plip/parquet"
)

// evalSource says which captioned rows a model is evaluated on: those of shards, or of a dataset in the layout of its
// release.
type evalSource struct {
	data, format, images, split string
}

// Values of --split beside the splits' names.
const (
	splitAuto = "auto" // test where there are rows of it, else all
	splitAll  = "all"
)

func (o *evalSource) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.data, "data", "", "captioned `shards`, or a folder or file in the layout of a release")
	f.StringVar(&o.format, "format", "auto", "`layout` of --data where it is no shards, a format of plip ingest; auto detects it")
	f.StringVar(&o.images, "images", "", "`folder` of the images of such a layout, where they lie apart from it")
	f.StringVar(&o.split, "split", splitAuto, "`split` that is evaluated: test, valid, ... or all; auto is test where there are rows of it, else all")
}

func (o *evalSource) validate() error {
	if o.data == "" {
		return errors.New("--data is missing")
	}
	return nil
}

// evalData is an open dataset with those of its rows that count.
type evalData struct {
	*parquet.Dataset
	layout  string // "shards", or the format of plip ingest
	split   string // of the rows that count, or "all"
	leftOut int64  // images that could not be read
	temp    string // folder that Close removes; "": none
}

// use tells whether a row counts; nil: all do.
func (d *evalData) use() func(*parquet.Row) bool {
	if d.split == splitAll {
		return nil
	}
	return func(r *parquet.Row) bool { return r.Split == d.split }
}

// Close closes the dataset and removes what was made for it.
func (d *evalData) Close() error {
	err := d.Dataset.Close()
	if d.temp != "" {
		err = errors.Join(err, os.RemoveAll(d.temp))
	}
	return err
}

// open opens the rows. A layout's are written as shards into a temporary folder first, those of the split alone.
func (o *evalSource) open(ctx context.Context, c *call) (*evalData, error) {
	shards, err := isDataset(o.data)
	if err != nil {
		return nil, err
	}
	if !shards {
		return o.openLayout(ctx, c)
	}
	ds, err := parquet.Open(o.data)
	if err != nil {
		return nil, err
	}
	d := &evalData{Dataset: ds, layout: "shards", split: o.split}
	if o.split == splitAuto {
		d.split, err = autoSplit(ctx, ds)
	}
	if err != nil {
		return nil, errors.Join(err, ds.Close())
	}
	return d, nil
}

// autoSplit is test where there are rows of it, else all.
func autoSplit(ctx context.Context, ds *parquet.Dataset) (string, error) {
	if !slices.Contains(ds.Manifest().Columns, "split") {
		return splitAll, nil
	}
	found := errors.New("found")
	err := ds.Visit(ctx, parquet.ColMeta, 0, func(_ int64, r *parquet.Row) error {
		if r.Split == "test" {
			return found
		}
		return nil
	})
	if errors.Is(err, found) {
		return "test", nil
	}
	return splitAll, err
}

func (o *evalSource) openLayout(ctx context.Context, c *call) (d *evalData, err error) {
	format, err := ingest.FormatByName(o.format, o.data)
	if err != nil {
		return nil, err
	}
	source, err := format.Open(ctx, o.data, ingest.SourceOptions{Images: o.images, Note: func(text string) { c.logf("note: %s", text) }})
	if err != nil {
		return nil, err
	}
	defer source.Close()
	temp, err := os.MkdirTemp("", "plip-eval-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temp))
		}
	}()
	d = &evalData{layout: format.Name, split: o.split, temp: temp}
	if d.split == splitAuto {
		if d.split, err = autoSplitOf(ctx, source); err != nil {
			return nil, err
		}
	}
	w := ingest.DefaultOptions()
	w.Name, w.Examine, w.Progress = format.Name, examineHeader, c.progress.Callback("read", "images")
	m, err := ingest.Write(ctx, splitSource{source, d.split}, filepath.Join(temp, "shards"), w)
	c.progress.Done()
	if err != nil {
		return nil, err
	}
	if d.leftOut = m.Rejects; d.leftOut > 0 {
		c.logf("%d images of the split cannot be read and are left out", d.leftOut)
	}
	if m.Rows == 0 {
		return nil, fmt.Errorf("%s: want images of the split %s, got none", o.data, d.split)
	}
	d.Dataset, err = parquet.Open(filepath.Join(temp, "shards"))
	return d, err
}

// autoSplitOf is autoSplit of a layout.
func autoSplitOf(ctx context.Context, source ingest.Source) (string, error) {
	for identity, err := range source.Identities(ctx) {
		if err != nil {
			return "", err
		}
		if slices.ContainsFunc(identity.Samples, func(s ingest.Sample) bool { return s.Row.Split == "test" }) {
			return "test", nil
		}
	}
	return splitAll, nil
}

// splitSource is the samples of one split of a source.
type splitSource struct {
	ingest.Source
	split string
}

// Layout implements ingest.Source.
func (s splitSource) Layout() ingest.Layout {
	l := s.Source.Layout()
	if s.split != splitAll {
		l.Images = 0 // of the split: not known
	}
	return l
}

// Identities implements ingest.Source.
func (s splitSource) Identities(ctx context.Context) iter.Seq2[*ingest.Identity, error] {
	return func(yield func(*ingest.Identity, error) bool) {
		for identity, err := range s.Source.Identities(ctx) {
			if err == nil && s.split != splitAll {
				own := *identity
				own.Samples = slices.DeleteFunc(slices.Clone(identity.Samples), func(x ingest.Sample) bool { return x.Row.Split != s.split })
				if identity = &own; len(own.Samples) == 0 {
					continue
				}
			}
			if !yield(identity, err) || err != nil {
				return
			}
		}
	}
}
