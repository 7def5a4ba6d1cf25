package captions

import (
	"strings"
	"unicode"
)

// Options say how captions become words.
type Options struct {
	KeepPunctuation bool // leave punctuation on its word. Default false
}

// words cuts a caption.
func (o Options) words(caption string) []string {
	words := strings.Fields(strings.ToLower(caption))
	if o.KeepPunctuation {
		return words
	}
	kept := words[:0]
	for _, w := range words {
		if w = strings.TrimFunc(w, mark); w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

func mark(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }

// lexicon numbers words from 1.
type lexicon map[string]int32

func (l lexicon) encode(words []string) []int32 {
	out := make([]int32, len(words))
	for i, w := range words {
		n, ok := l[w]
		if !ok {
			n = int32(len(l) + 1)
			l[w] = n
		}
		out[i] = n
	}
	return out
}

// maxN is the length of the longest n-grams counted.
const maxN = 4

// gram is an n-gram of up to four words, the rest 0.
type gram [maxN]int32

// counted is an n-gram of a caption with how often it occurs.
type counted struct {
	gram gram
	n    int
}

// grams returns the n-grams of one length in the order of their first places.
func grams(words []int32, n int) []counted {
	var out []counted
	at := make(map[gram]int, len(words))
	for i := 0; i+n <= len(words); i++ {
		var g gram
		copy(g[:], words[i:i+n])
		k, ok := at[g]
		if !ok {
			k = len(out)
			at[g] = k
			out = append(out, counted{gram: g})
		}
		out[k].n++
	}
	return out
}
