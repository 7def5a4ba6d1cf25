package eval

// blend is what the scores of one query are made of.
type blend struct {
	length   float64 // squared length of the query
	furthest float32 // its greatest distance to any sample
	apart    float64 // weight of the Jaccard distance, 1-Lambda
	lambda   float64 // weight of the original distance
}

// score is that of a gallery entry, given its dot product with the query, its
// squared length and the Jaccard distance. The conversions keep a compiler from
// fusing, so that machines with and without vector registers give the same bits.
func (b *blend) score(dot float32, length, jaccard float64) float32 {
	d := share(float32(max(0, b.length+length-2*float64(dot))), b.furthest)
	return -float32(float64(b.apart*jaccard) + float64(b.lambda*float64(d)))
}

// row writes the scores of all entries as if none shared a neighbour with the
// query, whose Jaccard distance is 1 then.
func (b *blend) row(dots []float32, lengths []float64, dst []float32) {
	lengths, dst = lengths[:len(dots)], dst[:len(dots)]
	for g := b.blocks(dots, lengths, dst); g < len(dots); g++ {
		dst[g] = b.score(dots[g], lengths[g], 1)
	}
}
