// Package captions measures generated captions against human ones: BLEU 1 to 4,
// ROUGE-L and CIDEr-D as the COCO caption evaluation computes them, and how varied
// captions are.
//
//	BLEU-n   corpus level: clipped n-gram counts and lengths are added up over
//	         all pairs, the reference length is the closest one (of equally close
//	         ones the shorter), 1e-15 and 1e-9 keep quotients defined
//	ROUGE-L  mean over pairs of the F measure, beta 1.2, of the greatest precision
//	         and the greatest recall of the longest common subsequence over the
//	         references
//	CIDEr-D  mean over pairs; n = 1..4, document frequencies from these
//	         references, counts clipped, Gaussian length penalty with sigma 6 in
//	         bigrams, times 10
//
// A caption is cut into lower-case words at white space; punctuation at the ends
// of words is taken off unless [Options] keeps it ("t-shirt" is one word either
// way). Sums run in the order of pairs and words, so a figure does not change
// from run to run.
package captions
