package eval

import (
	"math"
	"slices"
)

// sparse is a vector over samples: weights at ascending indices.
type sparse struct {
	index  []int32
	weight []float32
}

// reciprocal returns the samples among the first k+1 neighbours of i that have i
// among their own first k+1, in the order of nearness.
func (n *neighbours) reciprocal(dst []int32, i, k int) []int32 {
	first := min(k+1, n.k)
	for _, j := range n.of(i)[:first] {
		if slices.Contains(n.of(int(j))[:first], int32(i)) {
			dst = append(dst, j)
		}
	}
	return dst
}

// expanded returns the k-reciprocal neighbours of i with the k/2-reciprocal ones of
// each of them that mostly belong to the set already, ascending. k/2 is rounded
// to even, as Python does.
func (n *neighbours) expanded(i, k int) []int32 {
	half := int(math.RoundToEven(float64(k) / 2))
	set := n.reciprocal(nil, i, k)
	base := slices.Clone(set)
	var r []int32
	for _, j := range base {
		r = n.reciprocal(r[:0], int(j), half)
		common := 0
		for _, x := range r {
			if slices.Contains(base, x) {
				common++
			}
		}
		if 3*common > 2*len(r) {
			set = append(set, r...)
		}
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// encode turns the expanded set of i into weights exp(-distance) that add up to 1.
func (n *neighbours) encode(s *samples, i, k int) sparse {
	v := sparse{index: n.expanded(i, k)}
	var sum float64
	near := n.of(i)
	for _, j := range v.index {
		var d float32
		if at := slices.Index(near, j); at >= 0 {
			d = n.distances[i*n.k+at]
		} else {
			d = share(s.exact(i, int(j)), n.furthest[i])
		}
		w := math.Exp(-float64(d))
		v.weight = append(v.weight, float32(w))
		sum += w
	}
	for a := range v.weight {
		v.weight[a] = float32(float64(v.weight[a]) / sum)
	}
	return v
}

// mean returns the mean of the vectors of the given samples.
func mean(vectors []sparse, of []int32) sparse {
	n := 0
	for _, i := range of {
		n += len(vectors[i].index)
	}
	// Keys are a sample and then a place in weights, so that equal samples add up in
	// the order of the vectors.
	keys, weights := make([]uint64, 0, n), make([]float32, 0, n)
	for _, i := range of {
		for a, j := range vectors[i].index {
			keys = append(keys, uint64(j)<<32|uint64(len(weights)))
			weights = append(weights, vectors[i].weight[a])
		}
	}
	slices.Sort(keys)
	var v sparse
	for a := 0; a < n; {
		var sum float64
		j := keys[a] >> 32
		for ; a < n && keys[a]>>32 == j; a++ {
			sum += float64(weights[uint32(keys[a])])
		}
		v.index = append(v.index, int32(j))
		v.weight = append(v.weight, float32(sum/float64(len(of))))
	}
	return v
}
