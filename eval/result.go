package eval

import "math"

// Query is the result of one query.
type Query struct {
	Matches     int     `json:"matches"` // entries of its identity that count; with none, all below is 0
	First       int     `json:"first"`   // rank, from 1, of the best match
	AP          float64 `json:"ap"`
	APTrapezoid float64 `json:"ap_trapezoid"`
	INP         float64 `json:"inp"`
	Tied        bool    `json:"tied"`          // another entry has exactly a match's score
	Top         []int32 `json:"top,omitempty"` // gallery indices, best first; nil unless Protocol.Top
}

// Figures are means over queries, as fractions.
type Figures struct {
	R1           float64   `json:"r1"`
	R5           float64   `json:"r5"`
	R10          float64   `json:"r10"`
	MAP          float64   `json:"map"`
	MAPTrapezoid float64   `json:"map_trapezoid"`
	MINP         float64   `json:"minp"`
	CMC          []float64 `json:"cmc"` // at k-1: share of queries with a match among the first k
}

// Result is the outcome of a ranking.
type Result struct {
	Figures
	Queries      int     `json:"queries"`
	WithoutMatch int     `json:"without_match"` // left out of the means unless Protocol.AllQueries
	Gallery      int     `json:"gallery"`       // entries that count for some query
	Identities   int     `json:"identities"`    // distinct ids among those
	Tied         int     `json:"tied"`          // queries with a tie at a match
	PerQuery     []Query `json:"-"`             // in the order of the queries
}

// measure fills the figures of a query from the ranks of its matches, from 0 and
// ascending.
func (q *Query) measure(ranks []int32) {
	n := len(ranks)
	q.Matches, q.First = n, int(ranks[0])+1
	for i, r := range ranks {
		p := float64(i+1) / float64(r+1)
		old := 1.0
		if r > 0 {
			old = float64(i) / float64(r)
		}
		q.AP += p
		q.APTrapezoid += (p + old) / 2
	}
	q.AP /= float64(n)
	q.APTrapezoid /= float64(n)
	q.INP = float64(n) / float64(ranks[n-1]+1)
}

// newResult takes the means over per, in order.
func newResult(per []Query, f *filter) *Result {
	r := &Result{Queries: len(per), PerQuery: per}
	for _, entries := range f.byID {
		n := 0
		for _, g := range entries {
			if !f.left[g] {
				n++
			}
		}
		r.Gallery += n
		if n > 0 {
			r.Identities++
		}
	}
	r.CMC = make([]float64, f.protocol.MaxRank)
	for _, q := range per {
		if q.Matches == 0 {
			r.WithoutMatch++
			continue
		}
		if q.Tied {
			r.Tied++
		}
		if q.First <= len(r.CMC) {
			r.CMC[q.First-1]++
		}
		for i, k := range []int{1, 5, 10} {
			if q.First <= k {
				*[]*float64{&r.R1, &r.R5, &r.R10}[i]++
			}
		}
		r.MAP += q.AP
		r.MAPTrapezoid += q.APTrapezoid
		r.MINP += q.INP
	}
	for k := 1; k < len(r.CMC); k++ {
		r.CMC[k] += r.CMC[k-1]
	}
	r.divide(f.protocol.divisor(r.Queries, r.WithoutMatch))
	return r
}

// divisor is the number of queries that a mean is over.
func (p Protocol) divisor(queries, withoutMatch int) float64 {
	if p.AllQueries {
		return float64(queries)
	}
	return float64(queries - withoutMatch)
}

// divide turns sums into means. Without a query every figure stays 0.
func (f *Figures) divide(n float64) {
	n = math.Max(n, 1)
	for _, x := range []*float64{&f.R1, &f.R5, &f.R10, &f.MAP, &f.MAPTrapezoid, &f.MINP} {
		*x /= n
	}
	for k := range f.CMC {
		f.CMC[k] /= n
	}
}
