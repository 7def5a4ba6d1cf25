//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"plip/eval"
	"plip/parquet"
)

func evalReidCommand() command {
	return command{
		use:   "reid --model MODEL --data DIR",
		short: "Search pictures of persons by pictures",
		long: "reid embeds the rows of shards whose split is query and gallery and ranks the gallery\n" +
			"for every query by cosine, by the protocol of Market-1501: entries of the query's own\n" +
			"identity and camera do not count, nor those with id -1. --flip adds the embedding of\n" +
			"the mirrored picture, --rerank re-ranks by k-reciprocal neighbours. Queries whose\n" +
			"identity has no entry that counts are left out of the means and counted.\n\n" +
			"What was measured stands in the output: two papers' figures compare only where the\n" +
			"protocols are the same. The precision auto is fp32 here.",
		example: "plip eval reid --model model --data market",
		result:  rankingResult{},
		docs:    rankDocs(),
		options: &evalReidOptions{},
	}
}

type evalReidOptions struct {
	model, data string
	flip        bool
	ranking     rankingFlags
	workers     int
	device      deviceFlags
}

func (o *evalReidOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.model, "model", "", "`folder` of a model: a checkpoint, or the output of pretrain")
	f.StringVar(&o.data, "data", "", "`shards` with the splits query and gallery")
	f.BoolVar(&o.flip, "flip", false, "embed mirrored pictures too and take the mean")
	p := eval.DefaultProtocol()
	p.CameraJunk, p.JunkID = true, true
	o.ranking.addFlags(f, p)
	addWorkers(f, &o.workers)
	o.device.addFlags(f)
}

func (o *evalReidOptions) validate([]string) error {
	problems := []error{o.ranking.validate(), checkWorkers(o.workers), o.device.validate()}
	if o.model == "" {
		problems = append(problems, errors.New("--model is missing"))
	}
	if o.data == "" {
		problems = append(problems, errors.New("--data is missing"))
	}
	return errors.Join(problems...)
}

func (o *evalReidOptions) run(ctx context.Context, c *call) error {
	ds, err := parquet.Open(o.data)
	if err != nil {
		return err
	}
	defer ds.Close()
	if o.ranking.protocol.CameraJunk && !slices.Contains(ds.Manifest().Columns, "camera") {
		return usagef("%s has no cameras: want --camera=false", o.data)
	}
	device, _, err := o.device.apply()
	if err != nil {
		return err
	}
	e, err := openEncoder(device, o.model, o.device.precision == "bf16")
	if err != nil {
		return err
	}
	defer e.Close()
	if o.flip {
		e = flipEncoder{e}
	}
	queries, gallery, err := o.embed(ctx, c, e, ds)
	if err != nil {
		return err
	}
	ranked, err := o.ranking.rank(ctx, c, queries, gallery)
	if err != nil {
		return err
	}
	r := rankingResult{*ranked, o.ranking.measured("query", "gallery")}
	r.Protocol.Flip = o.flip
	if r.Protocol.Checkpoint, r.Protocol.Selection, err = selectionOf(o.model); err != nil {
		return err
	}
	return c.print(r, r.table)
}

// embed embeds the rows of both splits.
func (o *evalReidOptions) embed(ctx context.Context, c *call, e encoder, ds *parquet.Dataset) (queries, gallery *embeddedSet, err error) {
	queries, gallery = &embeddedSet{}, &embeddedSet{}
	report := c.progress.Callback("embed", "images")
	use := func(r *parquet.Row) bool { return r.Split == "query" || r.Split == "gallery" }
	err = embedSome(ctx, e, ds, o.workers, 0, false, use, func(number int64, r *parquet.Row, embedding []float32) error {
		report(number+1, ds.NumRows())
		to := gallery
		if r.Split == "query" {
			to = queries
		}
		to.add(r, embedding)
		return nil
	})
	c.progress.Done()
	if err == nil && (queries.N == 0 || gallery.N == 0) {
		err = fmt.Errorf("%s: want rows of the splits query and gallery, got %d and %d", o.data, queries.N, gallery.N)
	}
	return queries, gallery, err
}

// add appends a row with its embedding, which is copied.
func (s *embeddedSet) add(r *parquet.Row, embedding []float32) {
	camera := int32(noCamera)
	if r.Camera != nil {
		camera = *r.Camera
	}
	s.IDs, s.Cameras, s.Keys = append(s.IDs, r.ID), append(s.Cameras, camera), append(s.Keys, r.FilePath)
	s.N, s.D = s.N+1, len(embedding)
	s.Data = append(s.Data, embedding...)
}

// flipEncoder embeds a picture as the mean of itself and its mirror image (image-reid baselines' flip test).
type flipEncoder struct{ encoder }

// EmbedImages implements encoder.
func (e flipEncoder) EmbedImages(images []float32) ([]float32, error) {
	out, err := e.encoder.EmbedImages(images)
	if err != nil {
		return nil, err
	}
	_, px, _ := e.Input()
	mirrored := slices.Clone(images)
	for row := range slices.Chunk(mirrored, px) {
		slices.Reverse(row)
	}
	flipped, err := e.encoder.EmbedImages(mirrored)
	if err != nil {
		return nil, err
	}
	for i, v := range flipped {
		out[i] = (out[i] + v) / 2
	}
	return out, nil
}
