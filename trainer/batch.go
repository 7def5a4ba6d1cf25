package trainer

import (
	"math/rand/v2"

	"plip/internal/feed"
	"plip/internal/tensor"
)

// batch is what one training step reads.
type batch struct {
	share       share         // of the batch of several processes; the zero value where the process is alone
	image, gray tensor.Tensor // [N, 3, H, W] normalised; gray is none where there is no colourisation
	ids         tensor.Tensor // [N] int64, identities
	labels      tensor.Tensor // [N] int64, classes; none where there is no classifier
	captions    tokens        // [N, L]
	choices     []int         // [N], each caption's number among its row's candidates
	masked      maskedTokens  // [R, L]; R is 0 where nothing is masked
}

// captions draws the caption of every row of a batch, or takes the one whose turn it is, and encodes it; likewise the
// masked twins of those that have attributes.
func (t *training) captions(b *feed.Batch, in *batch) {
	n, c := len(b.Rows), t.config
	in.choices = make([]int, n)
	words, limit := t.model.Words.WordPiece, int(c.Text.MaxLength)
	texts, draws := make([]string, n), make([]*rand.Rand, n)
	ids, spans := make([][]int32, n), make([][][2]int, n)
	for i := range b.Rows {
		draws[i] = visit(c.Seed, b.Epoch, b.Visit(i))
		texts[i], in.choices[i] = t.caption(draws[i], b, i)
		ids[i], spans[i] = words.Encode(texts[i], limit)
	}
	in.captions = newTokens(ids, words.PadID(), 0)
	if t.masker == nil {
		return
	}
	in.masked = t.masker.twins(draws, t.difficulty(), texts, ids, spans, in.captions.l)
}

// difficulty is that of the epoch; with MaxSteps, of as many equal parts of these as there are epochs, so that a short
// training goes all the way too, as its learning rate does.
func (t *training) difficulty() float64 {
	epoch, epochs := t.at.Epoch, t.config.Schedule.Epochs
	if t.config.MaxSteps > 0 {
		epoch = int(t.at.Step * int64(epochs) / t.steps())
	}
	return t.config.Attributes.Difficulty.Epoch(min(epoch, epochs-1), epochs)
}

// caption is the text of one visit and its number among the row's candidates.
func (t *training) caption(draw *rand.Rand, b *feed.Batch, i int) (text string, choice int) {
	if !t.config.pairs() {
		return drawCaption(t.config.Captions, draw, &b.Rows[i])
	}
	texts := candidates(t.config.Captions, &b.Rows[i])
	choice = b.Copy[i] % len(texts) // the sampler pk may repeat a row
	return texts[choice], choice
}

// inputs makes tensors of a batch's images, which are not copied and go back to the loader once nothing needs them, and
// identities.
func (t *training) inputs(b *feed.Batch) batch {
	n, c := int64(len(b.Rows)), t.config.Visual
	identities := make([]int64, n)
	for i := range b.Rows {
		identities[i] = b.Rows[i].ID
	}
	in := batch{ids: tensor.FromInt64(t.run.Device, identities, n)}
	if t.classes != nil {
		labels := make([]int64, n)
		for i, id := range identities {
			labels[i] = t.classes.class(id)
		}
		in.labels = tensor.FromInt64(t.run.Device, labels, n)
	}
	if len(b.Images) == 0 { // probing reads features in their place
		return in
	}
	kinds := int64(len(b.Images)) / (n * 3 * c.Height * c.Px) // colour alone, or gray too
	x := tensor.Wrap(b.Images, b.Release, kinds, n, 3, c.Height, c.Px).To(tensor.Float32, t.run.Device)
	in.image = x.Select(0, 0)
	if kinds == 2 {
		in.gray = x.Select(0, 1)
	}
	return in
}
