package captions

import (
	"math"
	"slices"
)

// Lengths is how many words captions have.
type Lengths struct {
	Captions int     `json:"captions"`
	Mean     float64 `json:"mean"`
	Std      float64 `json:"std"`
	P10      int     `json:"p10"` // words that 10 % of the captions do not exceed
	P50      int     `json:"p50"`
	P90      int     `json:"p90"`
}

// MeasureLengths counts the words of captions. Without captions all figures are 0.
func MeasureLengths(captions []string, o Options) Lengths {
	l := Lengths{Captions: len(captions)}
	if l.Captions == 0 {
		return l
	}
	var counts []int
	sum, squares := 0.0, 0.0
	for _, c := range captions {
		n := len(o.words(c))
		counts = append(counts, n)
		sum, squares = sum+float64(n), squares+float64(n*n)
	}
	slices.Sort(counts)
	n := float64(l.Captions)
	l.Mean = sum / n
	l.Std = math.Sqrt(max(0, squares/n-l.Mean*l.Mean))
	at := func(share float64) int { return counts[max(0, int(math.Ceil(share*n))-1)] }
	l.P10, l.P50, l.P90 = at(0.1), at(0.5), at(0.9)
	return l
}
