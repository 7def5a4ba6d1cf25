package attributes

// assign gives every phrase its slot, or noSlot, by its head noun.
func assign(phrases []phrase, tokens []token) {
	garment := -1 // the upper or lower garment named last
	for i := range phrases {
		p := &phrases[i]
		n := tokens[p.head].noun
		if n == nil || p.negated || !p.counts(n, tokens) {
			continue
		}
		p.slot = n.slot
		switch {
		case n.marks&garmentPart != 0 && garment >= 0:
			p.slot = phrases[garment].slot // a hood is part of its jacket
		case n.marks&garmentPart == 0 && (n.slot == Upper || n.slot == Lower):
			garment = i
		case n.slot == Gender:
			p.trimPerson(tokens)
		}
	}
}

// counts applies the marks of a keyword.
func (p *phrase) counts(n *noun, tokens []token) bool {
	modified := p.first < p.head
	if !modified && !p.supported && n.slot != Gender && p.head+1 < len(tokens) && tokens[p.head+1].text == ":" {
		return false // the label of a list: "Shoes: black boots"
	}
	if n.marks&needsModifier != 0 && !modified {
		return false
	}
	if n.marks&(needsModifier|needsSupport) != 0 {
		if !modified && !p.supported {
			return false
		}
		if p.head+1 < len(tokens) && tokens[p.head+1].text == "of" { // "the top of the head"
			return false
		}
	}
	if n.marks&notPlaced != 0 && p.lead >= 0 {
		if w := tokens[p.lead].word; w != nil && w.place {
			return false
		}
	}
	return true
}

// trimPerson keeps of a person's modifiers those of age and shape next to the noun: "dark-
// haired young man" is "young man". Clothes and hair have their own slots, and the vote
// over an identity's gender needs few values.
func (p *phrase) trimPerson(tokens []token) {
	first := p.head
	for first > p.first {
		t := &tokens[first-1]
		if !personKeyword(t) && t.tag != tagInner && (t.word == nil || !t.word.personMod) {
			break
		}
		first--
	}
	p.first = first
}

// isMinor tells whether the phrase is a value only for want of another.
func (p *phrase) isMinor(tokens []token) bool {
	return tokens[p.head].noun.marks&(minor|garmentPart) != 0
}
