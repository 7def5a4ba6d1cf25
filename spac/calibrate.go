package spac

import (
	"plip/internal/tensor"
)

// prefixStd is the spread that Calibrate gives to fresh prefixes: several times GPT-2's position embeddings, so that the
// generator hears them.
const prefixStd = 0.2

// Calibrate sets the fresh weights of the branches by a batch of normalised images [N, 3, H, W], so that over the batch
// every unit of every layer has mean 0 and a spread of 1 (prefixStd at the end): data-dependent initialisation as in
// arXiv 1511.06856. The branches have no norm of their own (spac.md, section 3), and without this what all images have
// in common, which is large after a ReLU and an average, drowns what tells them apart: in a trial at demo size prefixes
// differed by 4 % of their length after 100 steps, and nothing was learned.
func (m *Captioner) Calibrate(images tensor.Tensor) error {
	return tensor.Do(func(*tensor.Scope) error {
		defer tensor.NoGrad()()
		level := m.Level(images, true)
		for _, b := range append(m.branches.attributes, m.branches.sentence) {
			b.calibrate(level)
		}
		return nil
	})
}

// calibrate goes through the branch's layers in order, each on the output of those before it.
func (b *branch) calibrate(x tensor.Tensor) { // [N, C, H, W]
	for i, c := range b.convs {
		if i+1 < len(b.convs) {
			center(c.Weight, c.Bias, c.Forward(x), 1, 0, 2, 3)
			x = c.Forward(x)
			continue
		}
		center(c.Weight, c.Bias, b.pool(c.Forward(x)), 1, 0) // what the mean leaves is what matters
		x = b.pool(c.Forward(x))                             // [N, C]
	}
	center(b.fc1.Weight, b.fc1.Bias, b.fc1.Forward(x), 1, 0)
	x = b.fc1.Forward(x) // [N, inner]
	center(b.fc2.Weight, b.fc2.Bias, b.fc2.Forward(x), prefixStd, 0)
}

// center changes a layer's weight [out, ...] and bias [out] so that its output y, which has its units in dimension 1,
// gets mean 0 and spread std over the other dimensions.
func center(weight, bias, y tensor.Tensor, std float64, over ...int64) {
	mean := y.MeanDim(true, over...)
	spread := y.Sub(mean).Square().MeanDim(true, over...).Sqrt().Plus(1e-6)
	out := bias.NumElements()
	scale := tensor.Full(bias.Device(), tensor.Float32, std, out).Div(spread.Reshape(out)) // [out]
	shape := weight.Shape()
	for i := range shape[1:] {
		shape[i+1] = 1
	}
	weight.Copy_(weight.Mul(scale.Reshape(shape...)))
	bias.Copy_(bias.Sub(mean.Reshape(out)).Mul(scale))
}
