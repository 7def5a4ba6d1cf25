package captions

import "math"

// ciderSigma is the deviation, in bigrams, of the length penalty (CIDEr-D).
const ciderSigma = 6.0

// frequencies counts in how many pairs' references an n-gram occurs.
type frequencies struct {
	grams   map[gram]int
	logSize float64 // log of pairs
}

func newFrequencies(references [][][]int32) *frequencies {
	f := &frequencies{grams: map[gram]int{}, logSize: math.Log(float64(len(references)))}
	for _, refs := range references {
		seen := map[gram]bool{}
		for _, r := range refs {
			for n := 1; n <= maxN; n++ {
				for _, g := range grams(r, n) {
					if !seen[g.gram] {
						seen[g.gram] = true
						f.grams[g.gram]++
					}
				}
			}
		}
	}
	return f
}

// weighted is the vector of a caption for one n: its n-grams with their weights.
type weighted struct {
	grams   []counted
	weights []float64
	at      map[gram]int
	norm    float64
}

// vectors returns a caption's vectors for n = 1..4 and its length in bigrams.
func (f *frequencies) vectors(words []int32) (v [maxN]weighted, bigrams int) {
	for n := range v {
		w := weighted{grams: grams(words, n+1)}
		w.at = make(map[gram]int, len(w.grams))
		var sum float64
		for i, g := range w.grams {
			idf := f.logSize - math.Log(math.Max(1, float64(f.grams[g.gram])))
			x := float64(g.n) * idf
			w.weights = append(w.weights, x)
			w.at[g.gram] = i
			sum += x * x
		}
		w.norm = math.Sqrt(sum)
		v[n] = w
	}
	return v, max(0, len(words)-1)
}

// cider returns the CIDEr-D of one pair.
func (f *frequencies) cider(hypothesis []int32, references [][]int32) float64 {
	h, length := f.vectors(hypothesis)
	var sum float64
	for _, r := range references {
		v, l := f.vectors(r)
		delta := float64(length - l)
		penalty := math.Exp(-delta * delta / (2 * ciderSigma * ciderSigma))
		for n := range h {
			sum += similarity(&h[n], &v[n]) * penalty
		}
	}
	return sum / maxN / float64(len(references)) * 10
}

// similarity is the cosine of two vectors, the hypothesis's weights clipped to the
// reference's.
func similarity(h, r *weighted) float64 {
	if h.norm == 0 || r.norm == 0 {
		return 0
	}
	var dot float64
	for i, g := range h.grams {
		if k, ok := r.at[g.gram]; ok {
			dot += math.Min(h.weights[i], r.weights[k]) * r.weights[k]
		}
	}
	return dot / (h.norm * r.norm)
}
