package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"plip/internal/runlog"
	"plip/parquet"
	"plip/spac/attributes"
	"plip/spac/distribute"
)

// distributionFile is the report, beside the shards of the output.
const distributionFile = "distribution.json"

func distributeCommand() command {
	return command{
		use:   "distribute DIR -o DIR",
		short: "Even out captioned identities before pre-training",
		long: "distribute drops images whose attributes are mostly unknown, gives every identity\n" +
			"the gender its images vote for, texts included, drops identities with few images\n" +
			"and keeps a random part of those with many. It writes the rows that stay and\n" +
			distributionFile + ", which counts what each rule dropped.",
		example: "plip distribute corpus/captioned -o balanced",
		args:    exactly(1),
		result:  distributeResult{},
		docs: map[string]string{
			"rules.images_in":               "images of the input",
			"rules.images_out":              "images that stay",
			"rules.identities_in":           "identities of the input",
			"rules.identities_out":          "identities that stay",
			"rules.images_unknown":          "images dropped for too many unknown attributes",
			"rules.images_upper_and_lower":  "images dropped for unknown upper and lower garments",
			"rules.identities_no_images":    "identities that lost all images to these two",
			"rules.identities_no_gender":    "identities dropped because no image told a gender",
			"rules.identities_mixed_gender": "identities dropped because the vote was not clear",
			"rules.images_gender":           "images of these two",
			"rules.attributes_regendered":   "gender attributes that were replaced",
			"rules.captions_rewritten":      "captions and prompt captions made consistent with the vote",
			"rules.captions_empty":          "captions dropped for being empty",
			"rules.captions_repeated":       "captions dropped for repeating another one of their image",
			"rules.captions_contradict":     "captions dropped for contradicting the vote",
			"rules.images_no_text":          "images dropped because no sentence was left",
			"rules.identities_few":          "identities dropped for too few images",
			"rules.images_few":              "their images",
			"rules.images_surplus":          "images dropped beyond the most of an identity",
			"rules.captions_in":             "captions and prompt captions of the input",
			"rules.captions_out":            "captions and prompt captions that stay",
		},
		resumes: true,
		options: &distributeOptions{},
	}
}

// distributeResult is what `plip distribute --json` prints.
type distributeResult struct {
	datasetResult
	Rules distribute.Report `json:"rules" doc:"what each rule dropped"`
}

type distributeOptions struct {
	out        string
	config     distribute.Config
	shard      shard
	shardBytes int64
	force      bool
}

func (o *distributeOptions) addFlags(f *pflag.FlagSet) {
	o.config = distribute.DefaultConfig()
	addOutput(f, &o.out, "`folder` for the evened dataset")
	f.IntVar(&o.config.MaxUnknown, "max-unknown", o.config.MaxUnknown, "unknown `attributes` from which on an image is dropped; 7 is off")
	f.Float64Var(&o.config.GenderShare, "gender-share", o.config.GenderShare, "`share` of votes that the commonest gender must exceed")
	f.IntVar(&o.config.MinImages, "min-images", o.config.MinImages, "`images` below which an identity is dropped")
	f.IntVar(&o.config.MaxImages, "max-images", o.config.MaxImages, "most `images` of an identity that are kept")
	addShard(f, &o.shard)
	addShardBytes(f, &o.shardBytes)
	addForce(f, &o.force)
}

func (o *distributeOptions) validate([]string) error {
	return errors.Join(checkOutput(o.out), o.config.Validate(), o.shard.resolve(os.Getenv), checkShardBytes(o.shardBytes))
}

func (o *distributeOptions) run(ctx context.Context, c *call) error {
	o.config.Seed = uint64(c.seed())
	d, err := parquet.Open(c.args[0])
	if err != nil {
		return err
	}
	defer d.Close()
	part, err := o.shard.section(ctx, d)
	if err != nil {
		return err
	}
	options := c.outputOptions(d)
	options.Force = o.force
	setShardBytes(&options, o.shardBytes)
	out := o.shard.dir(o.out)
	w, err := parquet.Create(ctx, out, options)
	if c.finished(err, out) {
		return o.print(c, out)
	}
	if err != nil {
		return err
	}
	defer w.Abort()
	extractor, err := attributes.Default()
	if err != nil {
		return err
	}
	report, err := distribute.Apply(ctx, part, w, o.config, extractor, parquet.ColAll)
	if err != nil {
		return err
	}
	if err := runlog.WriteJSON(filepath.Join(out, distributionFile), report); err != nil {
		return err
	}
	if _, err := w.Close(); err != nil {
		return err
	}
	return o.print(c, out)
}

// print reads the result of the finished output.
func (o *distributeOptions) print(c *call, out string) error {
	m, err := parquet.ReadManifest(out)
	if err != nil {
		return err
	}
	r := distributeResult{datasetResult: newDatasetResult(out, m)}
	if err := runlog.ReadJSON(filepath.Join(out, distributionFile), &r.Rules); err != nil {
		return err
	}
	return c.print(r, r.table)
}

func (r distributeResult) table(w io.Writer) {
	n := r.Rules
	fmt.Fprintln(w, "\timages\tidentities\tcaptions")
	for _, row := range []struct {
		name                         string
		images, identities, captions int64
	}{
		{"in", n.ImagesIn, n.IdentitiesIn, n.CaptionsIn},
		{"attributes unknown", -n.Unknown - n.UpperAndLower, -n.NoImages, 0},
		{"gender unclear", -n.GenderImages, -n.NoGender - n.MixedGender, 0},
		{"text unusable", -n.NoText, 0, -n.Empty - n.Repeated - n.Contradict},
		{"too few images", -n.FewImages, -n.Few, 0},
		{"too many images", -n.Surplus, 0, 0},
		{"out", n.ImagesOut, n.IdentitiesOut, n.CaptionsOut},
	} {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", row.name, row.images, row.identities, row.captions)
	}
	fmt.Fprintf(w, "\n%d genders and %d sentences changed by the vote; output %s\n", n.Regendered, n.Rewritten, r.Output)
}
