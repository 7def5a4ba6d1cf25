package filter

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"plip/parquet"
)

// LogEntry is one line of the decision log.
type LogEntry struct {
	Sample   int64  `json:"sample"`    // row of the input
	FilePath string `json:"file_path"` // as in the input
	ID       int64  `json:"id"`        // as in the input
	Decision Kind   `json:"decision"`
	To       *int64 `json:"to,omitempty"` // id in the output; absent when dropped

	// Of samples that step 1 excluded alone:
	Similarity        *float64 `json:"similarity,omitempty"`         // with the centre of its track's others
	Nearest           *int64   `json:"nearest,omitempty"`            // id of the nearest neighbouring track
	NearestSimilarity *float64 `json:"nearest_similarity,omitempty"` // with its centre
}

// WriteLog writes the decision on every row of ds, the input, as JSON lines.
func (d *Decisions) WriteLog(ctx context.Context, ds *parquet.Dataset, w io.Writer) error {
	if ds.NumRows() != d.Report.Samples {
		return fmt.Errorf("filter: log: want the %d rows that were decided on, got %d", d.Report.Samples, ds.NumRows())
	}
	next, stop := iter.Pull(d.Outcomes())
	defer stop()
	b := bufio.NewWriterSize(w, 1<<16)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	err := ds.Visit(ctx, parquet.ColMeta, 0, func(i int64, r *parquet.Row) error {
		o, ok := next()
		if !ok || o.Sample != i || o.From != r.ID {
			return fmt.Errorf("row %d: want identity %d, got %d: these are other rows than those decided on", i, o.From, r.ID)
		}
		return enc.Encode(d.logEntry(o, r.FilePath))
	})
	if err := errors.Join(err, b.Flush()); err != nil {
		return fmt.Errorf("filter: log: %w", err)
	}
	return nil
}

func (d *Decisions) logEntry(o Outcome, path string) LogEntry {
	e := LogEntry{Sample: o.Sample, FilePath: path, ID: o.From, Decision: o.Kind}
	if o.Kind != Excluded {
		e.To = &o.To
	}
	if m := o.Move; m != nil {
		e.Similarity = &m.Similarity
		if m.Nearest != Dropped {
			e.Nearest, e.NearestSimilarity = &d.Tracks[m.Nearest].ID, &m.NearestSimilarity
		}
	}
	return e
}
