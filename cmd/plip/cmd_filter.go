package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/pflag"

	"plip/internal/runlog"
	"plip/parquet"
	"plip/spac/filter"
)

// decisionsFile is the decision log, beside the shards of the output.
const decisionsFile = "decisions.jsonl"

func filterCommand() command {
	return command{
		use:   "filter DIR -o DIR",
		short: "Clean tracks by the seed filter strategy",
		long: "filter reads tracks of person crops with their embeddings (plip embed --into),\n" +
			"takes foreign persons out of a track, gives them back to a neighbouring track\n" +
			"where they belong to one, and joins neighbouring tracks of the same person. It\n" +
			"writes the rows that stay and " + decisionsFile + ", one line a row of the input.\n\n" +
			"The default thresholds are the paper's, made for its own encoder. With --tune the\n" +
			"three are set on a dataset whose true identities are known.\n\n" +
			"Tracks are compared with their neighbours, so there is no --shard.",
		example: "plip filter embedded -o clean",
		args:    exactly(1),
		result:  filterResult{},
		docs: map[string]string{
			"decisions":                "counts of the decisions",
			"decisions.samples":        "rows of the input",
			"decisions.kept":           "rows that step 1 left in their track",
			"decisions.excluded":       "rows that step 1 took out",
			"decisions.reassigned":     "of those, rows that joined a neighbouring track",
			"decisions.dropped":        "of those, rows left out of the output",
			"decisions.identities":     "tracks of the input",
			"decisions.empty":          "tracks without a row",
			"decisions.merged":         "tracks that became part of another",
			"decisions.identities_out": "identities of the output",
			"quality.samples":          "rows",
			"quality.foreign":          "rows whose true identity is not the commonest of their track",
			"quality.excluded":         "rows that step 1 took out",
			"quality.excluded_foreign": "of those, foreign ones",
			"quality.precision":        "excluded_foreign of excluded",
			"quality.recall":           "excluded_foreign of foreign",
			"quality.reassigned":       "rows that joined a neighbouring track",
			"quality.reassigned_right": "of those, rows that joined a track of their true identity",
			"quality.purity_before":    "share of rows that are of their track's commonest true identity",
			"quality.purity_after":     "the same of the output",
			"quality.track_pairs":      "pairs of tracks near enough to be joined",
			"quality.split_pairs":      "of those, pairs of the same person",
			"quality.joined_pairs":     "pairs that were joined",
			"quality.joined_split":     "of those, pairs of the same person",
			"quality.true_identities":  "different persons of the input tracks",
			"quality.tracks_before":    "tracks with a row",
			"quality.identities_after": "identities of the output",
		},
		resumes: true,
		options: &filterOptions{},
	}
}

// filterResult is what `plip filter --json` prints.
type filterResult struct {
	datasetResult
	Thresholds filterThresholds `json:"thresholds" doc:"cosines in force"`
	Decisions  filter.Report    `json:"decisions"`
	Quality    *filter.Quality  `json:"quality" doc:"comparison with the true identities, where the input has them"`
}

type filterThresholds struct {
	SigmaS float64 `json:"sigma_s" doc:"least cosine of a row with the rest of its track"`
	SigmaR float64 `json:"sigma_r" doc:"least cosine for joining a neighbouring track"`
	SigmaM float64 `json:"sigma_m" doc:"tracks above this cosine are joined"`
}

type filterOptions struct {
	out        string
	config     filter.Config
	tune       string
	shard      string
	shardBytes int64
	force      bool
}

func (o *filterOptions) addFlags(f *pflag.FlagSet) {
	o.config = filter.DefaultConfig()
	addOutput(f, &o.out, "`folder` for the clean dataset")
	f.Float64Var(&o.config.SigmaS, "sigma-s", o.config.SigmaS, "least `cosine` of a crop with the rest of its track")
	f.Float64Var(&o.config.SigmaR, "sigma-r", o.config.SigmaR, "least `cosine` of an excluded crop with a neighbouring track it joins")
	f.Float64Var(&o.config.SigmaM, "sigma-m", o.config.SigmaM, "neighbouring tracks above this `cosine` are joined")
	f.IntVar(&o.config.RA, "ra", o.config.RA, "`tracks` looked at on each side in reassignment")
	f.IntVar(&o.config.RB, "rb", o.config.RB, "`tracks` looked at ahead in the merger")
	f.StringVar(&o.tune, "tune", "", "set the three thresholds on this `dataset` of tracks with known true identities")
	f.StringVar(&o.shard, "shard", "", "refused: a `part` would not see its neighbours")
	annotate(f, unrecorded, "shard")
	addShardBytes(f, &o.shardBytes)
	addForce(f, &o.force)
}

func (o *filterOptions) validate([]string) error {
	problems := []error{checkOutput(o.out), o.config.Validate(), checkShardBytes(o.shardBytes)}
	if o.shard != "" {
		problems = append(problems, errors.New("--shard: filter compares each track with its neighbours and cannot work on parts; it streams, so one task does the whole"))
	}
	return errors.Join(problems...)
}

func (o *filterOptions) run(ctx context.Context, c *call) error {
	d, err := openEmbedded(c.args[0])
	if err != nil {
		return err
	}
	defer d.Close()
	options := c.outputOptions(d)
	options.Force = o.force
	setShardBytes(&options, o.shardBytes)
	if o.tune != "" {
		if err := o.setThresholds(ctx, c, &options); err != nil {
			return fmt.Errorf("tune on %s: %w", o.tune, err)
		}
	}
	w, err := parquet.Create(ctx, o.out, options)
	done := c.finished(err, o.out)
	if err != nil && !done {
		return err
	}
	decisions, err := filter.Run(ctx, o.identities(ctx, c, d), o.config)
	if err != nil {
		if w != nil {
			w.Abort()
		}
		return err
	}
	if !done {
		defer w.Abort()
		if err := o.write(ctx, decisions, d, w); err != nil {
			return err
		}
	}
	return o.print(ctx, c, d, decisions)
}

// openEmbedded opens a dataset that must have embeddings.
func openEmbedded(dir string) (*parquet.Dataset, error) {
	d, err := parquet.Open(dir)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(d.Manifest().Columns, "embedding") {
		return nil, errors.Join(&noEmbeddingError{dir}, d.Close())
	}
	return d, nil
}

// noEmbeddingError is a dataset without the column embedding.
type noEmbeddingError struct{ dir string }

func (e *noEmbeddingError) Error() string {
	return fmt.Sprintf("read %s: want a column \"embedding\", got none", e.dir)
}

// setThresholds tunes the three thresholds and records what they became.
func (o *filterOptions) setThresholds(ctx context.Context, c *call, options *parquet.WriterOptions) error {
	d, err := openEmbedded(o.tune)
	if err != nil {
		return err
	}
	defer d.Close()
	truth, err := filter.Truth(ctx, d)
	if err != nil {
		return err
	}
	var identities []filter.Identity
	for id, err := range o.identities(ctx, c, d) {
		if err != nil {
			return err
		}
		identities = append(identities, id)
	}
	var quality filter.Quality
	o.config, quality, err = filter.Tune(ctx, identities, truth, filter.DefaultGrid(), o.config)
	if err != nil {
		return err
	}
	c.logf("tuned: sigma-s %.3f, sigma-r %.3f, sigma-m %.3f; precision %.2f %%, recall %.2f %% there",
		o.config.SigmaS, o.config.SigmaR, o.config.SigmaM, 100*quality.Precision, 100*quality.Recall)
	for key, v := range map[string]float64{"sigma-s": o.config.SigmaS, "sigma-r": o.config.SigmaR, "sigma-m": o.config.SigmaM} {
		options.Config[key] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	return nil
}

// identities is the stream of tracks, shown as progress.
func (o *filterOptions) identities(ctx context.Context, c *call, d *parquet.Dataset) iter.Seq2[filter.Identity, error] {
	return func(yield func(filter.Identity, error) bool) {
		c.progress.Start("read embeddings", d.NumRows(), "rows")
		defer c.progress.Done()
		for id, err := range filter.Identities(ctx, d) {
			if !yield(id, err) {
				return
			}
			c.progress.Add(int64(len(id.Vectors)))
		}
	}
}

// write makes the output: the log before the manifest, which comes last.
func (o *filterOptions) write(ctx context.Context, decisions *filter.Decisions, d *parquet.Dataset, w *parquet.Writer) error {
	if err := decisions.Apply(ctx, d, w, parquet.ColAll); err != nil {
		return err
	}
	log, err := runlog.CreateFile(filepath.Join(o.out, decisionsFile))
	if err != nil {
		return err
	}
	if err := decisions.WriteLog(ctx, d, log); err != nil {
		return errors.Join(err, log.Abort())
	}
	if err := log.Commit(); err != nil {
		return err
	}
	_, err = w.Close()
	return err
}

func (o *filterOptions) print(ctx context.Context, c *call, d *parquet.Dataset, decisions *filter.Decisions) error {
	m, err := parquet.ReadManifest(o.out)
	if err != nil {
		return err
	}
	r := filterResult{
		datasetResult: newDatasetResult(o.out, m),
		Thresholds:    filterThresholds{o.config.SigmaS, o.config.SigmaR, o.config.SigmaM},
		Decisions:     decisions.Report,
	}
	if slices.Contains(d.Manifest().Columns, "truth_id") {
		truth, err := filter.Truth(ctx, d)
		if err != nil {
			return err
		}
		quality, err := filter.Score(decisions, truth)
		if err != nil {
			return err
		}
		r.Quality = &quality
	}
	return c.print(r, r.table)
}

func (r filterResult) table(w io.Writer) {
	n := r.Decisions
	fmt.Fprintf(w, "rows\t%d\tkept %d\texcluded %d\treassigned %d\tdropped %d\n", n.Samples, n.Kept, n.Excluded, n.Reassigned, n.Dropped)
	fmt.Fprintf(w, "tracks\t%d\tmerged %d\tidentities %d\n", n.Identities, n.Merged, n.IdentitiesOut)
	if q := r.Quality; q != nil {
		fmt.Fprintf(w, "excluded\tprecision %.2f %%\trecall %.2f %%\n", 100*q.Precision, 100*q.Recall)
		fmt.Fprintf(w, "purity\tbefore %.2f %%\tafter %.2f %%\n", 100*q.PurityBefore, 100*q.PurityAfter)
	}
	fmt.Fprintf(w, "output\t%s\n", r.Output)
}
