package spac

import (
	"math"
	"slices"
	"sort"

	"plip/internal/tensor"
)

// Hypothesis is one sequence of a beam search: its ids up to and with the eos where it came to one, and the sum of their
// log probabilities over length^penalty, the eos counted in the length.
type Hypothesis struct {
	IDs   []int32
	Score float64
	sum   float64
	slot  int // of the cache, while it runs
}

// Sequence is the hypothesis without its end.
func (h Hypothesis) Sequence(eos int64) Sequence {
	if n := len(h.IDs); n > 0 && int64(h.IDs[n-1]) == eos {
		return Sequence{h.IDs[:n-1], true}
	}
	return Sequence{IDs: h.IDs}
}

// beams is the search for one sequence.
type beams struct {
	running  []Hypothesis // best first
	finished []Hypothesis // best first, at most k
	spare    []int        // slots that no running hypothesis has
	limit    int
}

// candidate is a continuation of a running hypothesis.
type candidate struct {
	beam int
	id   int64
	sum  float64
}

// Beam searches from prefixes alone with k beams and returns the k best finished hypotheses of each, best first, in the
// order of the prompts. At each step the 2k best continuations of all beams are taken; those of the first k that end (by
// eos, or at the limit) are finished with score sum/length^penalty, the best k that do not end go on. A sequence is done,
// and leaves the batch, when k are finished and no running beam can beat the worst of them at its present length.
func (d *Decoder) Beam(prompts []Prompt, eos int64, k int, penalty float64) [][]Hypothesis {
	defer tensor.NoGrad()()
	var all []*beams
	tensor.Run(func() {
		c := d.newCache(prompts, k)
		for _, p := range prompts {
			from := len(all)
			var which []int // the first slot of each: all beams are equal at first, so that one is enough
			for range p.Prefix.Dim(0) {
				first := len(all) * k
				b := &beams{running: []Hypothesis{{slot: first}}, limit: p.Limit}
				for s := first + 1; s < first+k; s++ {
					b.spare = append(b.spare, s)
				}
				all, which = append(all, b), append(which, first)
			}
			if len(which) > 0 {
				tensor.Run(func() { d.advance(c, all[from:], d.scores(d.extend(c, which, p.Prefix)), eos, k, penalty) })
			}
		}
		for {
			var open []*beams
			var which []int
			var next []int64
			for _, b := range all {
				if len(b.running) > 0 {
					open = append(open, b)
				}
				for _, h := range b.running {
					which, next = append(which, h.slot), append(next, int64(h.IDs[len(h.IDs)-1]))
				}
			}
			if len(open) == 0 {
				return
			}
			tensor.Run(func() { d.advance(c, open, d.scores(d.extend(c, which, d.embed(next))), eos, k, penalty) })
		}
	})
	out := make([][]Hypothesis, len(all))
	for i, b := range all {
		out[i] = b.finished
	}
	return out
}

// advance takes one step of the searches open; scores [R, V] are of their running hypotheses, in order.
func (d *Decoder) advance(c *cache, open []*beams, scores tensor.Tensor, eos int64, k int, penalty float64) {
	width := min(int64(2*k), d.g.Config.Vocab)
	top, tokens := scores.LogSoftmax(1).TopK(width, 1) // [R, 2k]
	logp, ids := top.Float32s(), tokens.Int64s()
	var from, to []int
	row := int64(0)
	for _, b := range open {
		var candidates []candidate
		for i, h := range b.running {
			for j := range width {
				at := (row+int64(i))*width + j
				candidates = append(candidates, candidate{i, ids[at], h.sum + float64(logp[at])})
			}
		}
		row += int64(len(b.running))
		f, t := b.advance(candidates, eos, k, penalty)
		from, to = append(from, f...), append(to, t...)
	}
	c.copySequences(from, to)
}

// advance finishes and continues hypotheses. It returns which slots of the cache are to be copied to which others.
func (b *beams) advance(candidates []candidate, eos int64, k int, penalty float64) (from, to []int) {
	sort.SliceStable(candidates, func(i, j int) bool { return candidates[i].sum > candidates[j].sum })
	step := len(b.running[0].IDs) + 1
	var on []Hypothesis
	var parents []int
	for rank, c := range candidates[:min(2*k, len(candidates))] {
		extended := Hypothesis{IDs: append(slices.Clone(b.running[c.beam].IDs), int32(c.id)), sum: c.sum}
		if (c.id == eos || step == b.limit) && rank < k {
			extended.Score = c.sum / math.Pow(float64(step), penalty)
			b.finished = append(b.finished, extended)
		}
		if c.id != eos && len(on) < k {
			on, parents = append(on, extended), append(parents, c.beam)
		}
	}
	sort.SliceStable(b.finished, func(i, j int) bool { return b.finished[i].Score > b.finished[j].Score })
	b.finished = b.finished[:min(k, len(b.finished))]
	if step == b.limit || len(on) == 0 || len(b.finished) == k && on[0].sum/math.Pow(float64(step), penalty) <= b.finished[k-1].Score {
		b.running = nil
		return nil, nil
	}
	return b.place(on, parents)
}

// place gives the hypotheses on, which continue the running ones parents, their slots: the first child of each keeps its
// parent's, others get a slot that is free and a copy.
func (b *beams) place(on []Hypothesis, parents []int) (from, to []int) {
	kept := make([]bool, len(b.running))
	for _, p := range parents {
		kept[p] = true
	}
	for i, h := range b.running {
		if !kept[i] {
			b.spare = append(b.spare, h.slot)
		}
	}
	for i, p := range parents {
		on[i].slot = b.running[p].slot
		if !kept[p] {
			on[i].slot = b.spare[len(b.spare)-1]
			b.spare = b.spare[:len(b.spare)-1]
			from, to = append(from, b.running[p].slot), append(to, on[i].slot)
		}
		kept[p] = false
	}
	b.running = on
	return from, to
}
