// Package distribute evens out captioned identities before pre-training: the
// data distribution strategy of the SYNTH-PEDES construction (paper A.7.3).
//
// Every identity goes through three rules, in this order:
//
//	1 attributes  drop an image with MaxUnknown or more unknown attributes, or
//	              with upper and lower garment both unknown
//	2 gender      let the images' gender attributes vote; the class with a share
//	              above GenderShare is given to all of them, attributes and
//	              texts; without such a class drop the identity
//	3 balance     drop an identity of fewer than MinImages images; of more than
//	              MaxImages keep that many, drawn by Seed
//
// The vote knows male and female. Neutral words ("person") are not counted; they,
// and the words of the outvoted class, are replaced by the commonest word of the
// winning one. Captions and prompt captions follow in their nouns and pronouns
// (ours), and a caption is dropped that is then empty, repeats another one of
// its image, or still speaks of the other gender. An image that loses its last
// sentence is dropped.
//
// [Config.Distribute] is the pure function for one identity, [Apply] the pass over
// shards. What English needs (which words are male, how a caption is rewritten)
// comes in as a [Wording].
package distribute
