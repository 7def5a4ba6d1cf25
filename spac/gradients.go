package spac

import (
	"plip/internal/feed"
	"plip/internal/runlog"
	"plip/internal/tensor"
)

// numbers are a step's losses.
type numbers struct {
	total float64
	sums  [3]float64 // caption, attribute, words
	has   [3]bool
}

// parts are the losses that were computed, unweighted.
func (n numbers) parts() (out []runlog.Field) {
	for i, name := range []string{"caption", "attribute", "words"} {
		if n.has[i] {
			out = append(out, runlog.Field{Name: name, Value: n.sums[i]})
		}
	}
	return out
}

// gradients runs a batch forward and backward, in parts whose gradients add up to those of the whole: every loss is a
// mean over real tokens, so a part weighs as much as it has tokens of the batch. Batch norms see a part alone. The first
// batch of a fresh training calibrates the branches.
func (t *training) gradients(b *feed.Batch, w Weights) (out numbers, err error) {
	targets := make([]Targets, len(b.Rows))
	for i := range b.Rows {
		targets[i] = t.maker.make(&b.Rows[i])
	}
	err = tensor.Do(func(*tensor.Scope) error {
		all := images(t.model, b)
		b.Release()
		if t.at.Step == 0 && t.config.Calibrate {
			if err := t.model.Calibrate(all); err != nil {
				return err
			}
		}
		captions, attributes := countTokens(targets)
		size := (len(targets) + t.config.Accumulate - 1) / t.config.Accumulate
		for from := 0; from < len(targets); from += size {
			part := targets[from:min(from+size, len(targets))]
			c, a := countTokens(part)
			share := [3]float64{ratio(c, captions), ratio(a, attributes), ratio(a, attributes)}
			if err := t.partGradients(all.Narrow(0, int64(from), int64(len(part))), part, w, share, &out); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// partGradients adds the gradients and losses of a part of a batch, whose share of the batch's tokens weighs each loss.
func (t *training) partGradients(images tensor.Tensor, targets []Targets, w Weights, share [3]float64, sum *numbers) error {
	return tensor.Do(func(*tensor.Scope) error {
		batch := NewBatch(t.model.Store.Device(), images, targets)
		if w.Words > 0 {
			batch.Prior = tensor.FromFloat32(t.model.Store.Device(), t.prior, Slots, int64(t.maker.bpe.Size()))
		}
		if t.config.BFloat16 {
			defer tensor.Autocast(t.model.Store.Device(), tensor.BFloat16)()
		}
		w.Caption, w.Attribute, w.Words = w.Caption*share[0], w.Attribute*share[1], w.Words*share[2]
		l := t.model.Loss(batch, w, true)
		if l.Total.RequiresGrad() { // not where the batch has no captions and nothing else is trained
			l.Total.Backward()
		}
		sum.total += l.Total.Item()
		for i, part := range []tensor.Tensor{l.Caption, l.Attribute, l.Words} {
			if part.Defined() {
				sum.sums[i], sum.has[i] = sum.sums[i]+share[i]*part.Item(), true
			}
		}
		return nil
	})
}

// countTokens counts the real tokens of captions and of attributes.
func countTokens(targets []Targets) (captions, attributes int) {
	for _, t := range targets {
		for _, c := range t.Captions {
			captions += len(c)
		}
		for _, a := range t.Attributes {
			attributes += len(a)
		}
	}
	return captions, attributes
}

// ratio is a share of a whole that may be nothing.
func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// images copies a batch's images to the model's device.
func images(m *Captioner, b *feed.Batch) tensor.Tensor { // [N, 3, H, W]
	return tensor.FromFloat32(m.Store.Device(), b.Images, int64(len(b.Rows)), 3, m.Config.Height, m.Config.Px)
}
