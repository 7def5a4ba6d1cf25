package trainer

import (
	"context"
	"fmt"
	"path/filepath"

	"plip/internal/feed"
	"plip/internal/tensor"
	"plip/internal/weights"
	"plip/parquet"
)

// FeaturesFile holds the embeddings that probing trains on, in the run's folder: "image" [R, D] of the dataset's rows,
// "text" [T, D] of their texts one after the other, "first" [R+1] the first text of each row; metadata "model", the
// fingerprint of the encoders.
const FeaturesFile = "features.safetensors"

// featureBatch is how many images or texts are embedded at once.
const featureBatch = 64

// features of the frozen encoders, computed once.
type frozenFeatures struct {
	file        *weights.StateDict
	image, text weights.Tensor // [R, D], [T, D]
	first       []int64        // by row
	dim         int64
}

// openFeatures opens the run's features and computes them first where they are missing or another model's.
func openFeatures(ctx context.Context, c Config, run Run, m *Model) (*frozenFeatures, error) {
	path := filepath.Join(run.Dir, FeaturesFile)
	model, err := m.Store.FingerprintOf("visual.", "text.")
	if err != nil {
		return nil, err
	}
	f, err := readFeatures(path, m.Config.Visual.Dim, run.Data.NumRows())
	if err == nil && f.file.Metadata()["model"] == model {
		return f, nil
	}
	if err == nil {
		f.close()
	}
	if err := computeFeatures(ctx, path, c, run, m, model); err != nil {
		return nil, fmt.Errorf("compute the features: %w", err)
	}
	return readFeatures(path, m.Config.Visual.Dim, run.Data.NumRows())
}

func readFeatures(path string, dim, rows int64) (f *frozenFeatures, err error) {
	f = &frozenFeatures{dim: dim}
	if f.file, err = weights.Load(path); err != nil {
		return nil, err
	}
	for _, t := range []struct {
		name string
		to   *weights.Tensor
	}{{"image", &f.image}, {"text", &f.text}} {
		if *t.to, err = f.file.Tensor(t.name); err == nil && (len(t.to.Shape) != 2 || t.to.Shape[1] != dim || t.to.DType != weights.F32) {
			err = fmt.Errorf("read %s: %s: want F32 [N %d], got %s %v", path, t.name, dim, t.to.DType, t.to.Shape)
		}
		if err != nil {
			f.close()
			return nil, err
		}
	}
	first, err := f.file.Tensor("first")
	if err == nil {
		f.first, err = first.Int64s()
	}
	if err == nil && (f.image.Shape[0] != rows || int64(len(f.first)) != rows+1 || f.first[rows] != f.text.Shape[0]) {
		err = fmt.Errorf("read %s: want the features of %d rows, got %d", path, rows, f.image.Shape[0])
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// computeFeatures embeds every image that has texts, and its texts.
func computeFeatures(ctx context.Context, path string, c Config, run Run, m *Model, model string) error {
	m = m.WithoutProbe()
	rows, dim := run.Data.NumRows(), int64(m.Dim())
	images, texts, first := make([]float32, rows*dim), []float32{}, make([]int64, rows+1)
	var captions []string
	flush := func() error {
		if len(captions) == 0 {
			return nil
		}
		v, err := m.EmbedTexts(captions)
		texts, captions = append(texts, v...), captions[:0]
		return err
	}
	o := loaderOptions(c, run)
	o.Order, o.Flip, o.Copies, o.CacheBytes = feed.Order{Sampler: feed.Sequential, Batch: featureBatch, Window: 1}, false, nil, 0
	o.Part = feed.Part{}
	o.Columns |= parquet.ColImage
	loader, err := feed.New(ctx, run.Data, o)
	if err != nil {
		return err
	}
	counts := make([]int64, rows)
	if err := loader.Epoch(ctx, 0, 0, func(b *feed.Batch) error {
		defer b.Release()
		v, err := m.EmbedImages(b.Images)
		if err != nil {
			return err
		}
		for i, row := range b.Number {
			copy(images[row*dim:(row+1)*dim], v[int64(i)*dim:])
			own := candidates(c.Captions, &b.Rows[i])
			counts[row] = int64(len(own))
			for _, text := range own {
				if captions = append(captions, text); len(captions) == featureBatch {
					if err := flush(); err != nil {
						return err
					}
				}
			}
		}
		if run.Prepare != nil {
			run.Prepare(b.Number[len(b.Number)-1]+1, rows)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	for i, n := range counts {
		first[i+1] = first[i] + n
	}
	return writeFeatures(path, dim, images, texts, first, model)
}

func writeFeatures(path string, dim int64, images, texts []float32, first []int64, model string) error {
	image, err := weights.NewFloat32("image", []int64{int64(len(images)) / dim, dim}, images)
	if err != nil {
		return err
	}
	text, err := weights.NewFloat32("text", []int64{int64(len(texts)) / dim, dim}, texts)
	if err != nil {
		return err
	}
	start, err := weights.NewInt64("first", []int64{int64(len(first))}, first)
	if err != nil {
		return err
	}
	return weights.WriteSafetensors(path, []weights.Tensor{image, text, start}, map[string]string{"model": model})
}

func (f *frozenFeatures) close() {
	if f != nil && f.file != nil {
		f.file.Close()
	}
}

// encode gives a batch's embeddings, probed. choices are the numbers of its rows' texts.
func (f *frozenFeatures) encode(m *Model, b *feed.Batch, choices []int) (*encoded, error) {
	e := &encoded{}
	err := tensor.Do(func(s *tensor.Scope) error {
		texts := make([]int64, len(b.Number))
		for i, row := range b.Number {
			texts[i] = f.first[row] + int64(choices[i])
		}
		v := m.project(visualLayer, f.gather(m, f.image, b.Number)) // [N, D]
		t := m.project(textLayer, f.gather(m, f.text, texts))       // [N, D]
		e.image, e.text = e.visual.cut(s, v), e.textual.cut(s, t)
		return nil
	})
	return e, err
}

// gather makes a tensor of some rows.
func (f *frozenFeatures) gather(m *Model, from weights.Tensor, rows []int64) tensor.Tensor { // [N, D]
	data := make([]byte, 0, int64(len(rows))*f.dim*4)
	for _, r := range rows {
		data = append(data, from.Data[r*f.dim*4:(r+1)*f.dim*4]...)
	}
	return tensor.FromBytes(m.Store.Device(), tensor.Float32, data, int64(len(rows)), f.dim)
}
