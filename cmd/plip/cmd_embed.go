//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/spf13/pflag"

	"plip/internal/tensor"
	"plip/internal/vectors"
	"plip/parquet"
)

func embedCommand() command {
	return command{
		use:   "embed --model MODEL (--images SRC | --texts FILE) (-o FILE | --into DIR)",
		short: "Embed images or texts",
		long: "embed runs a model over images or texts. SRC is shards or a folder of pictures, FILE\n" +
			"one text a line, JSON lines {\"id\", \"text\"}, or shards, of which every caption is a\n" +
			"text. -o names a Parquet file of the columns id, key (file path or text), camera,\n" +
			"split and embedding; --into a new dataset: the shards with an embedding column, as\n" +
			"plip filter reads them.\n\n" +
			"MODEL is one of pretrain, or of spac train, which embeds images alone: its pooled\n" +
			"features at length 1. Embeddings of PLIP are not normalised. The precision auto is\n" +
			"fp32 here.",
		example: "plip embed --model model --images corpus/test -o gallery.parquet",
		result:  embedResult{},
		resumes: true,
		options: &embedOptions{},
	}
}

// embedResult is what `plip embed --json` prints.
type embedResult struct {
	Output string `json:"output" doc:"file, or folder of the dataset"`
	Rows   int64  `json:"rows" doc:"embeddings in it"`
	Dim    int    `json:"dim" doc:"length of each"`
}

type embedOptions struct {
	model, images, texts string
	out, into            string
	workers              int
	device               deviceFlags
	graphs               bool
	shard                shard
	force                bool
}

func (o *embedOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.model, "model", "", "`folder` of a model: a checkpoint, or the output of pretrain or spac train")
	f.StringVar(&o.images, "images", "", "`shards` or folder of pictures to embed")
	f.StringVar(&o.texts, "texts", "", "`file` of texts, or shards with captions, to embed")
	f.StringVar(&o.into, "into", "", "new `folder` for the shards of --images with their embeddings")
	addOutput(f, &o.out, "Parquet `file` for the embeddings")
	annotate(f, unrecorded, "model", "images", "texts", "into")
	addWorkers(f, &o.workers)
	o.device.addFlags(f)
	f.BoolVar(&o.graphs, "cuda-graphs", false, "on a CUDA device, ask for the image encoder with one call a batch in place of one an operation")
	annotate(f, unrecorded, "cuda-graphs")
	addShard(f, &o.shard)
	addForce(f, &o.force)
}

func (o *embedOptions) validate([]string) error {
	problems := []error{checkWorkers(o.workers), o.device.validate(), o.shard.resolve(os.Getenv)}
	if o.model == "" {
		problems = append(problems, errors.New("--model is missing"))
	}
	for _, pair := range [][2]string{{"images", "texts"}, {"output", "into"}} {
		given := 0
		for _, v := range map[string][]string{"images": {o.images, o.texts}, "output": {o.out, o.into}}[pair[0]] {
			if v != "" {
				given++
			}
		}
		if given != 1 {
			problems = append(problems, fmt.Errorf("want one of --%s and --%s, got %d", pair[0], pair[1], given))
		}
	}
	if o.into != "" && o.texts != "" {
		problems = append(problems, errors.New("--into goes with --images, not with --texts"))
	}
	if o.graphs && o.texts != "" {
		problems = append(problems, errors.New("--cuda-graphs goes with --images, not with --texts: texts differ in length"))
	}
	if o.into == "" && o.shard.count > 1 {
		problems = append(problems, errors.New("--shard is for --into, but --output is one file: --shard 0/1 embeds the whole input"))
	}
	return errors.Join(problems...)
}

func (o *embedOptions) run(ctx context.Context, c *call) error {
	if o.out != "" && !o.force {
		if err := checkAbsent(o.out); err != nil {
			return err
		}
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
	if o.graphs {
		recorded, err := withGraph(e, device)
		if err != nil {
			c.logf("--cuda-graphs is left out: %v", err)
		} else {
			defer recorded.close()
			e = fixedBatches{recorded}
		}
	}
	if o.into != "" {
		return o.intoShards(ctx, c, e)
	}
	source, err := o.source(ctx, c, e)
	if err != nil {
		return err
	}
	w, err := vectors.Create(o.out, vectors.Options{Dim: e.Dim(), Camera: source.camera, Split: source.split})
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := source.scan(w.Write); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return o.print(c, o.out, w.Rows(), e.Dim())
}

// embedSource gives embeddings in order.
type embedSource struct {
	camera, split bool // whether its rows have them
	scan          func(f func(r *vectors.Row) error) error
}

// source opens what is to be embedded.
func (o *embedOptions) source(ctx context.Context, c *call, e encoder) (*embedSource, error) {
	input := o.images + o.texts // one is empty
	shards, err := isDataset(input)
	if err != nil {
		return nil, err
	}
	if o.images != "" && !shards {
		return pictureSource(ctx, c, e, input, workersOrCores(o.workers))
	}
	if o.images != "" {
		return shardSource(ctx, c, e, input, o.workers)
	}
	t, ok := e.(textEncoder)
	if !ok {
		return nil, usagef("--texts: %s embeds images alone", o.model)
	}
	return textSource(ctx, c, t, input, shards)
}

// intoShards writes the shards of --images anew, with their embeddings.
func (o *embedOptions) intoShards(ctx context.Context, c *call, e encoder) error {
	d, err := parquet.Open(o.images)
	if err != nil {
		return err
	}
	defer d.Close()
	part, err := o.shard.section(ctx, d)
	if err != nil {
		return err
	}
	out := o.shard.dir(o.into)
	options := c.outputOptions(d)
	options.Force, options.Embedding, options.EmbeddingDim = o.force, true, e.Dim()
	if options.Config["model"], err = e.Fingerprint(); err != nil {
		return err
	}
	w, err := parquet.Create(ctx, out, options)
	if !c.finished(err, out) {
		if err != nil {
			return err
		}
		defer w.Abort()
		if err := o.writeShards(ctx, c, e, part, w); err != nil {
			return err
		}
	}
	return o.print(c, out, part.NumRows(), e.Dim())
}

func (o *embedOptions) writeShards(ctx context.Context, c *call, e encoder, d *parquet.Dataset, w *parquet.Writer) error {
	report := c.progress.Callback("embed", "images")
	last := int64(math.MinInt64)
	err := embedRows(ctx, fixedBatches{e}, d, o.workers, w.Consumed(), true, func(number int64, r *parquet.Row, embedding []float32) error {
		if r.ID != last {
			w.Mark(number)
			last = r.ID
		}
		r.Embedding = embedding
		report(number+1, d.NumRows())
		return w.Write(ctx, r)
	})
	if err != nil {
		return err
	}
	w.Mark(d.NumRows())
	_, err = w.Close()
	return err
}

// fixedBatches fills the last batch of an encoder up to its full size, so that kernels, and with them the last digits of
// an embedding, do not depend on how many rows there are: the parts of an array job give what one run gives.
type fixedBatches struct{ encoder }

func (e fixedBatches) EmbedImages(images []float32) ([]float32, error) {
	height, px, _ := e.Input()
	image := 3 * height * px
	n := len(images) / image
	if n < embedBatch {
		images = append(make([]float32, 0, embedBatch*image), images...)[:embedBatch*image]
	}
	embeddings, err := e.encoder.EmbedImages(images)
	if err != nil {
		return nil, err
	}
	return embeddings[:n*e.Dim()], nil
}

// graphEncoder embeds embedBatch images at a time by a graph on a CUDA device.
type graphEncoder struct {
	encoder
	graph *tensor.Graph
}

// withGraph records an encoder's forward pass.
func withGraph(e encoder, device tensor.Device) (*graphEncoder, error) {
	height, px, _ := e.Input()
	g, err := tensor.RecordGraph(device, e.Embed, embedBatch, 3, int64(height), int64(px))
	if err != nil {
		return nil, err
	}
	return &graphEncoder{e, g}, nil
}

func (e *graphEncoder) EmbedImages(images []float32) (embeddings []float32, err error) {
	height, px, _ := e.Input()
	err = tensor.Do(func(*tensor.Scope) error {
		x := tensor.FromFloat32(tensor.CPU, images, int64(len(images)/(3*height*px)), 3, int64(height), int64(px)) // [N, 3, H, W]
		embeddings = e.graph.Apply(x).Float32s()
		return nil
	})
	return embeddings, err
}

func (e *graphEncoder) close() { e.graph.Close() }

func (o *embedOptions) print(c *call, out string, rows int64, dim int) error {
	return c.print(embedResult{out, rows, dim}, func(w io.Writer) {
		fmt.Fprintf(w, "embeddings\t%d of length %d\t%s\n", rows, dim, out)
	})
}
