package ingest

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"plip/parquet"
)

// Examine learns the size of an encoded image in pixels. A *RejectError says why
// it is unfit; any other error ends the run. It must be safe for concurrent use
// and must not keep or change data.
type Examine func(data []byte) (width, height int, err error)

// Options say how a source is written. Start from DefaultOptions; Name and
// Examine have no default.
type Options struct {
	Name    string            // dataset name, the column source
	Config  map[string]string // the command's resolved configuration: no time, host or absolute path
	Examine Examine           // called once for every image

	// MaxRejectRatio is the greatest share of unfit images. It is applied to
	// sources of MinRecords images or more (interface.md "Bad input"). Default 0.01.
	MaxRejectRatio float64

	ShardBytes, RowGroupBytes int64 // as in parquet.WriterOptions, with its defaults

	Workers  int                     // goroutines that read and examine; 0 is one a processor. Cannot change a result
	Force    bool                    // start anew where another run left something
	Progress func(done, total int64) // images, after each identity, from one goroutine; total is 0 when not known; may be nil
}

// MinRecords is the number of images from which MaxRejectRatio counts
// (decisions.md "Data"): of a few images, one bad one is a large share.
const MinRecords = 1000

// DefaultOptions returns options without Name and Examine.
func DefaultOptions() Options {
	shards := parquet.DefaultWriterOptions()
	return Options{MaxRejectRatio: 0.01, ShardBytes: shards.ShardBytes, RowGroupBytes: shards.RowGroupBytes}
}

// Validate joins every problem of o that parquet.Create does not report.
func (o *Options) Validate() error {
	var problems []error
	if o.Name == "" {
		problems = append(problems, errors.New("name: want a dataset name, got none"))
	}
	if o.Examine == nil {
		problems = append(problems, errors.New("examine: want a function, got nil"))
	}
	if !(o.MaxRejectRatio >= 0 && o.MaxRejectRatio <= 1) {
		problems = append(problems, fmt.Errorf("max reject ratio: want 0..1, got %v", o.MaxRejectRatio))
	}
	if o.Workers < 0 {
		problems = append(problems, fmt.Errorf("workers: want 0 or more, got %d", o.Workers))
	}
	return errors.Join(problems...)
}

// inputKey is the setting of a run that holds its source's fingerprint.
const inputKey = "input"

// writerOptions are those of the shards of a source.
func (o *Options) writerOptions(s Source) parquet.WriterOptions {
	l := s.Layout()
	w := parquet.DefaultWriterOptions()
	w.ShardBytes, w.RowGroupBytes = o.ShardBytes, o.RowGroupBytes
	w.Source = o.Name
	w.Config = map[string]string{inputKey: l.Fingerprint}
	for k, v := range o.Config {
		w.Config[k] = v
	}
	if c, ok := s.(Continuer); ok {
		w.Continues = func(ctx context.Context, begun map[string]string) (int64, bool, error) {
			begun = maps.Clone(begun)
			fingerprint := begun[inputKey]
			begun[inputKey] = l.Fingerprint
			if !maps.Equal(begun, w.Config) {
				return 0, false, nil
			}
			return c.Continues(ctx, fingerprint)
		}
	}
	w.Camera, w.Split, w.Labels, w.LabelNames = l.Camera, l.Split, l.Labels, l.LabelNames
	w.Force = o.Force
	return w
}
