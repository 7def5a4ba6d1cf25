package filter

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"plip/parquet"
)

// errStop ends a scan whose reader wants no more.
var errStop = errors.New("filter: internal: the reader stopped")

// Identities goes through the runs of equal ids of a dataset, reading ids and
// embeddings alone.
func Identities(ctx context.Context, ds *parquet.Dataset) iter.Seq2[Identity, error] {
	return func(yield func(Identity, error) bool) {
		var id Identity
		err := ds.Scan(ctx, parquet.ColMeta|parquet.ColEmbedding, 0, func(_ int64, r *parquet.Row) error {
			if len(id.Vectors) > 0 && r.ID != id.ID {
				if !yield(id, nil) {
					return errStop
				}
				id.Vectors = nil
			}
			id.ID = r.ID
			id.Vectors = append(id.Vectors, r.Embedding)
			return nil
		})
		switch {
		case errors.Is(err, errStop):
		case err != nil:
			yield(Identity{}, fmt.Errorf("filter: read embeddings: %w", err))
		case len(id.Vectors) > 0:
			yield(id, nil)
		}
	}
}

// Truth returns the true identity of every row of a made corpus, for [Score] and
// [Tune]. A row without one is an error.
func Truth(ctx context.Context, ds *parquet.Dataset) ([]int64, error) {
	truth := make([]int64, 0, ds.NumRows())
	err := ds.Visit(ctx, parquet.ColTruth, 0, func(i int64, r *parquet.Row) error {
		if r.TruthID == nil {
			return fmt.Errorf("row %d: column \"truth_id\": want an identity, got null", i)
		}
		truth = append(truth, *r.TruthID)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("filter: read true identities: %w", err)
	}
	return truth, nil
}
