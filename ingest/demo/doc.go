// Package demo is the embedded corpus: drawn pedestrians with captions, so that the whole line runs without a download.
//
// A corpus has five parts:
//
//	captioned    clean, six attributes and two captions an image; SPAC learns from it
//	raw          tracks as a tracker leaves them, in sequence order, without text; the truth is in TruthID and TruthAttributes
//	valid, test  identities never seen in the others, with attributes and captions
//	valid-noisy  the valid identities as noisy tracks, for setting the filter's thresholds
//
// The person package says who there is, draw paints, wording writes. Everything about a picture is a pure function of (seed, part,
// identity, image), so parts can be drawn in any order by any number of workers and always come out the same; a larger part begins with
// the smaller one's identities.
//
// Noise: with rate r, an identity's pictures are cut into two neighbouring tracks with probability r, and each place in a track shows a
// foreign person with probability r, but never half of a track. Seven of ten foreign persons come from a track at most two away, as when a
// tracker swaps two people who cross, so that reassigning them is possible; the others come from anywhere in the part.
package demo
