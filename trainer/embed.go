package trainer

import "plip/internal/tensor"

// Dim is the length of an embedding.
func (m *Model) Dim() int { return int(m.Config.Visual.Dim) }

// EmbedImages gives the embeddings [N, Dim] of normalised images [N, 3, H, W], of the configuration's height and width,
// row-major. They are not of unit length. The result does not depend on what else is in the batch.
func (m *Model) EmbedImages(images []float32) (embeddings []float32, err error) {
	c := m.Config.Visual
	size := 3 * c.Height * c.Px
	err = m.embed(func() tensor.Tensor {
		x := tensor.FromFloat32(m.Store.Device(), images, int64(len(images))/size, 3, c.Height, c.Px) // [N, 3, H, W]
		return m.project(visualLayer, m.Visual.Forward(x.ChannelsLast(), false).Embedding)
	}, &embeddings)
	return embeddings, err
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

// embed runs f for its value alone, in the configuration's precision.
func (m *Model) embed(f func() tensor.Tensor, out *[]float32) error {
	return tensor.Do(func(*tensor.Scope) error {
		defer tensor.NoGrad()()
		defer m.autocast()()
		*out = f().Float32s()
		return nil
	})
}
