package parquet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// ownFile reports whether a name in a dataset directory is one of ours, which
// Force may remove.
func ownFile(name string) bool {
	switch {
	case name == manifestName, name == runName, name == rejectsName:
		return true
	case strings.HasPrefix(name, temporaryPrefix):
		return true
	}
	return isShardName(name)
}

func isShardName(name string) bool {
	ok, err := regexp.MatchString(`^part-[0-9]{5,}\.parquet$`, name)
	return ok && err == nil
}

// removeDataset removes our files from dir, the manifest first: what is left if
// the removal is cut short is an unfinished run, never a finished dataset that
// lacks shards.
func removeDataset(dir string) error {
	if err := os.Remove(filepath.Join(dir, manifestName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := syncDir(dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Type().IsRegular() && ownFile(e.Name()) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return syncDir(dir)
}

// claim says what of a directory is this run's.
type claim struct {
	limit int64 // inputs that kept shards may represent
	write bool  // run.json is to be written once all other shards are gone
}

// claimDir looks whether dir can be the place of this run. Where no run was there,
// run.json is afterwards.
func claimDir(ctx context.Context, dir string, o *WriterOptions, create createFunc) (claim, error) {
	all := claim{limit: math.MaxInt64}
	given := newRunFile(o)
	finished := true
	if _, err := os.Stat(filepath.Join(dir, manifestName)); errors.Is(err, fs.ErrNotExist) {
		finished = false
	} else if err != nil {
		return all, err
	}
	stored, err := readRunFile(dir)
	switch {
	case err == nil:
		diffs := stored.diff(given)
		switch {
		case len(diffs) == 0 && finished:
			return all, fmt.Errorf("%s: %w", dir, ErrFinished)
		case len(diffs) == 0:
			return all, nil
		case !finished && o.Continues != nil && stored.cutAs(given):
			n, ok, err := o.Continues(ctx, stored.Config)
			if ok || err != nil {
				return claim{limit: n, write: true}, err
			}
		}
		return all, &ConfigMismatchError{Dir: dir, Diffs: diffs}
	case !errors.Is(err, fs.ErrNotExist):
		return all, err
	case finished:
		return all, fmt.Errorf("%s holds a dataset without %s: want an empty folder", dir, runName)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return all, err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".parquet") {
			return all, fmt.Errorf("%s holds %s but no %s: want an empty folder or an unfinished run", dir, e.Name(), runName)
		}
	}
	return all, given.write(dir, create)
}

// adopt keeps the whole shards of an earlier run and removes the rest. It
// returns the length of rejects.jsonl that goes with them.
// Those of more than limit inputs are not kept.
func (w *Writer) adopt(ctx context.Context, limit int64) (rejectsBytes int64, err error) {
	for i := 0; ; i++ {
		kept, err := w.adoptShard(ctx, i, limit)
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if errors.Is(err, errShardUnusable) {
			break
		}
		if err != nil {
			return 0, err
		}
		rejectsBytes = kept.rejectsBytes
		w.resumed = kept.consumed
	}
	w.consumed = w.resumed
	w.markedRows = w.rows
	w.marked = w.rows > 0
	return rejectsBytes, removeLeftovers(w.dir, w.manifest.Shards)
}

// errShardUnusable marks a shard that is missing, damaged or not at a border at
// which a run can resume. It is written again.
var errShardUnusable = errors.New("shard cannot be kept")

// unusable keeps a disk that cannot be read from costing a shard: only what is
// wrong with the content makes it unusable.
func unusable(err error) error {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return err
	}
	return fmt.Errorf("%w: %w", errShardUnusable, err)
}

func (w *Writer) adoptShard(ctx context.Context, i int, limit int64) (footer, error) {
	f, err := openShard(w.dir, shardName(i))
	if errors.Is(err, fs.ErrNotExist) {
		return footer{}, errShardUnusable
	}
	if err != nil {
		return footer{}, unusable(err)
	}
	defer f.close()
	if !f.own || f.foot.consumed < 0 || f.foot.consumed > limit || f.rows == 0 || checkSchema(f.file, &w.options) != nil {
		return footer{}, errShardUnusable
	}
	shard, ids, err := f.check(ctx, nil, func(e *RowError) error { return e })
	if err != nil {
		return footer{}, unusable(err)
	}
	if shard.Identities != f.foot.identities {
		return footer{}, errShardUnusable
	}
	for _, id := range ids.list {
		if !w.seen.add(id) {
			return footer{}, fmt.Errorf("%w: identity %d is in an earlier shard too", errShardUnusable, id)
		}
	}
	w.last = ids.list[len(ids.list)-1]
	w.rows += shard.Rows
	w.manifest.addShard(shard)
	return f.foot, nil
}

// removeLeftovers removes unfinished files and the shards that are not kept.
func removeLeftovers(dir string, shards []Shard) error {
	keep := map[string]bool{}
	for _, s := range shards {
		keep[s.File] = true
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		stale := strings.HasPrefix(name, temporaryPrefix) || isShardName(name) && !keep[name]
		if !stale || !e.Type().IsRegular() {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// hashFile returns the SHA-256 of a reader's size bytes in lower-case hex.
func hashFile(ctx context.Context, r io.ReaderAt, size int64) (string, error) {
	h := sha256.New()
	const step = 16 << 20
	for at := int64(0); at < size; at += step {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if _, err := io.Copy(h, io.NewSectionReader(r, at, min(step, size-at))); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
