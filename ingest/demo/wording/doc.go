// Package wording puts drawn identities into words: the sentences of the demo corpus and the table of what counts as the same word.
//
// Two embedded files hold the language, so that it can be read and changed without reading code: grammar.txt with the sentence shapes of
// the two styles, synonyms.txt with the words. A caption is made in four steps:
//
//	what      the slots that the picture shows; sometimes one of them is kept back from one of the two captions
//	shape     one of the style's shapes that has a place for all of them
//	phrases   a word for each colour, kind and pattern out of the synonyms, in one of several orders
//	finish    articles (flowing style only), "and" in lists, capitals
//
// Nothing that a caption says contradicts the identity; it may say less, and more than the six attributes do (sleeves, lengths, build,
// the second colour of a pattern).
package wording
