package trainer

import "plip/internal/tensor"

// Dim is the length of an embedding.
func (m *Model) Dim() int { return int(m.Config.Visual.Dim) }

// EmbedImages gives the embeddings [N, Dim] of normalised images [N, 3, H, W], of the configuration's height and width,
// row-major. They are not of unit length. The result does not depend on what else is in the batch.
func (m *Model) EmbedImages(images []float32) (embeddings []float32, err error) {
	c := m.Config.Visual
	size := 3 * c.Height * c.Px
	err = tensor.Do(func(*tensor.Scope) error {
		x := tensor.FromFloat32(m.Store.Device(), images, int64(len(images))/size, 3, c.Height, c.Px) // [N, 3, H, W]
		embeddings = m.Embed(x).Float32s()
		return nil
	})
	return embeddings, err
}

// Embed gives the embeddings of normalised images [N, 3, H, W] on the model's device, without gradients and in the
// configuration's precision.
func (m *Model) Embed(images tensor.Tensor) tensor.Tensor { // [N, Dim]
	return m.value(func() tensor.Tensor {
		return m.project(visualLayer, m.Visual.Forward(images.ChannelsLast(), false).Embedding)
	})
}

// EmbedTexts gives the embeddings [N, Dim] of captions, row-major, not of unit length.
func (m *Model) EmbedTexts(captions []string) (embeddings []float32, err error) {
	batch := tokenize(m.Words.WordPiece, captions, m.Config.Text.MaxLength)
	err = m.embed(func() tensor.Tensor {
		ids, mask := batch.tensors(m.Store.Device())
		return m.project(textLayer, m.Text.Forward(ids, mask, false).Embedding)
	}, &embeddings)
	return embeddings, err
}

// embed is value as numbers.
func (m *Model) embed(f func() tensor.Tensor, out *[]float32) error {
	return tensor.Do(func(*tensor.Scope) error {
		*out = m.value(f).Float32s()
		return nil
	})
}

// value runs f for its value alone, in the configuration's precision; the value is float32.
func (m *Model) value(f func() tensor.Tensor) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		defer tensor.NoGrad()()
		defer m.autocast()()
		return f().As(tensor.Float32)
	})
}
