package captions

import "math"

// The constants of the COCO evaluation, which keep BLEU defined for captions that
// share no n-gram with their references or are shorter than n words.
const (
	tiny  = 1e-15
	small = 1e-9
)

// bleuCounts are what BLEU adds up over pairs.
type bleuCounts struct {
	correct, guess [maxN]int
	length, target int // words of hypotheses and of their closest references
}

func (b *bleuCounts) add(o bleuCounts) {
	for n := range maxN {
		b.correct[n] += o.correct[n]
		b.guess[n] += o.guess[n]
	}
	b.length += o.length
	b.target += o.target
}

// countBLEU counts one pair.
func countBLEU(hypothesis []int32, references [][]int32) bleuCounts {
	b := bleuCounts{length: len(hypothesis), target: -1}
	for _, r := range references {
		d, best := distance(len(r), b.length), distance(b.target, b.length)
		if b.target < 0 || d < best || d == best && len(r) < b.target {
			b.target = len(r)
		}
	}
	for n := 1; n <= maxN; n++ {
		b.guess[n-1] = max(0, len(hypothesis)-n+1)
		most := map[gram]int{}
		for _, r := range references {
			for _, g := range grams(r, n) {
				most[g.gram] = max(most[g.gram], g.n)
			}
		}
		for _, g := range grams(hypothesis, n) {
			b.correct[n-1] += min(g.n, most[g.gram])
		}
	}
	return b
}

func distance(a, b int) int { return max(a-b, b-a) }

// scores returns BLEU-1 to BLEU-4.
func (b *bleuCounts) scores() (s [maxN]float64) {
	product := 1.0
	brevity := 1.0
	if ratio := (float64(b.length) + tiny) / (float64(b.target) + small); ratio < 1 {
		brevity = math.Exp(1 - 1/ratio)
	}
	for n := range maxN {
		product *= (float64(b.correct[n]) + tiny) / (float64(b.guess[n]) + small)
		s[n] = math.Pow(product, 1/float64(n+1)) * brevity
	}
	return s
}
