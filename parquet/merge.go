package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// shardKey is the configuration key in which the parts of one job differ.
const shardKey = "shard"

// Merge joins finished datasets, the parts of an array job, into one at out, in
// the order given. Shards keep their bytes and get new numbers: they are linked
// where the file system can, and copied where it cannot. The parts must have the
// same columns and, but for the key "shard", the same configuration
// (*ConfigMismatchError), and no identity in common. An interrupted merge is
// started again by the same call; a finished one is ErrFinished.
func Merge(ctx context.Context, dirs []string, out string) (*Manifest, error) {
	if len(dirs) == 0 {
		return nil, fmt.Errorf("merge: want one part or more, got none")
	}
	parts := make([]*Manifest, len(dirs))
	for i, dir := range dirs {
		if filepath.Clean(dir) == filepath.Clean(out) {
			return nil, fmt.Errorf("merge: want another folder than the part %s for the result", dir)
		}
		m, err := ReadManifest(dir)
		if err != nil {
			return nil, fmt.Errorf("merge: %s: %w", dir, err)
		}
		parts[i] = m
	}
	m, from, err := joinManifests(dirs, parts)
	if err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	if err := checkDisjoint(ctx, dirs); err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	if err := placeMerged(ctx, dirs, from, m, out); err != nil {
		return nil, fmt.Errorf("merge into %s: %w", out, err)
	}
	return m, nil
}

// joinManifests adds the parts up. From holds the path of each shard of m.
func joinManifests(dirs []string, parts []*Manifest) (m *Manifest, from []string, err error) {
	first := parts[0]
	m = &Manifest{
		SchemaVersion: schemaVersion,
		Columns:       first.Columns,
		EmbeddingDim:  first.EmbeddingDim,
		LabelNames:    first.LabelNames,
		Shards:        []Shard{},
		Config:        withoutShard(first.Config),
		Libraries:     first.Libraries,
	}
	var sources []string
	for i, p := range parts {
		if !slices.Equal(p.Columns, first.Columns) || p.EmbeddingDim != first.EmbeddingDim || !slices.Equal(p.LabelNames, first.LabelNames) {
			return nil, nil, fmt.Errorf("%s: want the columns %v, embedding dim %d and labels %v of %s, got %v, %d and %v",
				dirs[i], first.Columns, first.EmbeddingDim, first.LabelNames, dirs[0], p.Columns, p.EmbeddingDim, p.LabelNames)
		}
		if diffs := diffMaps(m.Config, withoutShard(p.Config)); len(diffs) > 0 {
			return nil, nil, &ConfigMismatchError{Dir: dirs[0], Diffs: diffs}
		}
		if diffs := diffMaps(first.Libraries, p.Libraries); len(diffs) > 0 {
			return nil, nil, fmt.Errorf("%s: library versions: %w", dirs[i], &ConfigMismatchError{Dir: dirs[0], Diffs: diffs})
		}
		if !slices.Contains(sources, p.Source) {
			sources = append(sources, p.Source)
		}
		for _, s := range p.Shards {
			last := i+1 == len(parts)
			if s.Rows == 0 && (!last || len(m.Shards) > 0) {
				continue // the empty shard of an empty part
			}
			from = append(from, filepath.Join(dirs[i], s.File))
			s.File = shardName(len(m.Shards))
			m.addShard(s)
		}
		m.Rejects += p.Rejects
	}
	m.Source = strings.Join(sources, "+")
	return m, from, nil
}

func withoutShard(config map[string]string) map[string]string {
	rest := map[string]string{}
	for k, v := range config {
		if k != shardKey {
			rest[k] = v
		}
	}
	return rest
}

// checkDisjoint reads the ids of all parts.
func checkDisjoint(ctx context.Context, dirs []string) error {
	all := newIdentitySet()
	for _, dir := range dirs {
		d, err := Open(dir)
		if err != nil {
			return err
		}
		part := newIdentitySet()
		for _, s := range d.shards {
			if err := s.addIdentities(ctx, part); err != nil {
				return errors.Join(err, d.Close())
			}
		}
		if err := d.Close(); err != nil {
			return err
		}
		if id, ok := all.union(part); !ok {
			return fmt.Errorf("%s: want no identity in two parts, got identity %d of an earlier part again", dir, id)
		}
	}
	return nil
}

// placeMerged fills out: run.json, shards, rejects, card, manifest.
func placeMerged(ctx context.Context, dirs, from []string, m *Manifest, out string) (err error) {
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	lock, err := lockDir(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.unlock()) }()
	o := m.layout()
	o.Source, o.Config = m.Source, map[string]string{}
	for k, v := range m.Config {
		o.Config[k] = v
	}
	for _, s := range m.Shards {
		o.Config["merge."+s.File] = s.SHA256
	}
	if _, err := claimDir(ctx, out, o, createFile); err != nil {
		return err
	}
	if err := removeLeftovers(out, nil); err != nil {
		return err
	}
	for i, s := range m.Shards {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := placeShard(ctx, from[i], out, s); err != nil {
			return err
		}
	}
	if err := mergeRejects(dirs, out); err != nil {
		return err
	}
	if err := writeCard(out, createFile); err != nil {
		return err
	}
	b, err := m.encode()
	if err != nil {
		return err
	}
	return writeFileAtomic(out, manifestName, b, createFile)
}

// placeShard links a shard under its new name, or copies it between file
// systems. Shards are never written in place, so a link is as good as a copy.
func placeShard(ctx context.Context, from, out string, s Shard) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.Size() != s.Bytes {
		return fmt.Errorf("%s: want %d bytes as its manifest says, got %d", from, s.Bytes, info.Size())
	}
	if err := os.Link(from, filepath.Join(out, s.File)); err == nil {
		return syncDir(out)
	}
	return copyShard(ctx, from, out, s)
}

// copyShard copies a shard and compares its hash on the way.
func copyShard(ctx context.Context, from, out string, s Shard) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	sum, err := hashFile(ctx, src, s.Bytes)
	if err != nil {
		return err
	}
	if sum != s.SHA256 {
		return fmt.Errorf("%s: want SHA-256 %s as its manifest says, got %s", from, s.SHA256, sum)
	}
	dst, err := newAtomicFile(out, s.File, createFile)
	if err != nil {
		return err
	}
	if _, err := io.Copy(dst, io.NewSectionReader(src, 0, s.Bytes)); err != nil {
		dst.discard()
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return dst.commit()
}

// mergeRejects joins the parts' lists of inputs left out.
func mergeRejects(dirs []string, out string) error {
	dst, err := newAtomicFile(out, rejectsName, createFile)
	if err != nil {
		return err
	}
	var n int64
	for _, dir := range dirs {
		copied, err := copyInto(dst, filepath.Join(dir, rejectsName))
		if err != nil {
			dst.discard()
			return err
		}
		n += copied
	}
	if n == 0 {
		dst.discard()
		return nil
	}
	return dst.commit()
}

// copyInto copies a file that need not be there.
func copyInto(dst io.Writer, file string) (int64, error) {
	src, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer src.Close()
	return io.Copy(dst, src)
}
