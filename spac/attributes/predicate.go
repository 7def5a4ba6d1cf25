package attributes

// said is a run of words that describe a phrase from behind: "the jeans are dark blue".
type said struct {
	phrase    int // index of the phrase
	tokens    []int
	elsewhere bool // another phrase that is described by the same words has their span
}

// predicates finds what is said of each phrase after its noun:
//
//	his jeans are blue and flared; the coat and the trousers are black
//	a shirt that is red
//	the trainers grey, the hair short (with the verb left out)
//	a padded jacket, navy on the body
//	a man dressed in black: a coat and trousers (worn)
//
// inPhrase is scratch of one bool a token.
func predicates(phrases []phrase, tokens []token, inPhrase []bool) []said {
	var out []said
	for i := range inPhrase {
		inPhrase[i] = false
	}
	for i := range phrases {
		for k := phrases[i].first; k <= phrases[i].head; k++ {
			inPhrase[k] = true
		}
	}
	for i := range phrases {
		p := &phrases[i]
		if p.slot == noSlot || p.slot == Gender {
			continue
		}
		at, kind := p.predicateAt(tokens)
		if kind == noPredicate {
			continue
		}
		run, end := describing(tokens, inPhrase, at)
		if len(run) == 0 {
			continue
		}
		switch kind {
		case verbless:
			if end < len(tokens) && (tokens[end].tag == tagVerb || tokens[end].tag == tagPronoun) {
				continue
			}
		case apposed:
			if end >= len(tokens) || tokens[end].tag != tagPreposition || !tokens[run[0]].tag.colours() {
				continue
			}
			run = alsoApposed(tokens, inPhrase, run, end)
		case withVerb:
			joined := i > 0 && phrases[i-1].slot != noSlot && p.coordinated(&phrases[i-1], tokens)
			if !agrees(tokens[p.head].noun.plural || joined, tokens[p.head+1].text) {
				continue
			}
			if joined && phrases[i-1].slot != Gender {
				out = append(out, said{phrase: i - 1, tokens: run})
			}
		}
		out = append(out, said{phrase: i, tokens: run})
	}
	return worn(out, phrases, tokens, inPhrase)
}

type predicateKind uint8

const (
	noPredicate predicateKind = iota
	withVerb
	relative
	verbless
	apposed
)

// predicateAt returns where a description of the phrase could begin.
func (p *phrase) predicateAt(tokens []token) (at int, kind predicateKind) {
	k := p.head + 1
	if k >= len(tokens) {
		return 0, noPredicate
	}
	t := &tokens[k]
	if t.tag == tagComma && k+1 < len(tokens) {
		if tokens[k+1].tag.colours() {
			return k + 1, apposed
		}
		if tokens[k+1].text == "which" {
			k++
			t = &tokens[k]
		}
	}
	switch {
	case (t.text == "that" || t.text == "which") && k+1 < len(tokens) && tokens[k+1].tag == tagBe:
		return k + 2, relative
	case t.tag == tagBe && p.isSubject(tokens):
		return k + 1, withVerb
	case (t.tag.colours() || t.tag == tagAdjective) && p.isSubject(tokens) && p.possessed:
		return k, verbless
	}
	return 0, noPredicate
}

// isSubject tells whether the phrase can be what a following verb speaks of: "his coat" at
// the start of a clause, not the coat of "the man in the black coat is tall".
func (p *phrase) isSubject(tokens []token) bool {
	if p.lead < 0 {
		return true
	}
	switch t := &tokens[p.lead]; t.tag {
	case tagSign, tagComma:
		return true
	case tagConjunction:
		return true
	case tagPreposition, tagVerb:
		return false
	default:
		return p.possessed && t.tag != tagNegation
	}
}

// coordinated tells whether p follows q in "the coat and the trousers".
func (p *phrase) coordinated(q *phrase, tokens []token) bool {
	return p.lead == q.head+1 && tokens[p.lead].text == "and" && q.isSubject(tokens)
}

// agrees tells whether a verb form fits the number of its subject.
func agrees(plural bool, verb string) bool {
	switch verb {
	case "is", "was", "looks", "appears", "seems", "'s":
		return !plural
	case "are", "were", "look", "appear", "seem":
		return plural
	}
	return true
}

// alsoApposed adds the further colours of "a jacket, navy on the body and red across the
// shoulders", up to the end of the clause.
func alsoApposed(tokens []token, inPhrase []bool, run []int, at int) []int {
	for ; at+2 < len(tokens) && tokens[at].tag != tagSign && tokens[at].tag != tagVerb; at++ {
		if tokens[at].tag != tagComma && tokens[at].text != "and" || inPhrase[at] {
			continue
		}
		more, end := describing(tokens, inPhrase, at+1)
		if len(more) == 0 || !tokens[more[0]].tag.colours() || end >= len(tokens) {
			continue
		}
		if t := tokens[end].tag; t == tagPreposition || t == tagAdverb {
			run = append(run, more...)
		}
	}
	return run
}

// describing reads colours and adjectives from token at. It returns their indices and where
// they end; words of a noun phrase end the run, for they describe that noun.
func describing(tokens []token, inPhrase []bool, at int) (run []int, end int) {
	i := at
	for i < len(tokens) {
		t := &tokens[i]
		if inPhrase[i] {
			break
		}
		if t.tag.colours() || t.tag == tagAdjective {
			run = append(run, i)
			i++
			continue
		}
		if len(run) == 0 && (t.tag == tagAdverb || t.word != nil && t.word.degree) {
			i++
			continue
		}
		if len(run) == 0 && t.text == "a" && i+1 < len(tokens) && (tokens[i+1].text == "little" || tokens[i+1].text == "bit") {
			i += 2
			continue
		}
		if len(run) > 0 && (t.tag == tagComma || t.text == "and") && i+1 < len(tokens) && !inPhrase[i+1] &&
			(tokens[i+1].tag.colours() || tokens[i+1].tag == tagAdjective) {
			i++
			continue
		}
		break
	}
	return run, i
}
