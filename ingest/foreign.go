package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"path"
	"slices"

	"plip/parquet"
)

// Foreign is a Source of Parquet files that another program wrote: one file, or a
// folder of them in sorted order. A file needs a column image (bytes, or a struct
// with bytes) and an integer column id; names that stand for these, and the other
// columns that are read, are in the documentation of package parquet. Embeddings are
// not kept.
//
// Where the rows of every identity stand together, identities come in the order
// of the file. Where they do not, as when a person's queries and gallery are two
// files, identities come by ascending id, each with its rows in order: 24 bytes
// are kept for each run of rows, and a run is read by itself, which for shuffled
// rows takes long.
//
// The path of a row is its file_path, or the name in its image. Where some have
// none, or share one, every row is named <id>/row-<number> instead.
type Foreign struct {
	data     *parquet.Dataset
	pictures *pictureCache
	layout   Layout
	named    bool         // paths are those of the file
	runs     []foreignRun // by identity where rows are apart, else nil
	bad      []Sample     // rows without an identity where rows are apart
}

// foreignRun is rows of one identity that follow each other.
type foreignRun struct{ id, first, rows int64 }

const foreignColumns = parquet.ColMeta | parquet.ColText | parquet.ColLabels

// OpenForeign opens src and reads the ids and paths of all rows. Nothing may
// change in src while the source is in use.
func OpenForeign(ctx context.Context, src string, o SourceOptions) (*Foreign, error) {
	if o.Images != "" {
		return nil, fmt.Errorf("parquet files of %s: want the images in the files, got a folder of images %s", src, o.Images)
	}
	d, err := parquet.Open(src)
	if err != nil {
		return nil, err
	}
	f := &Foreign{data: d, pictures: newPictureCache(d)}
	if err := f.survey(ctx, &o); err != nil {
		return nil, errors.Join(fmt.Errorf("parquet files of %s: %w", src, err), d.Close())
	}
	return f, nil
}

// survey reads the ids and paths of all rows, and decides on order and names.
func (f *Foreign) survey(ctx context.Context, o *SourceOptions) error {
	if f.data.NumRows() == 0 {
		return errors.New("want a row or more, got none")
	}
	columns := f.data.Manifest().Columns
	if slices.Contains(columns, "embedding") {
		o.note("the embeddings are left out: plip embed makes new ones")
	}
	sum, seed := sha256.New(), maphash.MakeSeed()
	var runs []foreignRun
	var paths []uint64
	f.named = true
	err := f.data.ScanTolerant(ctx, parquet.ColMeta, 0, func(i int64, r *parquet.Row) error {
		fmt.Fprintf(sum, "%d %s\x00", r.ID, r.FilePath)
		if n := len(runs); n > 0 && runs[n-1].id == r.ID && runs[n-1].first+runs[n-1].rows == i {
			runs[n-1].rows++
		} else {
			runs = append(runs, foreignRun{r.ID, i, 1})
		}
		f.named = f.named && r.FilePath != "" && path.Clean(r.FilePath) == r.FilePath
		paths = append(paths, maphash.String(seed, r.FilePath))
		return nil
	}, func(i int64, err *parquet.RowError) error {
		fmt.Fprintf(sum, "bad %d\x00", i)
		f.bad = append(f.bad, f.badSample(i, err))
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(paths)
	if f.named = f.named && len(slices.Compact(paths)) == int(f.data.NumRows())-len(f.bad); !f.named {
		o.note("some rows have no path of their own: all are named by identity and number")
	}
	if apart(runs) {
		o.note("the rows of some identities are apart: identities are read by ascending id")
		slices.SortFunc(runs, func(a, b foreignRun) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.first, b.first)) })
		f.runs = runs
	}
	f.layout = Layout{
		Images:      f.data.NumRows(),
		Fingerprint: fmt.Sprintf("%x", sum.Sum(nil)[:8]),
		Camera:      slices.Contains(columns, "camera"),
		Split:       slices.Contains(columns, "split"),
		Labels:      slices.Contains(columns, "labels"),
		LabelNames:  f.data.Manifest().LabelNames,
	}
	return nil
}

// apart reports whether an identity goes on after another one.
func apart(runs []foreignRun) bool {
	var ids []int64
	for i, r := range runs {
		if i == 0 || r.id != runs[i-1].id {
			ids = append(ids, r.id)
		}
	}
	slices.Sort(ids)
	return len(slices.Compact(slices.Clone(ids))) < len(ids)
}

// badSample is a row that is no use, named by its number.
func (f *Foreign) badSample(i int64, err *parquet.RowError) Sample {
	reason := ReasonBadRow
	switch err.Column {
	case "id":
		reason = ReasonNoIdentity
	case "file_path":
		reason = ReasonBadPath
	}
	return Sample{Row: parquet.Row{FilePath: fmt.Sprintf("row-%09d", i)}, Err: rejectf(reason, "column %q: %w", err.Column, err.Err)}
}

// Layout implements Source.
func (f *Foreign) Layout() Layout { return f.layout }

// Close implements Source.
func (f *Foreign) Close() error { return f.data.Close() }

// Identities implements Source.
func (f *Foreign) Identities(ctx context.Context) iter.Seq2[*Identity, error] {
	return func(yield func(*Identity, error) bool) {
		err := f.each(ctx, func(identity *Identity) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !yield(identity, nil) {
				return errStreamLeft
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStreamLeft) {
			yield(nil, err)
		}
	}
}

// errStreamLeft says that nobody wants the rest, errRunRead that a run has ended.
var (
	errStreamLeft = errors.New("ingest: internal: the stream was left")
	errRunRead    = errors.New("ingest: internal: the run was read")
)

// each calls give with every identity.
func (f *Foreign) each(ctx context.Context, give func(*Identity) error) error {
	if f.runs == nil {
		return f.eachTogether(ctx, give)
	}
	for i := 0; i < len(f.runs); {
		identity := &Identity{ID: f.runs[i].id}
		for ; i < len(f.runs) && f.runs[i].id == identity.ID; i++ {
			if err := f.scan(ctx, f.runs[i], func(s Sample) error {
				identity.Samples = append(identity.Samples, s)
				return nil
			}); err != nil {
				return err
			}
		}
		if err := give(identity); err != nil {
			return err
		}
	}
	if len(f.bad) == 0 {
		return nil
	}
	return give(&Identity{Samples: slices.Clone(f.bad)})
}

// eachTogether is each for files in order: one scan. A row that is no use goes
// with the identity before it.
func (f *Foreign) eachTogether(ctx context.Context, give func(*Identity) error) error {
	identity, begun := &Identity{}, false
	err := f.scan(ctx, foreignRun{rows: f.data.NumRows()}, func(s Sample) error {
		if s.Err == nil {
			if begun && s.Row.ID != identity.ID {
				if err := give(identity); err != nil {
					return err
				}
				identity = &Identity{}
			}
			identity.ID, begun = s.Row.ID, true
		}
		identity.Samples = append(identity.Samples, s)
		return nil
	})
	if err != nil {
		return err
	}
	return give(identity)
}
