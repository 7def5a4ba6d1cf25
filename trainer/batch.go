package trainer

import (
	"math/rand/v2"

	"plip/internal/feed"
	"plip/internal/tensor"
)

// batch is what one training step reads.
type batch struct {
	image, gray tensor.Tensor // [N, 3, H, W] normalised; gray is none where there is no colourisation
	ids         tensor.Tensor // [N] int64, identities
	captions    tokens        // [N, L]
	masked      maskedTokens  // [R, L]; R is 0 where nothing is masked
}

// captions draws and encodes the caption of every row of a batch, and the masked twins of those that have attributes.
func (t *training) captions(b *feed.Batch) (captions tokens, masked maskedTokens) {
	n, c := len(b.Rows), t.config
	words, limit := t.model.Words.WordPiece, int(c.Text.MaxLength)
	texts, draws := make([]string, n), make([]*rand.Rand, n)
	ids, spans := make([][]int32, n), make([][][2]int, n)
	for i := range b.Rows {
		draws[i] = visit(c.Seed, b.Epoch, b.Number[i])
		texts[i] = drawCaption(c.Captions, draws[i], &b.Rows[i])
		ids[i], spans[i] = words.Encode(texts[i], limit)
	}
	captions = newTokens(ids, words.PadID(), 0)
	if t.masker == nil {
		return captions, masked
	}
	g := c.Attributes.Difficulty.Epoch(b.Epoch, c.Schedule.Epochs)
	var twins [][]int32
	for i := range b.Rows {
		twin, at := t.masker.mask(draws[i], g, texts[i], ids[i], spans[i])
		if len(at) == 0 {
			continue
		}
		first := int64(len(twins)) * captions.l
		for _, k := range at {
			masked.places, masked.targets = append(masked.places, first+int64(k)), append(masked.targets, int64(ids[i][k]))
		}
		twins, masked.rows = append(twins, twin), append(masked.rows, int64(i))
	}
	masked.tokens = newTokens(twins, words.PadID(), captions.l)
	return captions, masked
}

// inputs makes tensors of a batch's images, which are not copied and go back to the loader once nothing needs them, and
// identities.
func (t *training) inputs(b *feed.Batch) batch {
	n, c := int64(len(b.Rows)), t.config.Visual
	identities := make([]int64, n)
	for i := range b.Rows {
		identities[i] = b.Rows[i].ID
	}
	kinds := int64(len(b.Images)) / (n * 3 * c.Height * c.Px) // colour alone, or gray too
	x := tensor.Wrap(b.Images, b.Release, kinds, n, 3, c.Height, c.Px).To(tensor.Float32, t.run.Device)
	in := batch{image: x.Select(0, 0), ids: tensor.FromInt64(t.run.Device, identities, n)}
	if kinds == 2 {
		in.gray = x.Select(0, 1)
	}
	return in
}
