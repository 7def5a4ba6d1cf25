// Package eval turns embeddings into the figures of person re-identification. It
// knows no model: a caller hands over scores of queries against a gallery,
// block by block, with identities, and gets back rank figures.
//
//	for each block of queries:
//	    scores(block)                     // the caller's matrix product
//	    for each query, in parallel:
//	        put -Inf at gallery entries that do not count for it
//	        matches = entries of its identity that do count
//	        rank of a match = entries with a greater score
//	                          + equal ones earlier in the gallery
//	        CMC, AP, INP from the ranks
//	means over queries, in their order
//
// Nothing is sorted: only the ranks of the matches matter, and a rank is a
// count. Ties go to the smaller gallery index, so a result is a function of its
// input. A query without a match is counted and left out of the means
// ([Protocol] can divide by all queries, as the Python release does).
//
// Ranks r_0 < r_1 < ... of R matches, from 0, give
//
//	AP            1/R * sum (i+1)/(r_i+1)
//	APTrapezoid   1/R * sum ((i+1)/(r_i+1) + o_i)/2, o_i = i/r_i, 1 when r_i = 0
//	INP           R / (r_last+1)
//
// The trapezoid is the mAP of the release, SSAN, LGUR and Market-1501's Matlab
// code; it is never higher than the other, which everyone else reports. The two
// must not be compared.
//
// [Ceiling] gives the figures of an oracle that ranks by true attributes, in
// expectation over its ties. [Rerank] is k-reciprocal re-ranking.
// [AttributeAccuracy] compares attribute answers with the truth. Caption
// measures are in the package captions below this one.
package eval
