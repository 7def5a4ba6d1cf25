package eval

import "slices"

// Found is a gallery entry that was found for a query.
type Found struct {
	Entry int64 // its place in the gallery
	Score float32
}

// Best keeps the k best entries of every query while the scores of a gallery of
// any size go by in blocks: memory is that of one block and of what is kept.
// Of equal scores the smaller place is better; a NaN is never kept.
type Best struct {
	k    int
	kept [][]Found // by query, best first
}

// NewBest keeps k entries, 1 or more, for each of so many queries.
func NewBest(queries, k int) *Best {
	b := &Best{k: max(k, 1), kept: make([][]Found, queries)}
	for i := range b.kept {
		b.kept[i] = make([]Found, 0, b.k)
	}
	return b
}

// Add offers n gallery entries, the first of which stands at place first. scores
// is [queries, n] row-major. Blocks come in the order of the gallery.
func (b *Best) Add(first int64, n int, scores []float32) {
	parallel(0, len(b.kept), func(q int) {
		kept := b.kept[q]
		for j, s := range scores[q*n : (q+1)*n] {
			if len(kept) == b.k && !(s > kept[b.k-1].Score) || s != s {
				continue
			}
			if len(kept) < b.k {
				kept = append(kept, Found{})
			}
			at := len(kept) - 1
			for at > 0 && kept[at-1].Score < s {
				kept[at] = kept[at-1]
				at--
			}
			kept[at] = Found{first + int64(j), s}
		}
		b.kept[q] = kept
	})
}

// Of returns what was kept for a query, best first.
func (b *Best) Of(query int) []Found { return slices.Clone(b.kept[query]) }
