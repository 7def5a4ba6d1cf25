//go:build cgo

package main

import (
	"context"
	"fmt"
	"runtime"

	"plip/internal/feed"
	"plip/parquet"
)

// embedBatch is how many images or texts are embedded at once.
const embedBatch = 64

// workersOrCores is the value of --workers with its default.
func workersOrCores(workers int) int {
	if workers == 0 {
		return runtime.NumCPU()
	}
	return workers
}

// embedRows embeds the images of a dataset in the order of its rows, from row number from on, and calls f with each
// row and its embedding, which is valid for the call. encoded leaves the image bytes in the rows.
func embedRows(ctx context.Context, e encoder, ds *parquet.Dataset, workers int, from int64, encoded bool, f func(number int64, r *parquet.Row, embedding []float32) error) error {
	return embedSome(ctx, e, ds, workers, from, encoded, nil, f)
}

// embedSome is embedRows of those rows that use tells from their texts and numbers; nil: all. Where some are left out,
// from must be 0.
func embedSome(ctx context.Context, e encoder, ds *parquet.Dataset, workers int, from int64, encoded bool, use func(r *parquet.Row) bool, f func(number int64, r *parquet.Row, embedding []float32) error) error {
	o := feed.DefaultOptions()
	o.Order = feed.Order{Sampler: feed.Sequential, Batch: embedBatch, Window: 1}
	o.Height, o.Px, o.Norm = e.Input()
	o.Workers, o.CacheBytes, o.Encoded, o.Use = workersOrCores(workers), 0, encoded, use
	if encoded {
		o.Columns = parquet.ColAll
	}
	loader, err := feed.New(ctx, ds, o)
	if err != nil {
		return err
	}
	return loader.Epoch(ctx, 0, from/embedBatch, func(b *feed.Batch) error {
		defer b.Release()
		vectors, err := e.EmbedImages(b.Images)
		if err != nil {
			return fmt.Errorf("rows from %d: %w", b.Number[0], err)
		}
		for i := range b.Rows {
			if b.Number[i] < from { // the batches are cut alike wherever a run goes on
				continue
			}
			if err := f(b.Number[i], &b.Rows[i], vectors[i*e.Dim():(i+1)*e.Dim()]); err != nil {
				return err
			}
		}
		return nil
	})
}

// embedTexts embeds texts in order and calls done with how many are.
func embedTexts(ctx context.Context, e textEncoder, texts []string, done func(n int)) ([]float32, error) { // [N, Dim]
	out := make([]float32, 0, len(texts)*e.Dim())
	for from := 0; from < len(texts); from += embedBatch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		to := min(from+embedBatch, len(texts))
		vectors, err := e.EmbedTexts(texts[from:to])
		if err != nil {
			return nil, fmt.Errorf("texts from %d: %w", from, err)
		}
		out = append(out, vectors...)
		done(to)
	}
	return out, nil
}
