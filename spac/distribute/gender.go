package distribute

import (
	"slices"
	"strings"

	"plip/parquet"
	"plip/spac/attributes"
)

// Wording is what the rules need to know of English; *attributes.Extractor has it.
type Wording interface {
	// Class returns the gender class of a phrase.
	Class(phrase string) attributes.Class
	// RewriteGender makes a sentence's nouns and pronouns those of a class, with
	// word for its person.
	RewriteGender(sentence string, to attributes.Class, word string) string
	// ContradictsGender tells whether a sentence speaks of the other class.
	ContradictsGender(sentence string, want attributes.Class) bool
}

// election is the result of the gender vote.
type election struct {
	class attributes.Class // Neutral when there was no vote
	share float64          // of class among the votes
	word  string           // commonest word of class; of equals the first in the alphabet
}

// vote counts the gender attributes of the images.
func vote(rows []*parquet.Row, wording Wording) election {
	words := map[attributes.Class]map[string]int{attributes.Male: {}, attributes.Female: {}}
	votes := map[attributes.Class]int{}
	for _, r := range rows {
		word := r.Attributes[attributes.Gender]
		class := wording.Class(word)
		if class == attributes.Neutral {
			continue
		}
		votes[class]++
		words[class][word]++
	}
	e := election{class: attributes.Male}
	if votes[attributes.Female] > votes[attributes.Male] {
		e.class = attributes.Female
	}
	all := votes[attributes.Male] + votes[attributes.Female]
	if all == 0 {
		return election{class: attributes.Neutral}
	}
	e.share = float64(votes[e.class]) / float64(all)
	most := 0
	for word, n := range words[e.class] {
		if n > most || n == most && word < e.word {
			most, e.word = n, word
		}
	}
	return e
}

// conform gives an image the elected gender. The row's slices are replaced, not
// written to.
func (e election) conform(r *parquet.Row, wording Wording, rep *Report) {
	word := r.Attributes[attributes.Gender]
	if wording.Class(word) != e.class {
		r.Attributes = slices.Clone(r.Attributes)
		r.Attributes[attributes.Gender] = e.word
		word = e.word
		rep.Regendered++
	}
	r.Captions = e.sentences(r.Captions, word, wording, rep)
	r.PromptCaption = e.sentences(r.PromptCaption, word, wording, rep)
}

// sentences rewrites captions for the elected class, word standing for its person,
// and leaves out those that say nothing, nothing new, or the contrary.
func (e election) sentences(captions []string, word string, wording Wording, rep *Report) []string {
	var out []string
	for _, c := range captions {
		if strings.TrimSpace(c) == "" {
			rep.Empty++
			continue
		}
		s := wording.RewriteGender(c, e.class, word)
		switch {
		case wording.ContradictsGender(s, e.class):
			rep.Contradict++
			continue
		case slices.ContainsFunc(out, func(o string) bool { return sameSentence(o, s) }):
			rep.Repeated++
			continue
		case s != c:
			rep.Rewritten++
		}
		out = append(out, s)
	}
	return out
}

// sameSentence compares words, not their case, their spaces or what ends them.
func sameSentence(a, b string) bool {
	x, y := strings.Fields(strings.TrimRight(a, ". ")), strings.Fields(strings.TrimRight(b, ". "))
	return slices.EqualFunc(x, y, strings.EqualFold)
}
