package eval

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
)

// manyMatches is from how many matches on one pass with a binary search per entry
// is faster than one counting pass per match.
const manyMatches = 128

// ranker holds a worker's memory.
type ranker struct {
	matches, own []int32
	ranks        []int32
	order        []match
	counts       []int32
}

// match is an entry of the query's identity with its score.
type match struct {
	score float32
	g     int32
}

// before orders entries by descending score, equal ones by gallery index.
func (m match) before(o match) bool {
	return m.score > o.score || m.score == o.score && m.g < o.g
}

// ranksOf returns the ranks, from 0 and ascending, of the matches in row, and
// whether another entry has exactly the score of one. Entries that do not count
// are -Inf in row. The result is valid until the next call.
func (r *ranker) ranksOf(row []float32, matches []int32) ([]int32, bool, error) {
	for _, g := range matches {
		if s := float64(row[g]); math.IsNaN(s) || math.IsInf(s, 0) {
			return nil, false, fmt.Errorf("gallery entry %d: want a finite score, got %v", g, row[g])
		}
	}
	r.ranks = r.ranks[:0]
	if len(matches) >= manyMatches {
		return r.searchRanks(row, matches)
	}
	tied := false
	for some := range slices.Chunk(matches, atOnce) {
		var t [atOnce]float32
		for k := range t {
			t[k] = row[some[min(k, len(some)-1)]]
		}
		above, notBelow := count(row, &t)
		for k, g := range some {
			if notBelow[k]-above[k] > 1 {
				equal, err := equalBefore(row, g)
				if err != nil {
					return nil, false, err
				}
				tied, above[k] = true, above[k]+equal
			}
			r.ranks = append(r.ranks, int32(above[k]))
		}
	}
	slices.Sort(r.ranks)
	return r.ranks, tied, nil
}

// equalBefore is how many entries before g have its score.
func equalBefore(row []float32, g int32) (n int, err error) {
	for i, s := range row {
		switch {
		case s != s:
			return 0, fmt.Errorf("gallery entry %d: want a score, got %v", i, s)
		case s == row[g] && i < int(g):
			n++
		}
	}
	return n, nil
}

// searchRanks sorts the matches and finds for every entry the first match that
// it stands before.
func (r *ranker) searchRanks(row []float32, matches []int32) ([]int32, bool, error) {
	r.order, r.counts = r.order[:0], r.counts[:0]
	for _, g := range matches {
		r.order = append(r.order, match{row[g], g})
	}
	slices.SortFunc(r.order, func(a, b match) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.g, b.g))
	})
	r.counts = append(r.counts, make([]int32, len(matches)+1)...)
	least := r.order[len(r.order)-1].score
	tied := false
	for i, s := range row {
		if s < least {
			continue
		}
		if s != s {
			return nil, false, fmt.Errorf("gallery entry %d: want a score, got %v", i, s)
		}
		e := match{s, int32(i)}
		at := sort.Search(len(r.order), func(k int) bool { return e.before(r.order[k]) })
		r.counts[at]++
		// Of two equal entries that are both matches the later one sees the earlier.
		if at > 0 && r.order[at-1].score == s && (r.order[at-1].g != e.g || at > 1 && r.order[at-2].score == s) || at < len(r.order) && r.order[at].score == s {
			tied = true
		}
	}
	n := int32(0)
	for i := range r.order {
		n += r.counts[i]
		r.ranks = append(r.ranks, n)
	}
	return r.ranks, tied, nil
}

// best returns the k entries of row with the highest scores, best first, those at
// -Inf left out. The result belongs to the caller.
func (r *ranker) best(row []float32, k int) []int32 {
	top := make([]int32, 0, k)
	worst := float32(math.Inf(-1))
	for i, s := range row {
		if !(s > worst) {
			continue
		}
		if len(top) < k {
			top = append(top, 0)
		}
		at := len(top) - 1
		for at > 0 && row[top[at-1]] < s {
			top[at] = top[at-1]
			at--
		}
		top[at] = int32(i)
		if len(top) == k {
			worst = row[top[k-1]]
		}
	}
	return top
}
