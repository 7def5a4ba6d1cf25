package parquet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// WriterOptions say what a dataset holds and how it is cut. Zero is a value, not
// a default: start from DefaultWriterOptions.
type WriterOptions struct {
	ShardBytes    int64 // a shard is closed at the first identity border at or past this size. Default 256 MiB
	RowGroupBytes int64 // a row group holds at most this much, or one row. Default 32 MiB

	Source string            // dataset name, kept in the manifest
	Config map[string]string // the command's resolved configuration: no time, host or absolute path

	// Which optional columns exist. Default none.
	Embedding, Labels, Camera, Split, Truth bool

	EmbeddingDim int      // length of every embedding; wanted with Embedding
	LabelNames   []string // one name for each position of labels; may be empty

	Force bool // start anew, removing the shards that are there

	// Continues is asked about an unfinished directory that was begun with another
	// Config or with other columns: whether that run was on the beginning of what this
	// one is on, and how many inputs from the first are the same for both. Shards of
	// those alone, with the columns of this run, are kept. nil: never.
	Continues func(ctx context.Context, begun map[string]string) (consumed int64, ok bool, err error)
}

// DefaultWriterOptions returns the sizes of the format: shards of about 256 MiB
// in row groups of about 32 MiB, without optional columns.
func DefaultWriterOptions() WriterOptions {
	return WriterOptions{ShardBytes: 256 << 20, RowGroupBytes: 32 << 20}
}

// Validate joins every problem of o.
func (o *WriterOptions) Validate() error {
	var errs []error
	if o.ShardBytes < 1 {
		errs = append(errs, fmt.Errorf("shard bytes: want 1 or more, got %d", o.ShardBytes))
	}
	if o.RowGroupBytes < 1 || o.RowGroupBytes > 1<<30 {
		errs = append(errs, fmt.Errorf("row group bytes: want 1 to %d, got %d", 1<<30, o.RowGroupBytes))
	}
	if o.Embedding != (o.EmbeddingDim > 0) {
		errs = append(errs, fmt.Errorf("embedding dim: want more than 0 exactly when there is an embedding column, got %d", o.EmbeddingDim))
	}
	if len(o.LabelNames) > 0 && !o.Labels {
		errs = append(errs, fmt.Errorf("label names: want none without a labels column, got %d", len(o.LabelNames)))
	}
	return errors.Join(errs...)
}

// optionalColumns lists the optional columns of o in file order.
func (o *WriterOptions) optionalColumns() []string {
	var names []string
	for _, c := range []struct {
		name string
		has  bool
	}{
		{"camera", o.Camera},
		{"split", o.Split},
		{"labels", o.Labels},
		{"embedding", o.Embedding},
		{"truth_id", o.Truth},
		{"truth_attributes", o.Truth},
	} {
		if c.has {
			names = append(names, c.name)
		}
	}
	return names
}

// layoutKeys are the options that decide the bytes of a shard; they are compared
// on resume beside Config, under names that no command's key can have.
func (o *WriterOptions) layoutKeys() map[string]string {
	return map[string]string{
		"shards.bytes":           strconv.FormatInt(o.ShardBytes, 10),
		"shards.row_group_bytes": strconv.FormatInt(o.RowGroupBytes, 10),
		"shards.source":          o.Source,
		"shards.columns":         strings.Join(o.optionalColumns(), ","),
		"shards.embedding_dim":   strconv.Itoa(o.EmbeddingDim),
		"shards.label_names":     strings.Join(o.LabelNames, ","),
	}
}

// clone keeps the caller's later changes out of a running writer.
func (o WriterOptions) clone() WriterOptions {
	config := make(map[string]string, len(o.Config))
	for k, v := range o.Config {
		config[k] = v
	}
	o.Config = config
	o.LabelNames = slices.Clone(o.LabelNames)
	return o
}
