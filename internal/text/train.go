package text

import (
	"container/heap"
	"slices"
	"strings"
)

// minPairCount is how often two neighbours must occur to be joined: once teaches nothing.
const minPairCount = 2

// pairTrainer learns a vocabulary by joining, again and again, the two neighbouring symbols that occur most often in a
// list of counted words. Ties go to the pair whose texts sort first, so that the result depends on the words and their
// counts alone. Both trainers run on it; they differ in the first symbols and in how two texts join.
type pairTrainer struct {
	symbols []string         // id -> text
	ids     map[string]int32 // text -> id
	join    func(left, right string) string

	words  []trainWord
	counts map[pair]int                // occurrences in all words
	in     map[pair]map[int32]struct{} // words that may hold the pair
	best   pairHeap
}

// trainWord is a distinct word as it is split so far.
type trainWord struct {
	symbols []int32
	count   int
}

// newPairTrainer takes the first symbols in the order of their ids, and the words with how often each occurs.
// split cuts a word into first symbols.
func newPairTrainer(symbols []string, counted map[string]int, split func(word string) []string, join func(left, right string) string) *pairTrainer {
	t := &pairTrainer{
		symbols: symbols,
		ids:     make(map[string]int32),
		join:    join,
		counts:  make(map[pair]int),
		in:      make(map[pair]map[int32]struct{}),
	}
	t.best.less = t.before
	for i, s := range symbols {
		t.ids[s] = int32(i)
	}
	texts := make([]string, 0, len(counted))
	for word := range counted {
		texts = append(texts, word)
	}
	slices.Sort(texts)
	for _, word := range texts {
		w := trainWord{count: counted[word]}
		for _, s := range split(word) {
			id, ok := t.ids[s]
			if !ok { // a character that the vocabulary has no room for ends what can be joined
				id = -1
			}
			w.symbols = append(w.symbols, id)
		}
		t.words = append(t.words, w)
		t.tally(int32(len(t.words)-1), 1, nil)
	}
	for p, n := range t.counts {
		t.best.items = append(t.best.items, countedPair{p, n})
	}
	heap.Init(&t.best)
	return t
}

// tally adds the pairs of one word to the counts (sign 1) or takes them out (sign -1), and notes them in touched.
func (t *pairTrainer) tally(word int32, sign int, touched map[pair]struct{}) {
	w := t.words[word]
	for i := 1; i < len(w.symbols); i++ {
		p := pair{w.symbols[i-1], w.symbols[i]}
		if p.left < 0 || p.right < 0 {
			continue
		}
		t.counts[p] += sign * w.count
		if sign > 0 {
			if t.in[p] == nil {
				t.in[p] = make(map[int32]struct{})
			}
			t.in[p][word] = struct{}{}
		}
		if touched != nil {
			touched[p] = struct{}{}
		}
	}
}

// step joins the most frequent pair in all words and returns it; false if none is frequent enough.
func (t *pairTrainer) step() (pair, bool) {
	for len(t.best.items) > 0 {
		c := heap.Pop(&t.best).(countedPair)
		if c.count != t.counts[c.pair] { // outdated: the pair was offered again when its count changed
			continue
		}
		if c.count < minPairCount {
			return pair{}, false
		}
		t.merge(c.pair)
		return c.pair, true
	}
	return pair{}, false
}

func (t *pairTrainer) merge(p pair) {
	text := t.join(t.symbols[p.left], t.symbols[p.right])
	id, ok := t.ids[text]
	if !ok { // two pairs may join to one text: then they share its id
		id = int32(len(t.symbols))
		t.symbols = append(t.symbols, text)
		t.ids[text] = id
	}
	touched := make(map[pair]struct{})
	for word := range t.in[p] { // the order of the words cannot show: counts are sums
		t.tally(word, -1, touched)
		old := t.words[word].symbols
		out := old[:0]
		for i := 0; i < len(old); i++ {
			if i+1 < len(old) && old[i] == p.left && old[i+1] == p.right {
				out = append(out, id)
				i++
			} else {
				out = append(out, old[i])
			}
		}
		t.words[word].symbols = out
		t.tally(word, 1, touched)
	}
	delete(t.in, p)
	for q := range touched {
		if n := t.counts[q]; n > 0 {
			heap.Push(&t.best, countedPair{q, n})
		} else {
			delete(t.counts, q)
		}
	}
}

// before orders pairs by count, then by their texts. It is a total order, so the heap's history cannot show.
func (t *pairTrainer) before(x, y countedPair) bool {
	if x.count != y.count {
		return x.count > y.count
	}
	if c := strings.Compare(t.symbols[x.left], t.symbols[y.left]); c != 0 {
		return c < 0
	}
	return t.symbols[x.right] < t.symbols[y.right]
}

type countedPair struct {
	pair
	count int
}

// pairHeap holds the pairs with the count each had when it was offered, most frequent on top.
type pairHeap struct {
	items []countedPair
	less  func(x, y countedPair) bool
}

func (h *pairHeap) Len() int           { return len(h.items) }
func (h *pairHeap) Less(i, j int) bool { return h.less(h.items[i], h.items[j]) }
func (h *pairHeap) Swap(i, j int)      { h.items[i], h.items[j] = h.items[j], h.items[i] }
func (h *pairHeap) Push(x any)         { h.items = append(h.items, x.(countedPair)) }
func (h *pairHeap) Pop() any {
	last := h.items[len(h.items)-1]
	h.items = h.items[:len(h.items)-1]
	return last
}
