package parquet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// ErrUnfinished says that a directory holds a run that has not written its
// manifest yet.
var ErrUnfinished = errors.New("the dataset is unfinished")

// maxGroupBytes and maxGroupRows are the sizes above which a foreign row group is offered in
// several Groups: other writers put a million rows in one.
const (
	maxGroupBytes = 64 << 20
	maxGroupRows  = 1 << 20
)

// Dataset is a finished dataset of ours, a foreign Parquet file or a folder of
// them, open for reading. Safe for concurrent use.
type Dataset struct {
	dir      string
	manifest *Manifest
	shards   []*shardFile
	starts   []int64 // first row of each shard
	groups   []Group
	spans    []groupSpan // what each Group is within its file
	rows     int64

	shared     bool  // a Section, whose files are another Dataset's
	identities int64 // of a Section
}

// Group is a run of rows that is read at once, at most a row group of a file.
type Group struct {
	Shard    int   // file, in order
	Index    int   // row group within the file; a large foreign one is cut into several Groups of the same Index
	FirstRow int64 // row of the dataset
	NumRows  int64
}

type groupSpan struct{ first, rows int64 } // rows of the row group

// Open opens a dataset directory, a Parquet file, or a folder of Parquet files
// in sorted path order. A foreign file needs a column image (a struct with
// bytes, or the bytes themselves) and an integer column id; columns of ours that
// it lacks read as zero. Only footers are read, and the ids of foreign files.
// ErrUnfinished when the directory belongs to a run that has not ended.
func Open(dir string) (*Dataset, error) {
	d := &Dataset{dir: dir}
	if err := d.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open dataset: %w", err), d.Close())
	}
	return d, nil
}

func (d *Dataset) open() error {
	info, err := os.Stat(d.dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return d.openForeign(filepath.Dir(d.dir), []string{filepath.Base(d.dir)})
	}
	d.manifest, err = ReadManifest(d.dir)
	if err == nil {
		return d.openOwn()
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(filepath.Join(d.dir, runName)); err == nil {
		return fmt.Errorf("%s: %w: run the command that makes it again", d.dir, ErrUnfinished)
	}
	files, err := parquetFiles(d.dir)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s: want %s or *.parquet, got neither", d.dir, manifestName)
	}
	return d.openForeign(d.dir, files)
}

// parquetFiles lists the Parquet files below dir in sorted order.
func parquetFiles(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(e.Name(), ".") && p != dir:
			if e.IsDir() {
				return fs.SkipDir
			}
		case !e.IsDir() && (e.Name() == manifestName || e.Name() == runName):
			return fmt.Errorf("%s: want one dataset, got parts: merge them first (found %s)", dir, p)
		case !e.IsDir() && strings.HasSuffix(e.Name(), ".parquet"):
			rel, err := filepath.Rel(dir, p)
			if err != nil {
				return err
			}
			files = append(files, filepath.ToSlash(rel))
		}
		return nil
	})
	slices.Sort(files)
	return files, err
}

func (d *Dataset) openOwn() error {
	for _, want := range d.manifest.Shards {
		s, err := openShard(d.dir, want.File)
		if err != nil {
			return err
		}
		d.addShard(s)
		if !s.own || s.size != want.Bytes || s.rows != want.Rows {
			return fmt.Errorf("%s: want the shard of the manifest with %d bytes and %d rows, got %d and %d", want.File, want.Bytes, want.Rows, s.size, s.rows)
		}
	}
	return nil
}

// openForeign opens files without a manifest and makes one up, without hashes.
func (d *Dataset) openForeign(dir string, files []string) error {
	d.manifest = &Manifest{SchemaVersion: schemaVersion, Config: map[string]string{}, Libraries: map[string]string{}}
	seen := newIdentitySet()
	has := map[string]bool{}
	for _, file := range files {
		s, err := openShard(dir, file)
		if err != nil {
			return err
		}
		d.addShard(s)
		before := seen.len
		if err := s.addIdentities(context.Background(), seen); err != nil {
			return err
		}
		d.manifest.addShard(Shard{File: file, Rows: s.rows, Identities: seen.len - before, Bytes: s.size})
		d.manifest.EmbeddingDim = s.foot.embeddingDim
		d.manifest.LabelNames = s.foot.labelNames
		for _, c := range s.columns {
			has[c.name] = true
		}
	}
	all := WriterOptions{Camera: true, Split: true, Labels: true, Embedding: true, Truth: true}
	for _, name := range all.optionalColumns() {
		if has[name] {
			d.manifest.Columns = append(d.manifest.Columns, name)
		}
	}
	return nil
}

// addIdentities reads the id column alone. Null ids are left to the reading of
// their rows.
func (s *shardFile) addIdentities(ctx context.Context, seen *identitySet) error {
	for g := range s.groups {
		if err := s.addGroupIdentities(ctx, g, groupSpan{0, s.groups[g].rows}, seen); err != nil {
			return err
		}
	}
	return nil
}

// addGroupIdentities does so for some rows of a row group.
func (s *shardFile) addGroupIdentities(ctx context.Context, g int, span groupSpan, seen *identitySet) error {
	ids := *s
	ids.columns = slices.DeleteFunc(slices.Clone(s.columns), func(c column) bool { return c.name != "id" })
	return ids.scanGroup(ctx, g, span.first, span.rows, ColMeta, lendRows, func(_ int64, r *Row, bad *columnError) error {
		if bad == nil {
			seen.add(r.ID)
		}
		return nil
	})
}

func (d *Dataset) addShard(s *shardFile) {
	for i, g := range s.groups {
		if g.rows == 0 {
			continue
		}
		// Equal parts, so that no reader gets a crumb.
		parts := min(max(g.bytes/maxGroupBytes, (g.rows-1)/maxGroupRows)+1, g.rows)
		for p := range parts {
			first, end := g.rows*p/parts, g.rows*(p+1)/parts
			d.groups = append(d.groups, Group{Shard: len(d.shards), Index: i, FirstRow: d.rows + g.firstRow + first, NumRows: end - first})
			d.spans = append(d.spans, groupSpan{first, end - first})
		}
	}
	d.starts = append(d.starts, d.rows)
	d.shards = append(d.shards, s)
	d.rows += s.rows
}

// NumRows is the number of rows.
func (d *Dataset) NumRows() int64 { return d.rows }

// NumIdentities is the number of different identities.
func (d *Dataset) NumIdentities() int64 {
	if d.shared {
		return d.identities
	}
	return d.manifest.Identities
}

// Manifest is what the dataset says about itself; for foreign files it is made
// up from their footers and holds no hashes or captions. Not to be changed.
func (d *Dataset) Manifest() *Manifest { return d.manifest }

// Groups lists the row groups in order. Not to be changed.
func (d *Dataset) Groups() []Group { return d.groups }

// Close closes the files. Rows that were read stay valid.
func (d *Dataset) Close() error {
	var errs []error
	for _, s := range d.shards {
		if !d.shared {
			errs = append(errs, s.close())
		}
	}
	d.shards = nil
	return errors.Join(errs...)
}

// group returns the index of the Group that holds row i.
func (d *Dataset) group(i int64) int {
	return sort.Search(len(d.groups), func(g int) bool { return d.groups[g].FirstRow > i }) - 1
}
