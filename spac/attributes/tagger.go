package attributes

import "strings"

// tag is a part of speech, as coarse as the chunker needs it.
type tag uint8

const (
	tagUnknown tag = iota
	tagSign        // punctuation other than a comma
	tagComma
	tagDeterminer
	tagPossessive // his, her, 's
	tagPronoun
	tagPreposition
	tagConjunction
	tagBe // is, are, looks
	tagNegation
	tagNumber
	tagAdverb
	tagVerb
	tagParticiple // -ing, until settled
	tagPast       // -ed, until settled
	tagAdjective
	tagColor
	tagShade    // light, dark
	tagNoun     // a noun that is no keyword
	tagKeyword  // a noun that is one
	tagInner    // a word inside a compound keyword, its last one excepted
	tagModifier // settled: another word that modifies a noun
)

// tagAll gives every token its tag: first compounds, then the lists, then endings, then what
// the word before says. It works from left to right, so a tag may rest on the one before.
func (v *vocabulary) tagAll(tokens []token) {
	for i := 0; i < len(tokens); i++ {
		t := &tokens[i]
		if t.tag != tagUnknown { // signs, clitics, and compounds met before
			continue
		}
		if t.word != nil && len(t.word.compounds) > 0 && tagCompound(tokens[i:], t.word.compounds) {
			continue
		}
		if t.word != nil && t.word.tag != tagUnknown {
			t.tag, t.noun = t.word.tag, t.word.noun
		} else {
			v.guess(t)
		}
		settle(tokens, i)
	}
}

// tagCompound tags the longest listed compound at the start of tokens.
func tagCompound(tokens []token, list []compound) bool {
next:
	for _, c := range list {
		n := 1 + len(c.rest)
		if n > len(tokens) {
			continue
		}
		for i, w := range c.rest {
			if tokens[1+i].text != w {
				continue next
			}
		}
		inner := tagInner
		if c.noun == nil {
			inner = tagNoun
		}
		for i := range tokens[:n] {
			tokens[i].tag = inner
		}
		if c.noun != nil {
			tokens[n-1].tag, tokens[n-1].noun = tagKeyword, c.noun
		}
		return true
	}
	return false
}

// guess tags a word that no list holds by its form.
func (v *vocabulary) guess(t *token) {
	text := t.text
	if text[0] >= '0' && text[0] <= '9' {
		t.tag = tagNumber
		return
	}
	if cut := strings.LastIndexByte(text, '-'); cut >= 0 {
		t.tag = tagAdjective
		last := v.words[text[cut+1:]]
		switch {
		case last == nil:
		case last.tag == tagKeyword && last.noun.slot != Gender && last.noun.marks == 0:
			t.tag, t.noun = tagKeyword, last.noun // mini-skirt
		case last.tag == tagKeyword && last.noun.marks == alwaysPlural:
			t.tag, t.noun = tagKeyword, last.noun // ski-pants
		case last.color != "":
			t.tag = tagColor // grey-brown
		}
		return
	}
	switch {
	case strings.HasSuffix(text, "ly"):
		t.tag = tagAdverb
	case strings.HasSuffix(text, "ing") && len(text) > 4:
		t.tag = tagParticiple
	case strings.HasSuffix(text, "ed") && len(text) > 3:
		t.tag = tagPast
	}
}

// settle decides by the word before what a form alone leaves open: participles that modify
// a noun or tell what somebody does, and unlisted words.
func settle(tokens []token, i int) {
	t := &tokens[i]
	before := tagSign
	if i > 0 {
		before = tokens[i-1].tag
	}
	switch t.tag {
	case tagParticiple:
		t.tag = tagVerb
		switch before {
		case tagDeterminer, tagPossessive, tagNumber, tagAdjective, tagColor, tagShade, tagModifier:
			t.tag = tagModifier // "a flowing red skirt"
		case tagPreposition:
			if i > 0 && (tokens[i-1].text == "in" || tokens[i-1].text == "with") && t.word == nil {
				t.tag = tagModifier // "with ripping jeans", but not "with carrying"
			}
		}
	case tagPast:
		t.tag = tagModifier
		switch before {
		case tagKeyword, tagNoun, tagPronoun, tagBe:
			t.tag = tagVerb // "the man carried", "is worn"
		}
	case tagUnknown:
		t.tag = tagModifier
		switch before {
		case tagKeyword, tagNoun, tagPronoun:
			t.tag = tagVerb // an unlisted word after a noun: most often its verb
		}
	case tagKeyword:
		// "the man with black hair faces us": after a keyword the -s form of a word that
		// needs support is a verb.
		if t.noun.plural && t.noun.marks&(needsModifier|needsSupport) != 0 && i > 0 &&
			(before == tagKeyword || before == tagPronoun) {
			t.tag, t.noun = tagVerb, nil
		}
	}
}

// modifies tells whether a token of this tag may stand before the noun of its phrase.
func (t tag) modifies() bool {
	switch t {
	case tagAdjective, tagColor, tagShade, tagModifier, tagInner:
		return true
	}
	return false
}

// colours tells whether a tag is one of the words that say a colour.
func (t tag) colours() bool { return t == tagColor || t == tagShade }
