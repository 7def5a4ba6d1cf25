package parquet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Verify checks a finished dataset against its manifest: which shards are there,
// their sizes, SHA-256 and schema, every page's checksum, rows, identities and
// captions, paths and missing values, that no identity is in two places, and
// that a second Parquet library reads the schema too. Image, when not nil, looks
// at each picture, which is overwritten by later ones, and says what is wrong with
// it. Problems come in the order of the rows, a *RowError for each bad row; err is
// what kept Verify from looking.
func Verify(ctx context.Context, dir string, image func(data []byte) error) (problems []error, err error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	v := &verification{dir: dir, manifest: m, image: image, seen: newIdentitySet()}
	for _, want := range m.Shards {
		if err := v.shard(ctx, want); err != nil {
			return v.problems, fmt.Errorf("verify %s: %w", dir, err)
		}
	}
	if err := v.rest(); err != nil {
		return v.problems, fmt.Errorf("verify %s: %w", dir, err)
	}
	return v.problems, nil
}

type verification struct {
	dir      string
	manifest *Manifest
	image    func(data []byte) error
	seen     *identitySet
	problems []error
}

func (v *verification) report(err error) { v.problems = append(v.problems, err) }

// shard reports what is wrong with one shard. The error is a cancelled context.
func (v *verification) shard(ctx context.Context, want Shard) error {
	s, err := openShard(v.dir, want.File)
	if err != nil {
		v.report(err)
		return ctx.Err()
	}
	defer s.close()
	if !s.own {
		v.report(fmt.Errorf("%s: want a shard with footer key %q, got a foreign file", want.File, versionKey))
		return nil
	}
	if err := checkSchema(s.file, v.manifest.layout()); err != nil {
		v.report(fmt.Errorf("%s: %w", want.File, err))
	}
	if err := checkArrow(s); err != nil {
		v.report(fmt.Errorf("%s: schema through Arrow: %w", want.File, err))
	}
	got, ids, err := s.check(ctx, v.image, func(e *RowError) error { v.report(e); return nil })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		v.report(err)
		return nil
	}
	for _, id := range ids.list {
		if !v.seen.add(id) {
			v.report(fmt.Errorf("%s: want each identity in one shard, got identity %d again", want.File, id))
		}
	}
	if got != want {
		v.report(fmt.Errorf("%s: want %+v as the manifest says, got %+v", want.File, want, got))
	}
	return nil
}

// rest reports sums that do not add up and shards that the manifest lacks.
func (v *verification) rest() error {
	var sum Manifest
	for _, s := range v.manifest.Shards {
		sum.addShard(s)
	}
	for _, c := range []struct {
		name      string
		want, got int64
	}{
		{"rows", sum.Rows, v.manifest.Rows},
		{"identities", sum.Identities, v.manifest.Identities},
		{"captions", sum.Captions, v.manifest.Captions},
	} {
		if c.want != c.got {
			v.report(fmt.Errorf("%s: %s: want the shards' sum %d, got %d", manifestName, c.name, c.want, c.got))
		}
	}
	listed := map[string]bool{}
	for _, s := range v.manifest.Shards {
		listed[s.File] = true
	}
	entries, err := os.ReadDir(v.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if isShardName(e.Name()) && !listed[e.Name()] {
			v.report(fmt.Errorf("%s: want the shards of the manifest, got one more", e.Name()))
		}
	}
	return v.rejects()
}

// rejects compares the manifest's count with the lines of rejects.jsonl.
func (v *verification) rejects() error {
	info, err := os.Stat(filepath.Join(v.dir, rejectsName))
	if errors.Is(err, fs.ErrNotExist) {
		if v.manifest.Rejects != 0 {
			v.report(fmt.Errorf("%s: want %d lines, got no file", rejectsName, v.manifest.Rejects))
		}
		return nil
	}
	if err != nil {
		return err
	}
	_, total, err := readRejects(filepath.Join(v.dir, rejectsName), info.Size())
	if err != nil {
		v.report(fmt.Errorf("%s: %w", rejectsName, err))
	} else if total != v.manifest.Rejects {
		v.report(fmt.Errorf("%s: want %d lines, got %d", rejectsName, v.manifest.Rejects, total))
	}
	return nil
}

// layout returns the options that a dataset with this manifest was written with,
// as far as they decide the columns.
func (m *Manifest) layout() *WriterOptions {
	o := &WriterOptions{EmbeddingDim: m.EmbeddingDim, LabelNames: m.LabelNames}
	for _, name := range m.Columns {
		switch name {
		case "camera":
			o.Camera = true
		case "split":
			o.Split = true
		case "labels":
			o.Labels = true
		case "embedding":
			o.Embedding = true
		case "truth_id":
			o.Truth = true
		}
	}
	return o
}
