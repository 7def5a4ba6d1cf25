package index

import (
	"math"
	"slices"
)

// candidates keep about the best n of what is offered: up to twice as many are collected before the worse half is dropped,
// which costs less than keeping them in order. Entries with equal scores are kept by row, as long as they are offered in
// the order of their rows.
type candidates struct {
	n     int
	least float32 // only what is above it is worth offering
	list  []Found
}

func newCandidates(queries, n int) []*candidates {
	all := make([]*candidates, queries)
	for i := range all {
		all[i] = &candidates{n: n, least: float32(math.Inf(-1))}
	}
	return all
}

// add takes an entry whose score is above least.
func (c *candidates) add(f Found) {
	c.list = append(c.list, f)
	if len(c.list) >= 2*c.n {
		c.cut()
	}
}

// cut drops all but the best n.
func (c *candidates) cut() {
	if len(c.list) < c.n {
		return
	}
	slices.SortFunc(c.list, before)
	c.list = c.list[:c.n]
	c.least = c.list[c.n-1].Score
}

// merge takes what another worker kept of rows after those of c, and leaves the best n.
func (c *candidates) merge(o *candidates) {
	c.list = append(c.list, o.list...)
	c.cut()
}
