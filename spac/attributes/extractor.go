package attributes

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed keywords.txt
var defaultKeywords string

//go:embed lexicon.txt
var defaultLexicon string

// Options are the word lists of an [Extractor], as text in the syntax that the top of
// keywords.txt describes.
type Options struct {
	Keywords string // head nouns by slot, colours, words for persons
	Lexicon  string // parts of speech of everything else
}

// DefaultOptions returns the embedded lists; write Keywords to a file to change it.
func DefaultOptions() Options {
	return Options{Keywords: defaultKeywords, Lexicon: defaultLexicon}
}

// Extractor finds attributes in captions. It is immutable and safe for concurrent use.
type Extractor struct {
	words *vocabulary
}

// New returns an extractor that uses the given word lists. The error names the list, the
// line and the entry that is wrong.
func New(o Options) (*Extractor, error) {
	v, err := newVocabulary(o.Keywords, o.Lexicon)
	if err != nil {
		return nil, err
	}
	return &Extractor{words: v}, nil
}

// Default returns an extractor with the embedded word lists. It takes a few milliseconds,
// so callers keep it. The error is New's; the embedded lists give none.
func Default() (*Extractor, error) { return New(DefaultOptions()) }

// Result is what a caption says of the six attributes.
type Result struct {
	// Values holds a lower-case noun phrase per slot, without determiner ("a pair of"
	// counts as one) and without comma, or Unknown. Where the caption gives the colour
	// after the noun, the value has it in front: "the jeans are blue" is "blue jeans". In
	// the gender slot only words of age and shape stay with the noun.
	Values [NumSlots]string

	// Spans holds per slot the bytes of every phrase and of every word said of it after
	// the noun. The first is that of the value's phrase, the others follow in text order;
	// no two of them overlap, in one slot or in several.
	Spans [NumSlots][]Span
}

// Extract finds the attributes of a caption. The first phrase of a slot is its value; a
// minor one (socks, a hood) is only when nothing else is there. Phrases that are denied
// ("without a bag", "no hat") do not count. Any string is accepted, invalid UTF-8 included.
func (e *Extractor) Extract(caption string) Result {
	tokens := e.words.split(make([]token, 0, 8+len(caption)/4), caption)
	e.words.tagAll(tokens)
	phrases := chunk(make([]phrase, 0, 16), tokens)
	assign(phrases, tokens)
	descriptions := predicates(phrases, tokens, make([]bool, len(tokens)))

	var r Result
	var value [NumSlots]int
	for s := range value {
		value[s] = valueOf(phrases, tokens, Slot(s))
		r.Values[s] = Unknown
		if value[s] < 0 {
			continue
		}
		r.Values[s] = compose(tokens, phrases[value[s]], value[s], descriptions)
		r.Spans[s] = append(r.Spans[s], phrases[value[s]].span(tokens))
	}
	said := 0
	for i, p := range phrases {
		if p.slot == noSlot {
			continue
		}
		if i != value[p.slot] {
			r.Spans[p.slot] = append(r.Spans[p.slot], p.span(tokens))
		}
		for ; said < len(descriptions) && descriptions[said].phrase <= i; said++ {
			// "the coat and the trousers are black" describes two phrases by the same
			// words; the later phrase has them.
			d := descriptions[said]
			if d.phrase == i && !d.elsewhere && !sharedWithNext(descriptions, said) {
				r.Spans[p.slot] = appendRun(r.Spans[p.slot], tokens, d.tokens)
			}
		}
	}
	for s := range r.Spans {
		if len(r.Spans[s]) > 2 { // "in black" may stand before a phrase that it describes
			slices.SortFunc(r.Spans[s][1:], func(a, b Span) int { return a.Start - b.Start })
		}
	}
	return r
}

// valueOf returns the phrase that is the slot's value, -1 when there is none.
func valueOf(phrases []phrase, tokens []token, s Slot) int {
	least := -1
	for i := range phrases {
		if phrases[i].slot != s {
			continue
		}
		if !phrases[i].isMinor(tokens) {
			if s == Gender {
				return toldGender(phrases, tokens, i)
			}
			return i
		}
		if least < 0 {
			least = i
		}
	}
	return least
}

// toldGender returns the phrase that tells the gender of a neutral first one in "the
// pedestrian is a tall man" and "pedestrian, woman", otherwise first.
func toldGender(phrases []phrase, tokens []token, first int) int {
	p := &phrases[first]
	if classOf(tokens[p.first:p.head+1]) != Neutral || first+1 >= len(phrases) {
		return first
	}
	q := &phrases[first+1]
	if q.slot != Gender || classOf(tokens[q.first:q.head+1]) == Neutral || q.lead != p.head+1 {
		return first
	}
	if t := tokens[q.lead].tag; t == tagBe || t == tagComma {
		return first + 1
	}
	return first
}

func (p *phrase) span(tokens []token) Span {
	return Span{tokens[p.first].start, tokens[p.head].end}
}

// compose writes the value of phrase i: what is said of it, then its own words.
func compose(tokens []token, p phrase, i int, descriptions []said) string {
	var words []string
	hasColor := false
	for k := p.first; k <= p.head; k++ {
		hasColor = hasColor || tokens[k].tag.colours()
	}
	for _, d := range descriptions {
		if d.phrase != i {
			continue
		}
		for n, k := range d.tokens {
			if hasColor && tokens[k].tag.colours() {
				continue
			}
			if n > 0 && tokens[k].tag == tagColor && tokens[d.tokens[n-1]].tag == tagColor && k > d.tokens[n-1]+1 {
				words = append(words, "and") // "is black and white"
			}
			words = append(words, tokens[k].text)
		}
	}
	for k := p.first; k <= p.head; k++ {
		if tokens[k].tag != tagComma {
			words = append(words, tokens[k].text)
		}
	}
	return strings.Join(words, " ")
}

// sharedWithNext tells whether the next description has the same words.
func sharedWithNext(list []said, i int) bool {
	return i+1 < len(list) && list[i+1].tokens[0] == list[i].tokens[0]
}

// appendRun appends the spans of a run of words, neighbours as one span.
func appendRun(dst []Span, tokens []token, run []int) []Span {
	for n, k := range run {
		s := Span{tokens[k].start, tokens[k].end}
		if n > 0 && run[n-1]+1 == k {
			dst[len(dst)-1].End = s.End
			continue
		}
		dst = append(dst, s)
	}
	return dst
}
