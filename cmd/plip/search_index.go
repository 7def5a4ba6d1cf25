package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"plip/eval"
	"plip/internal/tensor"
	"plip/internal/vectors"
	"plip/parquet"
)

// indexBlock is how many gallery entries are scored at once.
const indexBlock = 8192

// indexPath names the index of a gallery for a model: a file beside the shards whose name holds both, so that an index
// of other weights or other shards is never taken.
func indexPath(e encoder, ds *parquet.Dataset, dir string) (string, error) {
	weights, err := e.Fingerprint()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, weights)
	for _, s := range ds.Manifest().Shards {
		fmt.Fprintln(h, s.File, s.Rows, s.Bytes, s.SHA256)
	}
	return filepath.Clean(dir) + ".index-" + hex.EncodeToString(h.Sum(nil)[:6]), nil
}

// openIndex opens the index of a gallery and makes it where it is not there.
func openIndex(ctx context.Context, c *call, e encoder, ds *parquet.Dataset, dir string, workers int) (*vectors.File, error) {
	path, err := indexPath(e, ds, dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err == nil {
		return vectors.Open(path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	w, err := vectors.Create(path, vectors.Options{Dim: e.Dim()})
	if err != nil {
		return nil, err
	}
	defer w.Abort()
	report := c.progress.Callback("index", "images")
	if err := embedRows(ctx, e, ds, workers, 0, false, func(number int64, r *parquet.Row, embedding []float32) error {
		report(number+1, ds.NumRows())
		return w.Write(&vectors.Row{ID: &r.ID, Key: r.FilePath, Embedding: embedding})
	}); err != nil {
		return nil, err
	}
	c.progress.Done()
	if err := w.Close(); err != nil {
		return nil, err
	}
	return vectors.Open(path)
}

// searchIndex finds the k best entries by cosine for every query. queries is [Q, dim] row-major.
func searchIndex(ctx context.Context, index *vectors.File, queries []float32, dim, k int) (*eval.Best, error) {
	n := len(queries) / dim
	best := eval.NewBest(n, k)
	block, first := make([]float32, 0, indexBlock*dim), int64(0)
	scores := make([]float32, n*indexBlock)
	flush := func() error {
		rows := len(block) / dim
		if rows == 0 {
			return nil
		}
		err := tensor.Do(func(*tensor.Scope) error {
			q := tensor.FromFloat32(tensor.CPU, queries, int64(n), int64(dim)).Normalize(1)  // [Q, D]
			g := tensor.FromFloat32(tensor.CPU, block, int64(rows), int64(dim)).Normalize(1) // [B, D]
			q.MatMul(g.Transpose(0, 1)).CopyFloat32s(scores[:n*rows])                        // [Q, B]
			return nil
		})
		if err != nil {
			return err
		}
		best.Add(first, rows, scores[:n*rows])
		first += int64(rows)
		block = block[:0]
		return nil
	}
	err := index.Scan(ctx, func(i int64, r *vectors.Row) error {
		if len(r.Embedding) != dim {
			return fmt.Errorf("index: row %d: want an embedding of length %d, got %d", i, dim, len(r.Embedding))
		}
		block = append(block, r.Embedding...)
		if len(block) == cap(block) {
			return flush()
		}
		return nil
	})
	return best, errors.Join(err, flush())
}
