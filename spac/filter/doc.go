// Package filter cleans tracks of person crops: it takes foreign persons out of
// a track, gives them back to a neighbouring track where they belong to one, and
// joins neighbouring tracks that show the same person.
//
// It is the seed filter strategy of the SYNTH-PEDES construction (paper A.7.2,
// algorithm 1). Tracks ("identities") come in sequence order, each with one
// embedding per sample:
//
//	1 filter-out    while a track's least similar sample has a cosine below
//	                SigmaS with the centre of the track's other samples,
//	                exclude it
//	2 reassignment  an excluded sample of track k joins the track among
//	                k-RA..k+RA (not k) with the nearest centre after step 1, if
//	                the cosine is SigmaR or more; else it is dropped
//	3 merger        tracks k and k+i, i in 1..RB, whose centres after step 2 have
//	                a cosine above SigmaM are joined, transitively, under the
//	                smallest id
//
// k and i count positions in the sequence, not ids. Rows are L2-normalised, a
// centre is the mean of rows, and what the paper leaves open is settled (ours)
// so that nothing depends on the order of samples in memory: a tie in step 1
// excludes the later sample, which with two samples is always the second; a tie
// in step 2 takes the smallest position.
//
// [Run] is the first pass. It reads embeddings only, in one stream, and holds
// the sums of 2*RA+RB+1 tracks and the excluded vectors of RA of them; what
// grows with the data is 24 bytes a track and 40 bytes an excluded sample.
// [Decisions.Apply] is the second pass, which writes the rows that stay, in
// order, under their new ids.
//
// Sums are exact. A normalised component is rounded to a multiple of 2^-30, which
// a float32 holds, and a float64 adds up to 2^23 of them without rounding.
// Subtracting an excluded row therefore leaves the very sum that adding the
// others would give, in any order, and the stream's result equals, bit for bit,
// that of the algorithm run on everything in memory.
package filter
