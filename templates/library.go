package templates

import (
	"cmp"
	_ "embed"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
)

//go:embed grammar.txt
var grammarText string

//go:embed nouns.txt
var nounsText string

// Template is a masked sentence, or two or three short ones.
type Template struct {
	Text   string   `json:"text"`   // "[person] wears [up] and [down]."
	Slots  []string `json:"slots"`  // those that occur besides the person, in the order head, upper, lower, shoes, belongings
	Gender string   `json:"gender"` // of its pronouns: Male, Female or Neutral
}

// Library holds every sentence. It is immutable and safe for concurrent use.
type Library struct {
	byCase [numSets][len(genders)][]Template
	nouns  *nounTable
}

// perCase is the number of sentences of a set of slots and a gender, where the grammar has
// that many. Twelve are asked for (spac.md 4); five times as many spread the prompt captions
// of one identity's images.
const perCase = 60

// Load builds the library from the embedded grammar. It takes some tens of milliseconds,
// so callers keep it. The embedded data gives no error; one names the line of a changed file.
func Load() (*Library, error) { return load(grammarText, nounsText) }

func load(grammar, nouns string) (*Library, error) {
	g, err := parseGrammar(grammar)
	if err != nil {
		return nil, err
	}
	table, err := parseNouns(nouns)
	if err != nil {
		return nil, err
	}
	l := &Library{nouns: table}
	d, err := newDeriver(g)
	if err != nil {
		return nil, err
	}
	for set := range Set(numSets) {
		if !set.Reachable() {
			continue
		}
		sentences := choose(d, set, perCase)
		if len(sentences) == 0 {
			return nil, fmt.Errorf("grammar: want a sentence for %v, got none", set)
		}
		for n, gender := range genders {
			for _, symbols := range sentences {
				l.byCase[set][n] = append(l.byCase[set][n], Template{
					Text: render(symbols, n), Slots: set.Names(), Gender: gender,
				})
			}
		}
	}
	return l, nil
}

// choose returns up to n different well-made derivations for a set of slots. It goes round
// the frames, which say things most differently, in an order of the set's own, and takes a
// derivation of each at a scattered rank.
func choose(d *deriver, set Set, n int) [][]symbol {
	const rounds, tries = 12, 12
	frames := make([]int, len(d.g.rules[d.g.start]))
	for f := range frames {
		frames[f] = f
	}
	slices.SortFunc(frames, func(a, b int) int {
		return cmp.Compare(scatter(uint64(set), uint64(a)), scatter(uint64(set), uint64(b)))
	})
	seen := make(map[string]bool)
	var out [][]symbol
	for round := range rounds {
		for _, f := range frames {
			count := d.rows[d.g.start][f][0][set]
			for try := 0; try < tries && count > 0; try++ {
				rank := scatter(uint64(set), uint64(f), uint64(round), uint64(try)) % uint64(count)
				symbols := d.build(nil, d.g.start, f, set, int64(rank))
				text := render(symbols, 0)
				if seen[text] || !wellMade(text) {
					continue
				}
				seen[text] = true
				out = append(out, symbols)
				break
			}
			if len(out) == n {
				return out
			}
		}
	}
	return out
}

// scatter hashes numbers to one whose every bit depends on all of them.
func scatter(numbers ...uint64) uint64 {
	h := fnv.New64a()
	var b [8]byte
	for _, n := range numbers {
		binary.LittleEndian.PutUint64(b[:], n)
		h.Write(b[:])
	}
	return finish(h.Sum64())
}

// finish mixes the upper bits of an FNV hash into the lower ones, which a remainder uses
// (the last step of MurmurHash3).
func finish(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// All returns every sentence: by set of slots, then by gender (male, female, neutral).
// A sentence without pronoun stands under each gender.
func (l *Library) All() []Template {
	var all []Template
	for set := range l.byCase {
		for _, list := range l.byCase[set] {
			all = append(all, list...)
		}
	}
	return all
}

// Pick returns the sentence that key chooses among those of a set of slots and a gender. It
// reports false when the set is not reachable or the gender is none of the three.
func (l *Library) Pick(present Set, gender string, key uint64) (Template, bool) {
	n := slices.Index(genders[:], gender)
	if n < 0 || !present.Reachable() {
		return Template{}, false
	}
	list := l.byCase[present][n]
	return list[key%uint64(len(list))], true
}
