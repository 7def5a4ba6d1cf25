package parquet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Writer writes a dataset shard by shard. After its first error that is not a
// RowError it refuses everything but Abort. Not safe for concurrent use.
type Writer struct {
	dir     string
	options WriterOptions
	create  createFunc
	lock    *dirLock
	rejects *Rejects

	manifest *Manifest
	shard    *shardWriter // nil between shards
	seen     *identitySet
	last     int64 // identity of the last row; meaningful once rows > 0
	rows     int64 // rows written or kept

	resumed    int64 // consumed of the last kept shard
	consumed   int64 // of the last Mark
	markedRows int64 // rows at the last Mark; -1 before the first
	marked     bool  // Mark was called in this run

	err error
}

// Create makes dir or resumes the run that left it unfinished, and holds an
// exclusive lock on it until Close or Abort: ErrLocked when another run has it.
// Shards of the earlier run are kept after every page of them has been read and
// its checksum compared; what follows a damaged one is removed. A finished
// directory is ErrFinished when its configuration is the same, and a
// *ConfigMismatchError otherwise. With Force all of it is removed first.
func Create(ctx context.Context, dir string, o WriterOptions) (*Writer, error) {
	return create(ctx, dir, o, createFile)
}

func create(ctx context.Context, dir string, o WriterOptions, create createFunc) (*Writer, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("create %s: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("create dataset: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, fmt.Errorf("create dataset: %w", err)
	}
	w := &Writer{dir: dir, options: o.clone(), create: create, lock: lock, seen: newIdentitySet(), markedRows: -1}
	if err := w.start(ctx); err != nil {
		return nil, errors.Join(err, lock.unlock())
	}
	return w, nil
}

// start brings the directory to a state from which rows can be written.
func (w *Writer) start(ctx context.Context) error {
	o := &w.options
	w.manifest = &Manifest{
		SchemaVersion: schemaVersion,
		Source:        o.Source,
		Columns:       o.optionalColumns(),
		EmbeddingDim:  o.EmbeddingDim,
		LabelNames:    o.LabelNames,
		Shards:        []Shard{},
		Config:        o.Config,
		Libraries:     libraryVersions(),
	}
	if o.Force {
		if err := removeDataset(w.dir); err != nil {
			return fmt.Errorf("start anew: %w", err)
		}
	}
	claimed, err := claimDir(ctx, w.dir, o, w.create)
	if err != nil {
		return err
	}
	rejectsBytes, err := w.adopt(ctx, claimed.limit)
	if err != nil {
		return fmt.Errorf("resume %s: %w", w.dir, err)
	}
	if claimed.write {
		if err := newRunFile(o).write(w.dir, w.create); err != nil {
			return err
		}
	}
	w.rejects, err = openRejects(w.dir, rejectsBytes)
	return err
}

// Consumed is the number of inputs that the kept shards represent: a resuming
// stage skips so many. It is 0 for a new directory.
func (w *Writer) Consumed() int64 { return w.resumed }

// Rejects is the list of inputs left out, written beside the shards.
func (w *Writer) Rejects() *Rejects { return w.rejects }

// Mark says that all inputs before consumed are represented by the rows and
// rejects so far, so a run may resume there. Call it between identities; a stage
// that never calls it starts from the beginning when it is resumed.
func (w *Writer) Mark(consumed int64) {
	w.consumed = consumed
	w.markedRows = w.rows
	w.marked = true
	w.rejects.mark()
}

// Write appends a row. Rows of one identity must follow each other: a shard is
// closed only where the identity changes. A row with bad data is a *RowError,
// nothing of it is written, and the writer stays usable; Row counts the rows
// written before it.
func (w *Writer) Write(ctx context.Context, r *Row) error {
	if w.err != nil {
		return w.err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write %s: %w", w.dir, err)
	}
	if bad := r.checkWrite(&w.options); bad != nil {
		return &RowError{File: w.dir, Row: w.rows, Column: bad.column, Err: bad.err}
	}
	newIdentity := w.rows == 0 || r.ID != w.last
	if newIdentity {
		if w.seen.has(r.ID) {
			return w.fail(fmt.Errorf("row %d: want the rows of an identity together, got identity %d again", w.rows, r.ID))
		}
		if w.full() {
			if err := w.closeShard(); err != nil {
				return w.fail(err)
			}
		}
	}
	if err := w.write(r, newIdentity); err != nil {
		return w.fail(err)
	}
	return nil
}

func (w *Writer) write(r *Row, newIdentity bool) error {
	if w.shard == nil {
		shard, err := newShardWriter(w.dir, len(w.manifest.Shards), &w.options, w.create)
		if err != nil {
			return err
		}
		w.shard = shard
	}
	if err := w.shard.add(r, newIdentity); err != nil {
		return fmt.Errorf("%s: row %d: %w", w.shard.shard.File, w.shard.shard.Rows, err)
	}
	w.seen.add(r.ID)
	w.last = r.ID
	w.rows++
	return nil
}

// full reports whether the shard is to be closed at this identity border. With
// marks in use that must be where one was set: elsewhere the number of inputs
// behind the border is not known, and a resumed run would repeat some.
func (w *Writer) full() bool {
	return w.shard != nil && w.shard.shardBytes >= w.options.ShardBytes && (!w.marked || w.markedRows == w.rows)
}

// closeShard makes the rejects durable, then the shard whose footer counts them.
func (w *Writer) closeShard() error {
	if err := w.rejects.flush(); err != nil {
		return err
	}
	f := footer{consumed: -1, embeddingDim: w.options.EmbeddingDim, labelNames: w.options.LabelNames}
	if w.markedRows == w.rows {
		f.consumed, f.rejectsBytes = w.consumed, w.rejects.marked
	}
	name := w.shard.shard.File
	shard, err := w.shard.finish(f)
	w.shard = nil
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	w.manifest.addShard(shard)
	return nil
}

// Close writes the last shard and then the manifest, and gives up the lock. A
// dataset without rows gets one empty shard, so that other tools can open it.
func (w *Writer) Close() (*Manifest, error) {
	if w.err != nil {
		w.Abort()
		return nil, w.err
	}
	if err := w.finish(); err != nil {
		w.fail(err)
		w.Abort()
		return nil, w.err
	}
	err := w.lock.unlock()
	w.lock = nil
	w.err = errClosed
	if err != nil {
		return nil, fmt.Errorf("close %s: %w", w.dir, err)
	}
	return w.manifest, nil
}

var errClosed = errors.New("the writer is closed")

func (w *Writer) finish() error {
	if w.shard == nil && len(w.manifest.Shards) == 0 {
		shard, err := newShardWriter(w.dir, 0, &w.options, w.create)
		if err != nil {
			return err
		}
		w.shard = shard
	}
	if w.shard != nil {
		if err := w.closeShard(); err != nil {
			return err
		}
	}
	if err := w.rejects.flush(); err != nil {
		return err
	}
	w.manifest.Rejects = w.rejects.total
	b, err := w.manifest.encode()
	if err != nil {
		return err
	}
	if err := writeCard(w.dir, w.create); err != nil {
		return err
	}
	return writeFileAtomic(w.dir, manifestName, b, w.create)
}

// Abort gives up the open shard and the lock and leaves a directory that Create
// resumes. It may follow Close, which makes it fit for defer.
func (w *Writer) Abort() {
	if w.shard != nil {
		w.shard.file.discard()
		w.shard = nil
	}
	if w.lock != nil {
		_ = w.lock.unlock() // the lock ends with the descriptor, whatever close says
		w.lock = nil
	}
	if w.err == nil {
		w.err = errClosed
	}
}

// fail makes err the writer's last word.
func (w *Writer) fail(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		err = fmt.Errorf("%w: make room and run the same command again, it goes on after the last whole shard", err)
	}
	w.err = fmt.Errorf("write %s: %w", filepath.Clean(w.dir), err)
	return w.err
}
