package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"plip/ingest/split"
	"plip/parquet"
)

func splitCommand() command {
	return command{
		use:   "split SRC -o DIR",
		short: "Divide a dataset into train, test and valid parts",
		long: "split reads an annotation file (the JSON array of CUHK-PEDES, ICFG-PEDES or\n" +
			"RSTPReid) and writes DIR/NAME-train.json, -test.json and -valid.json with its\n" +
			"records unchanged and in order, byte for byte as the dataset_split.py script of\n" +
			"the Python release does. A split other than train and test goes to valid. With\n" +
			"--depart it also writes DIR/NAME-train-depart.json with one caption a record.\n\n" +
			"NAME is --name, else the dataset the paths in SRC give away, else SRC's own name.\n\n" +
			"When SRC is a dataset of shards, the parts are the datasets DIR/train, DIR/test\n" +
			"(which takes query and gallery too) and DIR/valid; with --shard i/n a task writes\n" +
			"DIR/train/part-i-of-n and so on, which plip merge DIR/train joins.",
		example: "plip split reid_raw.json -o annotations --depart",
		args:    exactly(1),
		result:  splitResult{},
		resumes: true,
		options: &splitOptions{},
	}
}

// splitResult is what `plip split --json` prints.
type splitResult struct {
	Records  int64       `json:"records" doc:"records or rows of the source"`
	Parts    []splitPart `json:"parts" doc:"what was written"`
	Names    []splitName `json:"names" doc:"split names of an annotation file, as far as they are 32 or fewer"`
	Uncommon int64       `json:"uncommon" doc:"train records with a number of captions other than two, with --depart"`
}

type splitPart struct {
	Name    string `json:"name" doc:"train, test, valid or train-depart"`
	Path    string `json:"path" doc:"file or folder"`
	Records int64  `json:"records" doc:"records or rows"`
}

type splitName struct {
	Name    string `json:"name" doc:"value of split in the source, as JSON writes it"`
	Records int64  `json:"records" doc:"records that have it"`
}

type splitOptions struct {
	out        string
	name       string
	depart     bool
	shard      shard
	shardBytes int64
	force      bool
}

func (o *splitOptions) addFlags(f *pflag.FlagSet) {
	addOutput(f, &o.out, "`folder` for the parts")
	f.StringVar(&o.name, "name", "", "first part of the `names` of the annotation files; empty detects the dataset")
	f.BoolVar(&o.depart, "depart", false, "also write the train file with one caption a record")
	addShard(f, &o.shard)
	addShardBytes(f, &o.shardBytes)
	addForce(f, &o.force)
}

func (o *splitOptions) validate([]string) error {
	problems := []error{checkOutput(o.out), o.shard.resolve(os.Getenv), checkShardBytes(o.shardBytes)}
	if strings.ContainsAny(o.name, `/\`) {
		problems = append(problems, fmt.Errorf("--name: want a name without a folder, got %q", o.name))
	}
	return errors.Join(problems...)
}

func (o *splitOptions) run(ctx context.Context, c *call) error {
	src := c.args[0]
	info, err := os.Stat(src)
	if err != nil {
		return err
	}
	if info.IsDir() || filepath.Ext(src) == ".parquet" {
		return o.splitShards(ctx, c, src)
	}
	return o.splitAnnotations(ctx, c, src, info.Size())
}

// splitShards writes three datasets.
func (o *splitOptions) splitShards(ctx context.Context, c *call, src string) error {
	if o.depart || o.name != "" {
		return usagef("--depart and --name are for annotation files, but %s is a dataset of shards", src)
	}
	d, err := parquet.Open(src)
	if err != nil {
		return err
	}
	defer d.Close()
	options := c.outputOptions(d)
	options.Force = o.force
	setShardBytes(&options, o.shardBytes)
	from, to, err := o.shard.rows(ctx, d)
	if err != nil {
		return err
	}
	dir := func(part string) string { return o.shard.dir(filepath.Join(o.out, part)) }
	parts, err := split.Shards(ctx, d, split.Range{From: from, To: to}, dir, options, c.progress.Callback("split", "rows"))
	if err != nil && !c.finished(err, o.out) {
		return err
	}
	r := splitResult{Parts: []splitPart{}, Names: []splitName{}}
	for _, p := range parts {
		r.Records += p.Rows
		r.Parts = append(r.Parts, splitPart{p.Name, dir(p.Name), p.Rows})
	}
	return c.print(r, r.table)
}

// splitAnnotations writes three or four JSON files, which appear under their
// names only when all of them are complete.
func (o *splitOptions) splitAnnotations(ctx context.Context, c *call, src string, size int64) error {
	if o.shard.count > 1 {
		return usagef("--shard is for datasets of shards, but %s is an annotation file", src)
	}
	f, err := os.Open(src)
	if err != nil {
		return err
	}
	defer f.Close()
	name, err := o.datasetName(f)
	if err != nil {
		return fmt.Errorf("read %s: %w", src, err)
	}
	parts := []string{"train", "test", "valid"}
	if o.depart {
		parts = append(parts, "train-depart")
	}
	files, err := createSplitFiles(o.out, name, parts)
	if err != nil {
		return err
	}
	defer files.close()
	r := splitResult{Parts: []splitPart{}, Names: []splitName{}}
	uncommon := func(u split.Uncommon) {
		r.Uncommon++
		c.logf("record %d: %s has %d captions", u.Record, u.FilePath, u.Captions)
	}
	c.progress.Start("split", size, "bytes")
	counts, err := split.Annotations(ctx, &countingReader{f, c.progress}, files.outputs(), uncommon)
	if err != nil {
		return fmt.Errorf("read %s: %w", src, err)
	}
	c.progress.Done()
	finished, err := files.commit(o.force)
	if err != nil {
		return err
	}
	if finished && !o.force {
		c.logf("%s is finished already; --force makes it anew", o.out)
	}
	r.Records = counts.Records
	for i, n := range []int64{counts.Train, counts.Test, counts.Valid, counts.Departed}[:len(parts)] {
		r.Parts = append(r.Parts, splitPart{parts[i], files.path(parts[i]), n})
	}
	for _, n := range counts.Names {
		r.Names = append(r.Names, splitName(n))
	}
	return c.print(r, r.table)
}

// datasetName is the NAME of the files, and leaves f at its beginning.
func (o *splitOptions) datasetName(f *os.File) (string, error) {
	if o.name != "" {
		return o.name, nil
	}
	name, err := split.Detect(f)
	if err != nil {
		return "", err
	}
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(f.Name()), filepath.Ext(f.Name()))
	}
	_, err = f.Seek(0, io.SeekStart)
	return name, err
}

func (r splitResult) table(w io.Writer) {
	for _, p := range r.Parts {
		fmt.Fprintf(w, "%s\t%d\t%s\n", p.Name, p.Records, p.Path)
	}
	for _, n := range r.Names {
		if n.Name != `"train"` && n.Name != `"test"` {
			fmt.Fprintf(w, "split %s\t%d\tin valid\n", n.Name, n.Records)
		}
	}
}

// countingReader reports what is read as progress in bytes.
type countingReader struct {
	r io.Reader
	p *progress
}

func (r *countingReader) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	r.p.Add(int64(n))
	return n, err
}
