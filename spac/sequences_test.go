package spac

import (
	"testing"

	"plip/internal/nn/nntest"
	"plip/internal/tensor"
)

// groupsOf are three groups of sequences with prefixes of several lengths: texts that end early, of one token alone, as
// long as their group's longest, and a group without a token to predict.
func groupsOf(width int64) []Sequences {
	group := func(p, t int64, lengths ...int64) Sequences {
		n := int64(len(lengths))
		ids, mask := make([]int64, n*t), make([]int64, n*t)
		for i, l := range lengths {
			for k := range l {
				ids[int64(i)*t+k], mask[int64(i)*t+k] = (7*int64(i)+3*k+p)%40, 1
			}
		}
		return Sequences{tensor.Empty(tensor.CPU, tensor.Float32, n, p, width).Normal_(0, 1).RequireGrad(true),
			tensor.FromInt64(tensor.CPU, ids, n, t), tensor.FromInt64(tensor.CPU, mask, n, t)}
	}
	return []Sequences{group(3, 5, 5, 1, 2, 4), group(7, 3, 0), group(7, 9, 8, 3), group(1, 1, 1)}
}

// paddedLoss is Losses of one group by a pass over everything, padding and last tokens included.
func paddedLoss(g *GPT2, s Sequences) tensor.Tensor { // []
	n, p, d := s.Prefix.Dims3()
	t := s.IDs.Dim(1)
	h := g.Hidden(s.Prefix, s.IDs, true).Narrow(1, p-1, t).Reshape(n*t, d)
	targets := s.IDs.Reshape(-1).MaskedFill(s.Mask.Reshape(-1).EqNumber(0), noToken)
	return g.Logits(h).CrossEntropy(targets, noToken)
}

// TestLossesOfGroups compares one pass over what matters of all groups with one over everything for each: losses and
// gradients of prefixes and parameters.
func TestLossesOfGroups(t *testing.T) {
	_, g, store := gpt2Reference(t)
	var params []tensor.Tensor
	for _, p := range store.Params() {
		params = append(params, p.Tensor)
	}
	weights := []float64{0.15, 1, 2, 0.5}
	nntest.Do(t, func() {
		tensor.Seed(5)
		groups := groupsOf(g.Config.Width)
		total, want := tensor.Zeros(tensor.CPU, tensor.Float32), make([]float32, len(groups))
		for i, s := range groups {
			if s.Mask.Sum().Item() > 0 {
				loss := paddedLoss(g, s)
				want[i], total = float32(loss.Item()), total.Add(loss.Scale(weights[i]))
			}
		}
		total.Backward()
		var gradients [][]float32
		for i, s := range groups {
			if want[i] > 0 {
				gradients = append(gradients, s.Prefix.Grad().Float32s())
			}
		}
		for _, p := range params {
			gradients = append(gradients, p.Grad().Float32s())
		}
		for _, s := range groups {
			tensor.ZeroGrads([]tensor.Tensor{s.Prefix})
		}
		tensor.ZeroGrads(params)

		losses := g.Losses(groups, true)
		nntest.Near(t, "losses", want, losses.Float32s(), nntest.Outputs)
		total = tensor.Zeros(tensor.CPU, tensor.Float32)
		for i := range groups {
			total = total.Add(losses.Select(0, int64(i)).Scale(weights[i]))
		}
		total.Backward()
		for i, s := range groups {
			if want[i] > 0 {
				nntest.Near(t, "gradient of a prefix", gradients[0], s.Prefix.Grad().Float32s(), nntest.Gradients)
				gradients = gradients[1:]
			}
		}
		for i, p := range store.Params() {
			nntest.Near(t, p.Name, gradients[i], p.Tensor.Grad().Float32s(), nntest.Gradients)
		}
		tensor.ZeroGrads(params)
	})
}

// TestPackingLeavesOutWhatDoesNotMatter counts rows: no padding and no last token is fed.
func TestPackingLeavesOutWhatDoesNotMatter(t *testing.T) {
	_, g, _ := gpt2Reference(t)
	nntest.Do(t, func() {
		p := g.pack(groupsOf(g.Config.Width))
		fed, rows, read := int64(4+0+1+3+0+7+2+0), int64(7+3+4+6+0+14+9+1), int64(12+0+11+1)
		if p.fed.Dim(0) != fed || len(p.groups) != 4 {
			t.Errorf("want %d tokens fed of 4 groups, got %d of %d", fed, p.fed.Dim(0), len(p.groups))
		}
		if got := p.source.Dim(0); got < rows || got > rows+rows/16 {
			t.Errorf("want %d rows and copies of a sixteenth at most, got %d", rows, got)
		}
		if got := p.read.Dim(0); got < read || got > read+read/16 {
			t.Errorf("want %d rows to predict at and copies of a sixteenth at most, got %d", read, got)
		}
		nntest.Near(t, "positions of a text of one token", []float32{0, 1, 2}, p.positions.Narrow(0, 7, 3).As(tensor.Float32).Float32s(), 0)
	})
	nntest.Refuses(t, "want at most 64 positions, got 65", func() {
		long := tensor.Full(tensor.CPU, tensor.Int64, 1, 1, 6)
		g.Losses([]Sequences{{tensor.Zeros(tensor.CPU, tensor.Float32, 1, 60, g.Config.Width), long, long}}, true)
	})
}
