package attributes

// phrase is a noun phrase: tokens [first, head], where head is its last noun.
type phrase struct {
	first, head int
	lead        int  // the token before the phrase and its determiners, -1 at the start
	supported   bool // a determiner, possessive or number stands before it
	possessed   bool // ... and it is a possessive or "the"
	negated     bool // "no hat", "without a bag"
	slot        Slot // noSlot: the head is no keyword
}

// chunk appends the noun phrases of a tagged caption to dst, in order. They do not overlap.
func chunk(dst []phrase, tokens []token) []phrase {
	for i := 0; i < len(tokens); {
		first, head, next := nounPhrase(tokens, i)
		if head >= 0 {
			p := phrase{first: first, head: head, slot: noSlot}
			p.readLead(tokens)
			if n := len(dst); n > 0 && p.lead == dst[n-1].head+1 {
				switch tokens[p.lead].text {
				case "or", "nor": // "without a hat or bag"
					p.negated = p.negated || dst[n-1].negated
				case "and": // "his trousers and top": one determiner for both
					p.supported = p.supported || dst[n-1].supported
				}
			}
			dst = append(dst, p)
		}
		i = next
	}
	return dst
}

// nounPhrase reads modifier* noun+ from token i. It returns the first token, the head and
// where to go on; head is -1 when there is no phrase.
func nounPhrase(tokens []token, i int) (first, head, next int) {
	head = -1
	j := i
	for j < len(tokens) {
		t := &tokens[j]
		switch {
		case t.tag == tagNoun:
			head = j
			j++
		case t.tag == tagKeyword:
			if head >= 0 && t.noun.slot == Gender && !personKeyword(&tokens[head]) {
				return i, head, j // "black hat man": a person does not follow a thing
			}
			head = j
			j++
			if endsPhrase(tokens, head) {
				return i, head, j
			}
		case t.tag == tagInner: // more of the compound follows at once
			if head >= 0 && personKeyword(&tokens[head]) {
				return i, head, j
			}
			j++
		case t.tag.modifies():
			if head >= 0 { // "white shirt black pants": the next phrase begins
				return i, head, j
			}
			j++
		case head < 0 && j > i && joins(tokens, i, j):
			j++
		default:
			if head < 0 && j == i {
				return i, -1, i + 1
			}
			return i, head, j
		}
	}
	return i, head, j
}

func personKeyword(t *token) bool { return t.noun != nil && t.noun.slot == Gender }

// endsPhrase tells whether nothing can follow the keyword at i in its phrase: persons and
// plurals modify no noun ("man backpack", "jeans backpack" are two things side by side),
// but a person may follow a person ("female student").
func endsPhrase(tokens []token, i int) bool {
	n := tokens[i].noun
	if n.slot == Gender {
		return n.plural || i+1 >= len(tokens) || !personKeyword(&tokens[i+1])
	}
	return n.plural
}

// joins tells whether token j links two modifiers of the phrase that began at i: "black and
// white", "short, dark". After "is" they are no part of a phrase but said of its subject.
func joins(tokens []token, i, j int) bool {
	if j+1 >= len(tokens) {
		return false
	}
	a, link, b := tokens[j-1].tag, &tokens[j], tokens[j+1].tag
	lead := i - 1
	for lead >= 0 && tokens[lead].tag == tagDeterminer { // "are a little worn, dark gloves"
		lead--
	}
	if lead >= 0 && (tokens[lead].tag == tagBe || tokens[lead].tag == tagAdverb) {
		return false
	}
	switch {
	case link.tag == tagConjunction && (link.text == "and" || link.text == "or"):
		return (a.colours() || a == tagAdjective) && (b.colours() || b == tagAdjective)
	case link.tag == tagComma:
		if lead < 0 || tokens[lead].tag == tagComma || tokens[lead].tag == tagSign {
			return false // a list of things, not of modifiers
		}
		if a.colours() && b.colours() {
			// "a jacket over black, blue jeans", but "a black, white and red shirt"
			return j+2 < len(tokens) && tokens[j+2].text == "and"
		}
		if a == tagAdjective && b == tagAdjective && tokens[i-1].tag == tagVerb {
			return false // "his jacket hanging open, loose jeans"
		}
		return (a.colours() || a == tagAdjective) && (b.colours() || b == tagAdjective)
	}
	return false
}

// readLead looks at what stands before the phrase.
func (p *phrase) readLead(tokens []token) {
	i := p.first - 1
	for ; i >= 0; i-- {
		switch t := &tokens[i]; t.tag {
		case tagDeterminer, tagNumber:
			p.supported = true
			p.possessed = p.possessed || t.text == "the" || t.text == "this"
			continue
		case tagPossessive:
			p.supported, p.possessed = true, true
			continue
		case tagPreposition:
			// "pair of X": what stands before "pair" stands before X.
			if t.text == "of" && i > 0 && tokens[i-1].word != nil && tokens[i-1].word.measure {
				i--
				for i > 0 && tokens[i-1].tag.modifies() { // "a matching pair of"
					i--
				}
				p.supported = true
				continue
			}
		}
		break
	}
	p.lead = i
	if i < 0 {
		return
	}
	if tokens[i].tag == tagNegation {
		p.negated = true
		return
	}
	// "not wearing a hat", "doesn't have any bag"
	for k := i; k >= 0 && i-k < 3; k-- {
		switch tokens[k].tag {
		case tagVerb, tagAdverb, tagBe:
			continue
		case tagNegation:
			p.negated = true
		}
		return
	}
}
