package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"plip/parquet"
)

// outputOptions are the options for a dataset that is made from the rows of d:
// the same source and optional columns, and the configuration of the command.
// The key "input" stands for the content of d, so that a run is not continued
// with another input.
func (c *call) outputOptions(d *parquet.Dataset) parquet.WriterOptions {
	m := d.Manifest()
	o := parquet.DefaultWriterOptions()
	o.Source = m.Source
	o.Config = c.settings.recorded()
	o.Config["input"] = contentID(m)
	o.Camera = slices.Contains(m.Columns, "camera")
	o.Split = slices.Contains(m.Columns, "split")
	o.Labels = slices.Contains(m.Columns, "labels")
	o.Embedding = slices.Contains(m.Columns, "embedding")
	o.Truth = slices.Contains(m.Columns, "truth_id")
	o.EmbeddingDim = m.EmbeddingDim
	o.LabelNames = m.LabelNames
	return o
}

// setShardBytes makes shards of n bytes, and row groups no larger.
func setShardBytes(o *parquet.WriterOptions, n int64) {
	o.ShardBytes, o.RowGroupBytes = n, min(o.RowGroupBytes, n)
}

// contentID identifies what a dataset holds by the hashes of its shards, or
// for foreign files, which have none, by their sizes.
func contentID(m *parquet.Manifest) string {
	h := sha256.New()
	for _, s := range m.Shards {
		fmt.Fprintf(h, "%d %d %s\n", s.Rows, s.Bytes, s.SHA256)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// finished reports whether err says that the output was finished before by the
// same configuration, and if so tells the user.
func (c *call) finished(err error, out string) bool {
	if !errors.Is(err, parquet.ErrFinished) {
		return false
	}
	c.logf("%s is finished already; --force makes it anew", out)
	return true
}

// datasetResult is the part of a result that every command with a dataset as
// its output prints.
type datasetResult struct {
	Output     string `json:"output" doc:"folder of the dataset"`
	Rows       int64  `json:"rows" doc:"rows written"`
	Identities int64  `json:"identities" doc:"different identities among them"`
	Captions   int64  `json:"captions" doc:"strings in the captions column"`
	Rejects    int64  `json:"rejects" doc:"inputs left out, listed in rejects.jsonl"`
	Shards     int    `json:"shards" doc:"Parquet files"`
}

func newDatasetResult(out string, m *parquet.Manifest) datasetResult {
	return datasetResult{out, m.Rows, m.Identities, m.Captions, m.Rejects, len(m.Shards)}
}

// table writes the result for people.
func (r datasetResult) table(w io.Writer) {
	fmt.Fprintf(w, "output\t%s\nrows\t%d\nidentities\t%d\ncaptions\t%d\nrejects\t%d\nshards\t%d\n",
		r.Output, r.Rows, r.Identities, r.Captions, r.Rejects, r.Shards)
}
