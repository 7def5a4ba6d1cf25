package attributes

import "slices"

// worn adds to the descriptions the colours that a caption gives behind "in":
//
//	a shirt in red                                         the garment's
//	a man dressed all in black: a coat and wide trousers   of upper and lower garments that have none
//	a woman in black has her hands in the pockets of a coat     of upper garments that have none
//
// The second and third hold of the first person, up to the next one. Descriptions stay in the order of the phrases.
func worn(out []said, phrases []phrase, tokens []token, inPhrase []bool) []said {
	found := len(out)
	for k := range tokens {
		if tokens[k].text != "in" || inPhrase[k] {
			continue
		}
		at := k + 1
		for at < len(tokens) && tokens[at].text == "all" {
			at++
		}
		run, _ := describing(tokens, inPhrase, at)
		if len(run) == 0 || slices.ContainsFunc(run, func(i int) bool { return !tokens[i].tag.colours() }) || used(out, run[0]) {
			continue
		}
		wearer, strong := wearerAt(phrases, tokens, k)
		strong = strong || at > k+1
		switch {
		case wearer == noWearer:
		case wearer != aPerson:
			if !colored(out, phrases, tokens, wearer) {
				out = append(out, said{phrase: wearer, tokens: run})
			}
		default:
			out = append(out, clothes(out, phrases, tokens, run, strong)...)
		}
	}
	if len(out) > found {
		slices.SortStableFunc(out, func(a, b said) int { return a.phrase - b.phrase })
	}
	return out
}

// Of wearerAt, where it is no phrase of a garment.
const (
	noWearer = -1
	aPerson  = -2
)

// wearerAt is what the "in" at k speaks of: the garment right before it, or the first person, also with words such as
// "dressed all" between, which make it strong.
func wearerAt(phrases []phrase, tokens []token, k int) (wearer int, strong bool) {
	j := k - 1
	for ; j >= 0; j-- {
		switch t := &tokens[j]; {
		case t.text == "dressed", t.text == "clad", t.text == "attired", t.text == "garbed", t.text == "all":
			strong = true
			continue
		case t.tag == tagAdverb, strong && t.tag == tagBe:
			continue
		}
		break
	}
	persons := 0
	for i := range phrases {
		p := &phrases[i]
		if p.first > k {
			break
		}
		switch {
		case p.slot == Gender:
			persons++
		case p.head == k-1 && p.slot != noSlot:
			return i, false
		}
		if p.head == j && p.slot == Gender && persons == 1 {
			return aPerson, strong
		}
	}
	if strong && persons <= 1 && (j < 0 || tokens[j].tag == tagPronoun || tokens[j].tag == tagSign || tokens[j].tag == tagComma) {
		return aPerson, true
	}
	return noWearer, false
}

// clothes gives the colours of run to the garments behind it that have none. The last of them has the words' span.
func clothes(out []said, phrases []phrase, tokens []token, run []int, strong bool) (more []said) {
	for i := range phrases {
		p := &phrases[i]
		if p.first < run[len(run)-1] {
			continue
		}
		if p.slot == Gender {
			break
		}
		if (p.slot == Upper || p.slot == Lower && strong) && !p.isMinor(tokens) && !colored(out, phrases, tokens, i) {
			more = append(more, said{phrase: i, tokens: run, elsewhere: true})
		}
	}
	if len(more) > 0 {
		more[len(more)-1].elsewhere = false
	}
	return more
}

// colored tells whether a phrase has a colour of its own or one that is said of it.
func colored(out []said, phrases []phrase, tokens []token, i int) bool {
	isColor := func(k int) bool { return tokens[k].tag.colours() }
	for k := phrases[i].first; k <= phrases[i].head; k++ {
		if isColor(k) {
			return true
		}
	}
	return slices.ContainsFunc(out, func(d said) bool { return d.phrase == i && slices.ContainsFunc(d.tokens, isColor) })
}

// used tells whether a description has the word already.
func used(out []said, k int) bool {
	return slices.ContainsFunc(out, func(d said) bool { return slices.Contains(d.tokens, k) })
}
