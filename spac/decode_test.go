package spac

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"plip/internal/nn/nntest"
	"plip/internal/tensor"
)

const gpt2EOS, gpt2Limit = 319, 12 // of the reference

func newDecoder(t *testing.T, g *GPT2) *Decoder {
	t.Helper()
	d, err := g.NewDecoder(FP32)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// references are the reference's prompts, of prefixes of 3 and of 23 tokens.
func references(r *nntest.Reference) []Prompt {
	return []Prompt{{r.Tensor("p3.input.prefix"), gpt2Limit}, {r.Tensor("p23.input.prefix"), gpt2Limit}}
}

// TestDecoding compares with the reference, prefixes of both lengths in one batch.
func TestDecoding(t *testing.T) {
	r, g, _ := gpt2Reference(t)
	d := newDecoder(t, g)
	nntest.Do(t, func() {
		prompts := references(r)
		greedy, beams := d.Greedy(prompts, gpt2EOS), d.Beam(prompts, gpt2EOS, 3, 1)
		for _, at := range []string{"p3.", "p23."} {
			want, lengths := r.Tensor(at+"greedy").Int64s(), r.Tensor(at+"greedy_length").Int64s()
			n := len(lengths)
			for i, s := range greedy[:n] {
				if got := filled(s.IDs); !slices.Equal(got, want[i*gpt2Limit:(i+1)*gpt2Limit]) {
					t.Errorf("%sgreedy %d: want %v, got %v", at, i, want[i*gpt2Limit:(i+1)*gpt2Limit], got)
				}
				length := int64(len(s.IDs))
				if s.Ended {
					length++
				}
				if length != lengths[i] {
					t.Errorf("%sgreedy %d: want length %d, got %d", at, i, lengths[i], length)
				}
			}
			wantBeams, scores := r.Tensor(at+"beam").Int64s(), r.Tensor(at+"beam_score").Float32s()
			for i, hypotheses := range beams[:n] {
				if len(hypotheses) != 3 {
					t.Fatalf("%sbeam %d: want 3 hypotheses, got %d", at, i, len(hypotheses))
				}
				for k, h := range hypotheses {
					from := (3*i + k) * gpt2Limit
					if got := filled(h.IDs); !slices.Equal(got, wantBeams[from:from+gpt2Limit]) {
						t.Errorf("%sbeam %d, %d: want %v, got %v", at, i, k, wantBeams[from:from+gpt2Limit], got)
					}
					if math.Abs(float64(scores[3*i+k])-h.Score) > 1e-5 {
						t.Errorf("%sbeam %d, %d: want score %v, got %v", at, i, k, scores[3*i+k], h.Score)
					}
				}
			}
			greedy, beams = greedy[n:], beams[n:]
		}
	})
}

// filled is a sequence of the reference's length, filled with the end of text.
func filled(ids []int32) []int64 {
	out := make([]int64, gpt2Limit)
	for i := range out {
		out[i] = gpt2EOS
		if i < len(ids) {
			out[i] = int64(ids[i])
		}
	}
	return out
}

// TestGreedyIsTheArgMaxOfTheWholePass runs the whole sequence anew for every token, without cache.
func TestGreedyIsTheArgMaxOfTheWholePass(t *testing.T) {
	r, g, _ := gpt2Reference(t)
	d := newDecoder(t, g)
	nntest.Do(t, func() {
		defer tensor.NoGrad()()
		prefix := r.Tensor("p3.input.prefix")
		got := d.Greedy([]Prompt{{prefix, 8}}, -1) // no id is the end: all run to the limit
		n, p, _ := prefix.Dims3()
		for i := range n {
			one := prefix.Narrow(0, i, 1)
			var ids []int64
			for step := range int64(8) {
				var so tensor.Tensor
				if step > 0 {
					so = tensor.FromInt64(tensor.CPU, ids, 1, step)
				}
				ids = append(ids, g.Logits(g.Hidden(one, so, false)).Select(1, p+step-1).ArgMax(1).Int64s()...)
			}
			for k, id := range ids {
				if int64(got[i].IDs[k]) != id {
					t.Fatalf("sequence %d: want %v, got %v", i, ids, got[i].IDs)
				}
			}
		}
	})
}

// TestDecodingIgnoresBatchMates decodes each prefix alone, and among others of other lengths and limits.
func TestDecodingIgnoresBatchMates(t *testing.T) {
	r, g, _ := gpt2Reference(t)
	d := newDecoder(t, g)
	nntest.Do(t, func() {
		prompts := references(r)
		prompts[0].Limit = 5
		together, beams := d.Greedy(prompts, gpt2EOS), d.Beam(prompts, gpt2EOS, 3, 1)
		at := 0
		for _, p := range prompts {
			for i := range p.Prefix.Dim(0) {
				one := []Prompt{{p.Prefix.Narrow(0, i, 1), p.Limit}}
				if alone := d.Greedy(one, gpt2EOS)[0]; !slices.Equal(alone.IDs, together[at].IDs) || alone.Ended != together[at].Ended {
					t.Errorf("greedy %d: alone %v, together %v", at, alone, together[at])
				}
				for k, h := range d.Beam(one, gpt2EOS, 3, 1)[0] {
					if !slices.Equal(h.IDs, beams[at][k].IDs) {
						t.Errorf("beam %d, %d: alone %v, together %v", at, k, h.IDs, beams[at][k].IDs)
					}
				}
				at++
			}
		}
	})
}

// TestOneBeamIsGreedy counts the end of text in.
func TestOneBeamIsGreedy(t *testing.T) {
	r, g, _ := gpt2Reference(t)
	d := newDecoder(t, g)
	nntest.Do(t, func() {
		greedy := d.Greedy(references(r), gpt2EOS)
		for i, h := range d.Beam(references(r), gpt2EOS, 1, 1) {
			if got := h[0].Sequence(gpt2EOS); !slices.Equal(got.IDs, greedy[i].IDs) || got.Ended != greedy[i].Ended {
				t.Errorf("sequence %d: want %v, got %v", i, greedy[i], got)
			}
		}
	})
}

// tinyGPT2 has few tokens, so that all sequences can be listed, and weights so large that it has an opinion.
func tinyGPT2(t *testing.T, seed int64, vocab int64) *GPT2 {
	t.Helper()
	c := GPT2Config{Vocab: vocab, Width: 16, Layers: 2, Heads: 2, Positions: 16, Eps: 1e-5, InitStd: 0.5}
	g, _ := newGPT2Seeded(t, c, seed)
	return g
}

// TestBeamAgainstAllSequences lists every sequence of up to four of five tokens: as many beams as there are open
// sequences find the best, and few beams find scores that the whole pass confirms and that no greedy one exceeds.
func TestBeamAgainstAllSequences(t *testing.T) {
	const vocab, eos, limit = 5, 4, 4
	for seed := range int64(6) {
		g := tinyGPT2(t, seed, vocab)
		d := newDecoder(t, g)
		for _, penalty := range []float64{0, 0.7, 1} {
			nntest.Do(t, func() {
				defer tensor.NoGrad()()
				tensor.Seed(100 + seed)
				prefix := tensor.Empty(tensor.CPU, tensor.Float32, 1, 3, 16).Normal_(0, 1)
				all := map[string]float64{}
				best := math.Inf(-1)
				enumerate(g, prefix, nil, 0, eos, limit, func(ids []int32, sum float64) {
					score := sum / math.Pow(float64(len(ids)), penalty)
					all[fmt.Sprint(ids)] = score
					best = max(best, score)
				})
				prompts := []Prompt{{prefix, limit}}
				if h := d.Beam(prompts, eos, 4*4*4*5, penalty)[0]; math.Abs(h[0].Score-best) > 1e-4 {
					t.Errorf("seed %d, penalty %v: want the best score %v, got %v", seed, penalty, best, h[0])
				}
				greedy := d.Beam(prompts, eos, 1, penalty)[0][0].Score
				for k := 2; k <= 4; k++ {
					hypotheses := d.Beam(prompts, eos, k, penalty)[0]
					for _, h := range hypotheses {
						if want, ok := all[fmt.Sprint(h.IDs)]; !ok || math.Abs(want-h.Score) > 1e-4 {
							t.Errorf("seed %d, penalty %v, %d beams: %v has score %v, want %v", seed, penalty, k, h.IDs, h.Score, want)
						}
					}
					if hypotheses[0].Score < greedy-1e-5 {
						t.Errorf("seed %d, penalty %v: %d beams reach %v, greedy %v", seed, penalty, k, hypotheses[0].Score, greedy)
					}
				}
			})
		}
	}
}

// enumerate calls found for every sequence after ids that ends by eos or at the limit, with the sum of its log
// probabilities.
func enumerate(g *GPT2, prefix tensor.Tensor, ids []int32, sum float64, eos int32, limit int, found func([]int32, float64)) {
	var so tensor.Tensor
	if len(ids) > 0 {
		wide := make([]int64, len(ids))
		for i, id := range ids {
			wide[i] = int64(id)
		}
		so = tensor.FromInt64(tensor.CPU, wide, 1, int64(len(ids)))
	}
	logp := g.Logits(g.Hidden(prefix, so, false)).Select(1, prefix.Dim(1)+int64(len(ids))-1).LogSoftmax(1).Float32s()
	for id, lp := range logp {
		next := append(slices.Clone(ids), int32(id))
		if int32(id) == eos || len(next) == limit {
			found(next, sum+float64(lp))
			continue
		}
		enumerate(g, prefix, next, sum+float64(lp), eos, limit, found)
	}
}

func TestDecodingFreesItsTensors(t *testing.T) {
	r, g, _ := gpt2Reference(t)
	nntest.Balanced(t, "decoding", func() {
		d, err := g.NewDecoder(FP32)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		d.Greedy(references(r), gpt2EOS)
		d.Beam(references(r), gpt2EOS, 3, 1)
	})
	d := newDecoder(t, g)
	long := func() tensor.Tensor { return tensor.Zeros(tensor.CPU, tensor.Float32, 1, 60, 32) }
	want := "want at most 64 positions, got 71 (prefix 60, limit 12)"
	nntest.Refuses(t, want, func() { d.Greedy([]Prompt{{long(), gpt2Limit}}, -1) })
	nntest.Refuses(t, want, func() { d.Beam([]Prompt{{long(), gpt2Limit}}, -1, 3, 1) })
	nntest.Refuses(t, "want prefixes [N P 32], got [1 60 16]", func() {
		d.Greedy([]Prompt{{tensor.Zeros(tensor.CPU, tensor.Float32, 1, 60, 16), 2}}, -1)
	})
	nntest.Refuses(t, "want a limit of 1 or more", func() { d.Greedy([]Prompt{{long(), 0}}, -1) })
}

// TestNucleus draws by seed alone: from one token it is greedy, and batch mates change nothing.
func TestNucleus(t *testing.T) {
	r, g, _ := gpt2Reference(t)
	d := newDecoder(t, g)
	nntest.Do(t, func() {
		prompts := references(r)
		n := int(prompts[0].Prefix.Dim(0) + prompts[1].Prefix.Dim(0))
		seeds := make([]uint64, n)
		for i := range seeds {
			seeds[i] = uint64(7 * i)
		}
		greedy := d.Greedy(prompts, gpt2EOS)
		for i, s := range d.Nucleus(prompts, gpt2EOS, 0, 1, seeds) {
			if !slices.Equal(s.IDs, greedy[i].IDs) || s.Ended != greedy[i].Ended {
				t.Errorf("sequence %d from one token: want the greedy %v, got %v", i, greedy[i], s)
			}
		}
		drawn := d.Nucleus(prompts, gpt2EOS, 0.95, 1.5, seeds)
		differ, at := 0, 0
		for _, p := range prompts {
			for i := range p.Prefix.Dim(0) {
				one := []Prompt{{p.Prefix.Narrow(0, i, 1), p.Limit}}
				if alone := d.Nucleus(one, gpt2EOS, 0.95, 1.5, seeds[at:at+1])[0]; !slices.Equal(alone.IDs, drawn[at].IDs) {
					t.Errorf("sequence %d: alone %v, together %v", at, alone, drawn[at])
				}
				if other := d.Nucleus(one, gpt2EOS, 0.95, 1.5, []uint64{1e9})[0]; !slices.Equal(other.IDs, drawn[at].IDs) {
					differ++
				}
				at++
			}
		}
		if differ < n/2 {
			t.Errorf("%d of %d sequences differ with another seed, want most", differ, n)
		}
	})
}

// TestDraw counts what is drawn of four tokens.
func TestDraw(t *testing.T) {
	var logp []float32
	for _, p := range []float64{0.5, 0.25, 0.15, 0.1} {
		logp = append(logp, float32(math.Log(p)))
	}
	for topP, want := range map[float64][]int{0: {1000, 0, 0, 0}, 0.45: {1000, 0, 0, 0}, 0.7: {667, 333, 0, 0}, 0.85: {556, 278, 167, 0}, 1: {500, 250, 150, 100}} {
		got := make([]int, 4)
		for i := range 1000 {
			got[draw(logp, topP, float64(i)/1000)]++
		}
		for k := range want {
			if math.Abs(float64(want[k]-got[k])) > 2 {
				t.Errorf("top-p %v: want about %v, got %v", topP, want, got)
				break
			}
		}
	}
}

// TestDecodingByLibtorch holds the kernels of the CPU against libtorch's operations, which CUDA runs.
func TestDecodingByLibtorch(t *testing.T) {
	r, g, _ := gpt2Reference(t)
	d := newDecoder(t, g)
	plain := &Decoder{g: g, plain: true}
	nntest.Do(t, func() {
		plain.prepare(tensor.PackedFloat32)
		want, got := plain.Greedy(references(r), gpt2EOS), d.Greedy(references(r), gpt2EOS)
		for i := range want {
			if !slices.Equal(want[i].IDs, got[i].IDs) {
				t.Errorf("sequence %d: want %v, got %v", i, want[i].IDs, got[i].IDs)
			}
		}
	})
}

// TestSmallWeightsDecode wants most first tokens of bf16 and int8 to be fp32's.
func TestSmallWeightsDecode(t *testing.T) {
	r, g, _ := gpt2Reference(t)
	whole := newDecoder(t, g)
	for _, weights := range []string{BF16, INT8} {
		d, err := g.NewDecoder(weights)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		nntest.Do(t, func() {
			want, got := whole.Greedy(references(r), -1), d.Greedy(references(r), -1)
			same := 0
			for i := range want {
				if want[i].IDs[0] == got[i].IDs[0] {
					same++
				}
			}
			if same < len(want)*3/4 {
				t.Errorf("%s: %d of %d first tokens are fp32's, want most", weights, same, len(want))
			}
		})
	}
	if _, err := g.NewDecoder("fp8"); err == nil {
		t.Error("want an error for weights fp8")
	}
}
