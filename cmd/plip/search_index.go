//go:build cgo

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"plip/internal/index"
	"plip/parquet"
)

// indexSync is how long an interrupted run has to embed again at most.
const indexSync = time.Minute

// indexKey identifies a gallery's embeddings: the weights and the shards.
func indexKey(e encoder, ds *parquet.Dataset) (index.Key, error) {
	weights, err := e.Fingerprint()
	if err != nil {
		return index.Key{}, err
	}
	h := sha256.New()
	fmt.Fprintln(h, weights)
	for _, s := range ds.Manifest().Shards {
		fmt.Fprintln(h, s.File, s.Rows, s.Bytes, s.SHA256)
	}
	return index.Key(h.Sum(nil)), nil
}

// openIndex opens the index of a gallery and makes it where it is not there, or not whole yet. It is a file beside the
// folder, named for the embeddings, so that an index of other weights or other shards is never taken.
func openIndex(ctx context.Context, c *call, e encoder, ds *parquet.Dataset, dir string, workers int) (*index.Index, error) {
	key, err := indexKey(e, ds)
	if err != nil {
		return nil, err
	}
	path := filepath.Clean(dir) + ".index-" + hex.EncodeToString(key[:6])
	x, err := index.Open(path, key)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeIndex(ctx, c, e, ds, path, key, workers); err != nil {
			return nil, err
		}
		x, err = index.Open(path, key)
	}
	if err != nil {
		return nil, err
	}
	if x.Rows() != ds.NumRows() || x.Dim() != e.Dim() {
		return nil, errors.Join(fmt.Errorf("%s: want %d entries of %d components, got %d of %d", path, ds.NumRows(), e.Dim(), x.Rows(), x.Dim()), x.Close())
	}
	return x, nil
}

// makeIndex embeds the gallery, from where an interrupted run left off.
func makeIndex(ctx context.Context, c *call, e encoder, ds *parquet.Dataset, path string, key index.Key, workers int) (err error) {
	w, err := index.Create(path, index.Options{Dim: e.Dim(), Rows: ds.NumRows(), Key: key})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Stop()) }()
	if w.Rows() > 0 {
		c.logf("index: going on after %d images", w.Rows())
	}
	report, synced := c.progress.Callback("index", "images"), time.Now()
	err = embedRows(ctx, e, ds, workers, w.Rows(), false, func(number int64, _ *parquet.Row, embedding []float32) error {
		report(number+1, ds.NumRows())
		if err := w.Write(embedding); err != nil {
			return err
		}
		if time.Since(synced) < indexSync {
			return nil
		}
		synced = time.Now()
		return w.Sync()
	})
	if err != nil {
		if ctx.Err() != nil { // what was embedded so far is not lost
			err = errors.Join(err, w.Sync())
		}
		return err
	}
	c.progress.Done()
	return w.Close()
}
