package spac

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"plip/internal/tensor"
)

// Ways to decode.
const (
	Greedy  = "greedy"  // the likeliest token at each step
	Beam    = "beam"    // the best sequence of a beam search
	Nucleus = "nucleus" // drawn from the likeliest tokens at each step
)

// Method tells how texts are decoded. Attributes are always decoded greedily: they are an answer, not a style.
type Method struct {
	Decode        string  // Greedy, Beam or Nucleus. Default Greedy
	Beams         int     // hypotheses of a beam search. Default 3
	LengthPenalty float64 // power of the length that a hypothesis' log probability is divided by. Default 1
	TopP          float64 // probability that the likeliest tokens add up to. Default 0.9
	Temperature   float64 // what scores are divided by before drawing. Default 1
	Weights       string  // of the generator: FP32, BF16 or INT8. Default FP32
}

// DefaultMethod is greedy decoding.
func DefaultMethod() Method {
	return Method{Decode: Greedy, Beams: 3, LengthPenalty: 1, TopP: 0.9, Temperature: 1, Weights: FP32}
}

// Validate joins every problem of the method.
func (m Method) Validate() error {
	var errs []error
	if !slices.Contains([]string{Greedy, Beam, Nucleus}, m.Decode) {
		errs = append(errs, fmt.Errorf("decode: want %s, %s or %s, got %q", Greedy, Beam, Nucleus, m.Decode))
	}
	if _, ok := packedKinds[m.Weights]; !ok {
		errs = append(errs, fmt.Errorf("weights: want %s, %s or %s, got %q", FP32, BF16, INT8, m.Weights))
	}
	if m.Beams < 1 || m.Beams > 64 {
		errs = append(errs, fmt.Errorf("beams: want 1 to 64, got %d", m.Beams))
	}
	if math.IsNaN(m.LengthPenalty) || math.IsInf(m.LengthPenalty, 0) {
		errs = append(errs, fmt.Errorf("length-penalty: want a number, got %v", m.LengthPenalty))
	}
	if !(m.TopP >= 0 && m.TopP <= 1) {
		errs = append(errs, fmt.Errorf("top-p: want a probability, got %v", m.TopP))
	}
	if !(m.Temperature > 0) || math.IsInf(m.Temperature, 0) {
		errs = append(errs, fmt.Errorf("temperature: want a number above 0, got %v", m.Temperature))
	}
	return errors.Join(errs...)
}

// imageSeed seeds what is drawn for an image, by its id and path, so that no other row has a part in it.
func imageSeed(seed, id int64, filePath string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%d/%s", seed, id, filePath)
	return h.Sum64()
}

// nucleusAtOnce is how many of the likeliest tokens are sorted at first: few nuclei are greater.
const nucleusAtOnce = 64

// Nucleus draws each token from the smallest set of likeliest ones whose probabilities add up to topP or more, after
// the scores were divided by temperature. Sequence i draws by seeds[i] alone.
func (d *Decoder) Nucleus(prompts []Prompt, eos int64, topP, temperature float64, seeds []uint64) []Sequence {
	var random []*rand.Rand
	for _, s := range seeds {
		random = append(random, rand.New(rand.NewPCG(s, 0)))
	}
	return d.generate(prompts, eos, func(which []int, scores tensor.Tensor) []int64 {
		logp := scores.Scale(1 / temperature).LogSoftmax(1) // [R, V]
		k := min(nucleusAtOnce, d.g.Config.Vocab)
		top, tokens := logp.TopK(k, 1) // [R, k]
		values, ids := top.Float32s(), tokens.Int64s()
		next := make([]int64, len(which))
		for i, s := range which {
			v, at := values[int64(i)*k:][:k], ids[int64(i)*k:][:k]
			if mass(v) < topP && k < d.g.Config.Vocab {
				all, order := logp.Narrow(0, int64(i), 1).TopK(d.g.Config.Vocab, 1)
				v, at = all.Float32s(), order.Int64s()
			}
			next[i] = at[draw(v, topP, random[s].Float64())]
		}
		return next
	})
}

// mass is the probability of log probabilities.
func mass(logp []float32) (sum float64) {
	for _, v := range logp {
		sum += math.Exp(float64(v))
	}
	return sum
}

// draw picks a place of the nucleus of log probabilities in falling order by a number u of [0, 1).
func draw(logp []float32, topP, u float64) int {
	n, sum := 0, 0.0
	for n < len(logp) && (n == 0 || sum < topP) {
		sum += math.Exp(float64(logp[n]))
		n++
	}
	u *= sum
	for i, v := range logp[:n] {
		if u -= math.Exp(float64(v)); u < 0 {
			return i
		}
	}
	return n - 1
}
