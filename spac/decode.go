package spac

import (
	"math"
	"slices"
	"sort"

	"plip/internal/tensor"
)

// layerCache holds the keys and values of one layer for the positions decoded so far. Its memory is laid out once for
// the longest sequence.
type layerCache struct {
	keys, values tensor.Tensor // [N, A, capacity, E]
	length       int64
}

// extend appends keys and values [N, A, L, E] and returns all so far.
func (c *layerCache) extend(k, v tensor.Tensor) (keys, values tensor.Tensor) { // [N, A, length, E]
	l := k.Dim(2)
	c.keys.Narrow(2, c.length, l).Copy_(k)
	c.values.Narrow(2, c.length, l).Copy_(v)
	c.length += l
	return c.keys.Narrow(2, 0, c.length), c.values.Narrow(2, 0, c.length)
}

// reorder replaces sequence i by the former sequence order[i].
func (c *layerCache) reorder(order tensor.Tensor) {
	k, v := c.keys.Narrow(2, 0, c.length), c.values.Narrow(2, 0, c.length)
	k.Copy_(k.IndexSelect(0, order))
	v.Copy_(v.IndexSelect(0, order))
}

// decoder steps a batch of sequences one token at a time. Its caches belong to the scope it was made in.
type decoder struct {
	g      *GPT2
	caches []*layerCache
}

// newDecoder lays out the caches for n sequences of at most capacity positions.
func (g *GPT2) newDecoder(dev tensor.Device, n, capacity int64) *decoder {
	d := &decoder{g: g}
	c := g.Config
	for range g.layers {
		d.caches = append(d.caches, &layerCache{
			keys:   tensor.Empty(dev, tensor.Float32, n, c.Heads, capacity, c.Width/c.Heads),
			values: tensor.Empty(dev, tensor.Float32, n, c.Heads, capacity, c.Width/c.Heads),
		})
	}
	return d
}

// next runs x [N, L, D], which continues the sequences, and returns the scores after its last position, [N, V].
func (d *decoder) next(x tensor.Tensor) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		l := x.Dim(1)
		x := d.g.place(x, d.caches[0].length)
		for i, layer := range d.g.layers {
			x = layer.forward(x, d.caches[i], 0, false)
		}
		return d.g.Logits(d.g.norm.Forward(x.Select(1, l-1)))
	})
}

// Greedy decodes from prefixes [N, P, D] alone: at each step the likeliest token, until eos or limit tokens. The ids do
// not hold the eos. ended tells which sequences came to it.
func (g *GPT2) Greedy(prefix tensor.Tensor, eos int64, limit int) (ids [][]int32, ended []bool) {
	defer tensor.NoGrad()()
	n, p, _ := prefix.Dims3()
	ids, ended = make([][]int32, n), make([]bool, n)
	d := g.newDecoder(prefix.Device(), n, p+int64(limit))
	x := prefix
	open := n
	for step := 0; step < limit && open > 0; step++ {
		var best []int64
		x = tensor.Block(func() tensor.Tensor {
			next := d.next(x).ArgMax(1) // [N] int64
			best = next.Int64s()
			return g.tokens.Forward(next).Unsqueeze(1) // [N, 1, D]
		})
		for i, id := range best {
			switch {
			case ended[i]:
			case id == eos:
				ended[i] = true
				open--
			default:
				ids[i] = append(ids[i], int32(id))
			}
		}
	}
	return ids, ended
}

// Hypothesis is one sequence of a beam search: its ids up to and with the eos where it came to one, and the mean log
// probability (over length^penalty).
type Hypothesis struct {
	IDs   []int32
	Score float64
	sum   float64
}

// Beam searches from prefixes [N, P, D] alone with k beams and returns the k best finished hypotheses of each, best
// first. At each step the 2k best continuations of all beams are taken; those of the first k that end (by eos, or at the
// limit) are finished with score sum/length^penalty, the best k that do not end go on. A sequence is done when k are
// finished and no running beam can beat the worst of them at its present length.
func (g *GPT2) Beam(prefix tensor.Tensor, eos int64, limit, k int, penalty float64) [][]Hypothesis {
	defer tensor.NoGrad()()
	n, p, width := prefix.Dims3()
	rows := n * int64(k)
	d := g.newDecoder(prefix.Device(), rows, p+int64(limit))
	x := prefix.Unsqueeze(1).Expand(n, int64(k), p, width).Reshape(rows, p, width) // [N k, P, D]
	running, finished, done := make([][]Hypothesis, n), make([][]Hypothesis, n), make([]bool, n)
	for i := range running {
		running[i] = make([]Hypothesis, k)
		for b := 1; b < k; b++ {
			running[i][b].sum = math.Inf(-1) // all beams are equal at first: only one may speak
		}
	}
	for step := 1; step <= limit && slices.Contains(done, false); step++ {
		var order, next []int64
		if err := tensor.Do(func(*tensor.Scope) error {
			scores, tokens := d.next(x).LogSoftmax(1).TopK(int64(2*k), 1) // [N k, 2k]
			logp, ids := scores.Float32s(), tokens.Int64s()
			for i := range running {
				if done[i] {
					for b := range k {
						order, next = append(order, int64(i*k+b)), append(next, eos)
					}
					continue
				}
				var from []int
				running[i], from = g.advance(running[i], &finished[i], logp[i*k*2*k:], ids[i*k*2*k:], eos, step, limit, k, penalty)
				for b, f := range from {
					order = append(order, int64(i*k+f))
					next = append(next, int64(running[i][b].IDs[step-1]))
				}
				done[i] = beamDone(running[i], finished[i], step, k, penalty)
			}
			return nil
		}); err != nil {
			tensor.Check(false, "beam", "%v", err)
		}
		index := tensor.FromInt64(prefix.Device(), order, rows)
		for _, c := range d.caches {
			if err := tensor.Do(func(*tensor.Scope) error { c.reorder(index); return nil }); err != nil {
				tensor.Check(false, "beam", "%v", err)
			}
		}
		x = g.tokens.Forward(tensor.FromInt64(prefix.Device(), next, rows)).Unsqueeze(1) // [N k, 1, D]
	}
	return finished
}

// advance takes one step of one sequence's beams. logp and ids hold 2k candidates per beam. from tells, for each beam
// that goes on, which beam it came from.
func (g *GPT2) advance(beams []Hypothesis, finished *[]Hypothesis, logp []float32, ids []int64, eos int64, step, limit, k int, penalty float64) (on []Hypothesis, from []int) {
	type candidate struct {
		beam int
		id   int64
		sum  float64
	}
	var all []candidate
	for b := range beams {
		for j := range 2 * k {
			all = append(all, candidate{b, ids[b*2*k+j], beams[b].sum + float64(logp[b*2*k+j])})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].sum > all[j].sum })
	for rank, c := range all[:2*k] {
		ends := c.id == eos || step == limit
		extended := Hypothesis{IDs: append(slices.Clone(beams[c.beam].IDs), int32(c.id)), sum: c.sum}
		if ends && rank < k {
			extended.Score = c.sum / math.Pow(float64(step), penalty)
			*finished = append(*finished, extended)
		}
		if c.id != eos && len(on) < k {
			on, from = append(on, extended), append(from, c.beam)
		}
	}
	sort.SliceStable(*finished, func(i, j int) bool { return (*finished)[i].Score > (*finished)[j].Score })
	*finished = (*finished)[:min(k, len(*finished))]
	return on, from
}

func beamDone(running, finished []Hypothesis, step, k int, penalty float64) bool {
	if len(finished) < k {
		return false
	}
	return running[0].sum/math.Pow(float64(step), penalty) <= finished[k-1].Score
}
