package parquet

import (
	"context"
	"fmt"
)

// Section is the rows from (included) to to (excluded) of d as a dataset of
// their own, numbered from 0: the share of one task of an array job. Manifest is
// still that of the whole. The ids of the section are read to count them. It
// shares d's files: closing it frees nothing, and it is of no use once d is
// closed.
func (d *Dataset) Section(ctx context.Context, from, to int64) (*Dataset, error) {
	if d.shards == nil {
		return nil, errDatasetClosed
	}
	if from < 0 || to < from || to > d.rows {
		return nil, fmt.Errorf("section: want rows within 0 to %d, got %d to %d", d.rows, from, to)
	}
	s := &Dataset{dir: d.dir, manifest: d.manifest, shards: d.shards, shared: true, rows: to - from}
	for _, start := range d.starts {
		s.starts = append(s.starts, start-from)
	}
	for i, g := range d.groups {
		first, end := max(g.FirstRow, from), min(g.FirstRow+g.NumRows, to)
		if first >= end {
			continue
		}
		span := groupSpan{d.spans[i].first + first - g.FirstRow, end - first}
		g.FirstRow, g.NumRows = first-from, span.rows
		s.groups, s.spans = append(s.groups, g), append(s.spans, span)
	}
	seen := newIdentitySet()
	for i, g := range s.groups {
		if err := s.shards[g.Shard].addGroupIdentities(ctx, g.Index, s.spans[i], seen); err != nil {
			return nil, fmt.Errorf("section: %w", err)
		}
	}
	s.identities = seen.len
	return s, nil
}
