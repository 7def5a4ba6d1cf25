package parquet

import (
	"context"
	"fmt"
)

// identityRuns are the identities of a file in the order of their first row.
type identityRuns struct {
	list []int64
	seen *identitySet
}

// follow takes the identity of the next row; it must go on the last run or be new.
func (ids *identityRuns) follow(id int64) error {
	if n := len(ids.list); n > 0 && ids.list[n-1] == id {
		return nil
	}
	if !ids.seen.add(id) {
		return fmt.Errorf("want the rows of an identity together, got %d again", id)
	}
	ids.list = append(ids.list, id)
	return nil
}

// check reads every page of one of our shards, which compares all checksums,
// and counts what the footer claims. Image, when not nil, looks at each picture,
// which is overwritten by later ones.
// What is wrong with a row goes to report, which decides whether to go on; the
// error is one of the file, or report's.
func (s *shardFile) check(ctx context.Context, image func(data []byte) error, report func(*RowError) error) (Shard, *identityRuns, error) {
	shard := Shard{File: s.name, Rows: s.rows, Bytes: s.size}
	ids := &identityRuns{seen: newIdentitySet()}
	row := func(i int64, r *Row, bad *columnError) error {
		if bad == nil && image != nil {
			if err := image(r.Image); err != nil {
				bad = &columnError{"image", err}
			}
		}
		if bad == nil {
			if err := ids.follow(r.ID); err != nil {
				bad = &columnError{"id", err}
			}
		}
		shard.Captions += int64(len(r.Captions))
		if bad != nil {
			return report(&RowError{s.name, i, bad.column, bad.err})
		}
		return nil
	}
	for g := range s.groups {
		if err := s.scanGroup(ctx, g, 0, s.groups[g].rows, ColAll, lendRows, row); err != nil {
			return Shard{}, nil, err
		}
	}
	shard.Identities = int64(len(ids.list))
	if shard.Captions != s.foot.captions {
		return Shard{}, nil, fmt.Errorf("%s: want %d captions as the footer says, got %d", s.name, s.foot.captions, shard.Captions)
	}
	var err error
	if shard.SHA256, err = hashFile(ctx, s.reader, s.size); err != nil {
		return Shard{}, nil, fmt.Errorf("read %s: %w", s.name, err)
	}
	return shard, ids, nil
}
