// Package text turns captions into token ids and back: WordPiece for BERT and byte-level BPE for GPT-2.
//
// WordPiece, uncased, reads a caption in one pass:
//
//	special tokens as written ([CLS] [SEP] [MASK] [PAD] [UNK]) are cut out first
//	NUL, U+FFFD, control, format and private characters are dropped; white space separates
//	a CJK ideograph is a word of its own
//	canonical decomposition, accents (category Mn) dropped, lower case rune by rune
//	a punctuation rune is a word of its own
//	each word: longest vocabulary entry first, the following ones with "##"; no match, or over 100 runes: [UNK]
//	[CLS] tokens [SEP], cut from the right to the given length
//
// Every token carries the byte range of the text it came from, so that a phrase found in the text can be masked.
// Character categories are those of Unicode 8, which the reference tokenizer carries: later characters are plain
// letters there, and so they are here.
//
// Byte-level BPE cuts the text by GPT-2's pattern, without a regular expression:
//
//	's 't 're 've 'm 'll 'd | optional space + letters | optional space + numbers | optional space + others |
//	white space, less its last rune where something follows | white space
//
// and joins the bytes of each cut by the merge list, lowest rank first. Any byte string survives Encode and Decode
// up to the replacement of bytes that are no UTF-8.
//
// The vocabularies are the files of a hub folder: vocab.txt (line = id), or vocab.json (token to id) with merges.txt
// (one pair a line, by rank). TrainWordPiece and TrainBPE make small ones from captions. Tokenizers do not change
// after construction and are safe for concurrent use.
package text
