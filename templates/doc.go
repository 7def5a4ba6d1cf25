// Package templates holds the sentences of attributes prompt engineering (paper A.5.1): a
// masked sentence is picked for what is known of a person and its brackets are filled with
// the attributes, which gives the prompt caption.
//
//	[person] with [head] is wearing [up] and [down], carrying [others].
//	A man with black hair is wearing a black shirt and blue jeans, carrying a grey backpack.
//
// The paper masks sentences of public data sets. Ours come from a grammar written for this
// package, so that no sentence is anybody else's.
//
// # Brackets
//
// [person] is the gender slot and stands in every sentence; [head], [up], [down], [shoes]
// and [others] are the slots head, upper, lower, shoes and belongings. Every set of the
// five that has [up] or [down] is reachable and has sentences for a male, a female and a
// neutral person. No article stands before a bracket: [Library.Fill] writes "a", "an",
// nothing, or "a pair of".
//
// # The grammar
//
// grammar.txt is read by lines; "#" starts a comment line.
//
//	@name:      opens a rule; the lines after it are its alternatives
//	[up]        a bracket
//	@name       any alternative of that rule
//	{he}        a pronoun: he she they; also {his} {him}, and {He} {His} at a start
//	{is/are}    a verb after a pronoun: after he and she, after they
//	-           an alternative without words
//
// Words are separated by one space, except before a comma or full stop. A sentence is a
// derivation of @sentence that uses each bracket of its set exactly once. Derivations are
// counted, not listed: [Load] takes a fixed number for every set, spread over the frames,
// and drops those that repeat a word a writer would not repeat.
package templates
