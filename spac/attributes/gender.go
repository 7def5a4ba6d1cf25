package attributes

// Class is what a word or phrase tells of a person's gender.
type Class int

// The classes. Neutral stands for "not told" too.
const (
	Neutral Class = iota
	Male
	Female
)

// String returns "male", "female" or "neutral".
func (c Class) String() string {
	switch c {
	case Male:
		return "male"
	case Female:
		return "female"
	}
	return "neutral"
}

// Class returns the class of a phrase or caption by its first gendered noun, pronouns not
// counted: "young lady" is Female, "female student" is Female, "person" is Neutral.
func (e *Extractor) Class(phrase string) Class {
	tokens := e.words.split(nil, phrase)
	e.words.tagAll(tokens)
	return classOf(tokens)
}

// classOf returns the class of the first gendered noun.
func classOf(tokens []token) Class {
	for i := range tokens {
		if c := tokens[i].personClass(); c != Neutral {
			return c
		}
	}
	return Neutral
}

// ContradictsGender tells whether a caption speaks of its person as of the other class than
// want. The person is the first one named; a neutral noun leaves it to the pronouns, and
// where there are none to the first gendered noun. Pronouns of the other class contradict
// too, unless a second person of that class is named. Nothing contradicts Neutral.
func (e *Extractor) ContradictsGender(caption string, want Class) bool {
	if want == Neutral {
		return false
	}
	tokens := e.words.split(nil, caption)
	e.words.tagAll(tokens)
	g := readGenders(tokens)
	return g.subject() == want.opposite() || g.wrongPronouns(want)
}

func (c Class) opposite() Class {
	switch c {
	case Male:
		return Female
	case Female:
		return Male
	}
	return Neutral
}

// genders counts the gender words of a caption.
type genders struct {
	first    Class // of the first person noun, Neutral included
	firstOf  Class // of the first gendered noun
	nouns    [3]int
	pronouns [3]int
}

func readGenders(tokens []token) genders {
	var g genders
	seen := false
	for i := range tokens {
		t := &tokens[i]
		if personKeyword(t) {
			c := t.personClass()
			if c == Neutral && i > 0 && personKeyword(&tokens[i-1]) {
				continue // "male pedestrian": the adjective said it
			}
			if !seen {
				g.first, seen = c, true
			}
			if g.firstOf == Neutral {
				g.firstOf = c
			}
			g.nouns[c]++
			continue
		}
		g.pronouns[pronounClass(t.text)]++
	}
	return g
}

// subject returns the class of the person the caption is about.
func (g *genders) subject() Class {
	switch {
	case g.first != Neutral:
		return g.first
	case g.pronouns[Male] > g.pronouns[Female]:
		return Male
	case g.pronouns[Female] > g.pronouns[Male]:
		return Female
	}
	return g.firstOf
}

// wrongPronouns tells whether pronouns of the other class have nobody else to stand for.
func (g *genders) wrongPronouns(want Class) bool {
	other := want.opposite()
	return g.pronouns[other] > 0 && (g.nouns[other] == 0 || g.subject() != want)
}

func (t *token) personClass() Class {
	if personKeyword(t) {
		return t.noun.class
	}
	return Neutral
}

// pronounClass returns the class of a pronoun; of any other word Neutral.
func pronounClass(word string) Class {
	switch word {
	case "he", "him", "his", "himself":
		return Male
	case "she", "her", "hers", "herself":
		return Female
	}
	return Neutral
}
