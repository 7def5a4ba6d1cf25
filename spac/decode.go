package spac

import (
	"fmt"

	"plip/internal/tensor"
)

// Prompt is a group of sequences to generate: prefixes of one length, and the limit of the tokens after each.
type Prompt struct {
	Prefix tensor.Tensor // [N, P, D]
	Limit  int           // 1 or more
}

// Sequence is what was generated after one prefix.
type Sequence struct {
	IDs   []int32 // without the end of text
	Ended bool    // whether it came to the end of text within the limit
}

// Greedy decodes from prefixes alone, all prompts in one batch: at each step the likeliest token, until eos or the
// limit. Sequences come in the order of the prompts.
func (d *Decoder) Greedy(prompts []Prompt, eos int64) []Sequence {
	return d.generate(prompts, eos, func(_ []int, scores tensor.Tensor) []int64 {
		return scores.ArgMax(1).Int64s() // [R] int64
	})
}

// generation is the state of sequences that are decoded together.
type generation struct {
	out    []Sequence
	limits []int
	open   []int   // those that go on
	next   []int64 // their last tokens
}

// take adds the tokens ids to the sequences which, and keeps those that go on.
func (g *generation) take(which []int, ids []int64, eos int64) {
	for i, s := range which {
		if ids[i] == eos {
			g.out[s].Ended = true
			continue
		}
		g.out[s].IDs = append(g.out[s].IDs, int32(ids[i]))
		if len(g.out[s].IDs) < g.limits[s] {
			g.open, g.next = append(g.open, s), append(g.next, ids[i])
		}
	}
}

// generate decodes token by token; choose picks the next one of the sequences which, whose scores are [R, V]. A sequence
// that ended leaves the batch.
func (d *Decoder) generate(prompts []Prompt, eos int64, choose func(which []int, scores tensor.Tensor) []int64) []Sequence {
	defer tensor.NoGrad()()
	g := &generation{}
	tensor.Run(func() {
		c := d.newCache(prompts, 1)
		g.out = make([]Sequence, len(c.base))
		step := func(which []int, x tensor.Tensor) { g.take(which, choose(which, d.scores(d.extend(c, which, x))), eos) }
		for _, p := range prompts {
			var which []int
			for range p.Prefix.Dim(0) {
				which, g.limits = append(which, len(g.limits)), append(g.limits, p.Limit)
			}
			if len(which) > 0 {
				tensor.Run(func() { step(which, p.Prefix) })
			}
		}
		for len(g.open) > 0 {
			which, ids := g.open, g.next
			g.open, g.next = nil, nil
			tensor.Run(func() { step(which, d.embed(ids)) })
		}
	})
	return g.out
}

// check unwinds for prompts that cannot be decoded.
func (d *Decoder) check(prompts []Prompt) {
	for i, p := range prompts {
		_, l, w := p.Prefix.Dims3()
		tensor.Check(l > 0 && w == d.g.Config.Width, "decode", "want prefixes [N P %d], got %v in prompt %d", d.g.Config.Width, p.Prefix.Shape(), i)
		tensor.Check(p.Limit > 0, "decode", "want a limit of 1 or more, got %d in prompt %d", p.Limit, i)
		most := l + int64(p.Limit) - 1 // the last token is not fed back
		tensor.Check(most <= d.g.Config.Positions, "decode", "want at most %d positions, got %s", d.g.Config.Positions,
			fmt.Sprintf("%d (prefix %d, limit %d)", most, l, p.Limit))
	}
}
