// Package attributes finds the six pedestrian attributes in a caption: who it is, what is
// on the head, the upper garment, the lower garment, the shoes and what is carried (paper
// A.7.3). Its phrases are the captioner's training targets, the words that masked
// modelling hides, and the figures of caption scoring.
//
// A caption goes through five steps:
//
//	split   words and punctuation with their byte offsets          token.go
//	tag     part of speech from a lexicon, endings and neighbours  tagger.go
//	chunk   noun phrases: modifier* noun+                          chunk.go
//	assign  the head noun, the last of the phrase, names the slot  assign.go
//	predict colours said after the noun: "the jeans are blue"      predicate.go
//
// The tagger is ours and small: captions of people use a narrow English, and a keyword
// decides the slot anyway. What matters is where a phrase begins. A colour word is a
// modifier wherever it stands, whatever the tagger would have made of it ("orange", "tan",
// "navy" are nouns elsewhere).
//
// # Word lists
//
// Both lists are embedded text and can be replaced through [Options]. The keyword list
// holds the head nouns of every slot, the colours and the words for persons; its syntax,
// which the lexicon shares, is described at its top. Public sources give no such list: the
// authors took frequent nouns of two caption data sets and never published them, so ours
// is written by hand from the public attribute vocabularies.
package attributes
