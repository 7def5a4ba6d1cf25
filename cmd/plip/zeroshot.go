//go:build cgo

package main

import (
	"context"
	"fmt"
	"math"

	"plip/eval"
	"plip/internal/tensor"
	"plip/parquet"
)

// zeroShot is text re-identification without training on the dataset: every caption of it is a query, every image of
// it the gallery (plip.md, section 6).
type zeroShot struct {
	device           tensor.Device
	queries, gallery eval.Set
	texts            []string        // of the queries
	q, g             eval.Embeddings // [Q, D], [G, D]
}

// embedZeroShot embeds the captions and images of a dataset. With once, a caption that several images of an identity
// share is one query, of the first. progress, where it is not nil, is told how many of how many are done.
func embedZeroShot(ctx context.Context, e textEncoder, ds *evalData, workers int, once bool, progress func(done, total int64)) (*zeroShot, error) {
	if progress == nil {
		progress = func(done, total int64) {}
	}
	type question struct {
		id   int64
		text string
	}
	asked := map[question]bool{}
	z := &zeroShot{device: tensor.CPU, g: eval.Embeddings{D: e.Dim()}}
	err := embedSome(ctx, e, ds.Dataset, workers, 0, false, ds.use(), func(number int64, r *parquet.Row, embedding []float32) error {
		z.gallery.IDs = append(z.gallery.IDs, r.ID)
		z.gallery.Keys = append(z.gallery.Keys, r.FilePath)
		z.g.Data = append(z.g.Data, embedding...)
		for _, caption := range r.Captions {
			q := question{r.ID, caption}
			if once && asked[q] {
				continue
			}
			asked[q] = true
			z.queries.IDs = append(z.queries.IDs, r.ID)
			z.queries.Keys = append(z.queries.Keys, r.FilePath)
			z.texts = append(z.texts, caption)
		}
		progress(number+1, ds.NumRows())
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(z.texts) == 0 {
		return nil, fmt.Errorf("zero-shot: want captions in the dataset (split %s), got none", ds.split)
	}
	vectors, err := embedTexts(ctx, e, z.texts, func(int) {})
	if err != nil {
		return nil, err
	}
	z.g.N, z.q = z.gallery.Len(), eval.Embeddings{N: z.queries.Len(), D: e.Dim(), Data: vectors}
	return z, nil
}

// rank ranks by cosine, computed block by block as matrix products.
func (z *zeroShot) rank(ctx context.Context, p eval.Protocol) (r *eval.Result, err error) {
	err = tensor.Do(func(*tensor.Scope) error {
		gallery := tensor.FromFloat32(z.device, z.g.Data, int64(z.g.N), int64(z.g.D)).Normalize(1).Transpose(0, 1) // [D, G]
		scores := func(from, to int, dst []float32) error {
			return tensor.Do(func(*tensor.Scope) error {
				q := tensor.FromFloat32(z.device, z.q.Data[from*z.q.D:to*z.q.D], int64(to-from), int64(z.q.D)).Normalize(1) // [B, D]
				q.MatMul(gallery).CopyFloat32s(dst)                                                                         // [B, G]
				return nil
			})
		}
		r, err = eval.Rank(ctx, z.queries, z.gallery, scores, p)
		return err
	})
	return r, err
}

// cosine is the score of one query and one gallery entry.
func (z *zeroShot) cosine(query, entry int) float64 {
	q, g := z.q.Data[query*z.q.D:(query+1)*z.q.D], z.g.Data[entry*z.g.D:(entry+1)*z.g.D]
	var dot, qq, gg float64
	for i := range q {
		dot, qq, gg = dot+float64(q[i])*float64(g[i]), qq+float64(q[i])*float64(q[i]), gg+float64(g[i])*float64(g[i])
	}
	return dot / math.Sqrt(qq*gg)
}
