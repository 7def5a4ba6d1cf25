package text

import (
	"container/heap"
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// appendCut appends the tokens of one cut of the pattern, from the cache where it was seen before.
func (b *BPE) appendCut(ids []int32, cut string) []int32 {
	if len(cut) > maxCachedBytes {
		return append(ids, b.merge(cut)...)
	}
	if e := b.cache.find(cut); e != nil {
		return append(ids, e.ids...)
	}
	e := &cachedCut{cut: strings.Clone(cut), ids: b.merge(cut)}
	b.cache.keep(e)
	return append(ids, e.ids...)
}

// merge joins the bytes of one cut: of all neighbours in the merge list the lowest rank first, of equal ones the
// leftmost. The candidates wait in a heap, so a cut of n bytes costs n log n however long it is.
func (b *BPE) merge(cut string) []int32 {
	n := len(cut)
	ids := make([]int32, n)
	for i := range n {
		ids[i] = b.single[cut[i]]
	}
	// A linked list over ids: next[i] is the following live position, n at the end; gone marks what was joined.
	next, prev := make([]int32, n), make([]int32, n)
	for i := range n {
		next[i], prev[i] = int32(i+1), int32(i-1)
	}
	var waiting mergeHeap
	offer := func(at int32) {
		if at < 0 || int(next[at]) >= n {
			return
		}
		if m, ok := b.merges[pair{ids[at], ids[next[at]]}]; ok {
			heap.Push(&waiting, mergeCandidate{rank: m.rank, at: at})
		}
	}
	for i := range n {
		offer(int32(i))
	}
	const gone = -1
	for len(waiting) > 0 {
		c := heap.Pop(&waiting).(mergeCandidate)
		if ids[c.at] == gone || int(next[c.at]) >= n {
			continue
		}
		right := next[c.at]
		m, ok := b.merges[pair{ids[c.at], ids[right]}]
		if !ok || m.rank != c.rank { // a neighbour changed since the candidate was offered
			continue
		}
		ids[c.at], ids[right] = m.id, gone
		next[c.at] = next[right]
		if int(next[right]) < n {
			prev[next[right]] = c.at
		}
		offer(prev[c.at])
		offer(c.at)
	}
	out := ids[:0]
	for i := int32(0); int(i) < n; i = next[i] {
		out = append(out, ids[i])
	}
	return out
}

// mergeCandidate is a pair that may be joined: that of position at with its live right neighbour.
type mergeCandidate struct{ rank, at int32 }

// mergeHeap orders candidates by rank, then from left to right.
type mergeHeap []mergeCandidate

func (h mergeHeap) Len() int { return len(h) }
func (h mergeHeap) Less(i, j int) bool {
	return h[i].rank < h[j].rank || h[i].rank == h[j].rank && h[i].at < h[j].at
}
func (h mergeHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *mergeHeap) Push(x any)   { *h = append(*h, x.(mergeCandidate)) }
func (h *mergeHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

const (
	cacheSlots     = 1 << 16 // captions of all four text datasets have about 10,000 distinct words
	maxCachedBytes = 48      // longer cuts are not words that come again
)

// wordCache maps cuts to their tokens, without a lock and in bounded memory. Every cut has two neighbouring slots by
// its hash; where both are taken, the later cut replaces the first, so that no two common words drive each other out.
type wordCache struct {
	seed  maphash.Seed
	slots []atomic.Pointer[cachedCut]
}

type cachedCut struct {
	cut string
	ids []int32
}

func newWordCache() wordCache {
	return wordCache{seed: maphash.MakeSeed(), slots: make([]atomic.Pointer[cachedCut], cacheSlots)}
}

// slot is the first of a cut's two slots; the other is slot^1.
func (c *wordCache) slot(cut string) uint64 { return maphash.String(c.seed, cut) % cacheSlots }

func (c *wordCache) find(cut string) *cachedCut {
	first := c.slot(cut)
	if e := c.slots[first].Load(); e != nil && e.cut == cut {
		return e
	}
	if e := c.slots[first^1].Load(); e != nil && e.cut == cut {
		return e
	}
	return nil
}

func (c *wordCache) keep(e *cachedCut) {
	first := c.slot(e.cut)
	if !c.slots[first].CompareAndSwap(nil, e) && !c.slots[first^1].CompareAndSwap(nil, e) {
		c.slots[first].Store(e)
	}
}
