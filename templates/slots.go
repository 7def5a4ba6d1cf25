package templates

import "strings"

// Set is a set of the five slots that a sentence may speak of besides the gender.
type Set uint8

// The slots.
const (
	Head Set = 1 << iota
	Upper
	Lower
	Shoes
	Belongings

	numSets = 1 << 5
)

var slotNames = [...]string{"head", "upper", "lower", "shoes", "belongings"}

var brackets = [...]string{"[head]", "[up]", "[down]", "[shoes]", "[others]"}

const personBracket = "[person]"

// Names lists the slots of the set in the order of the six attributes: head, upper, lower,
// shoes, belongings.
func (s Set) Names() []string {
	var names []string
	for i, name := range slotNames {
		if s&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// String returns the names joined by a plus sign.
func (s Set) String() string { return strings.Join(s.Names(), "+") }

// Reachable tells whether sentences exist for the set: it has the upper or lower garment.
func (s Set) Reachable() bool { return s < numSets && s&(Upper|Lower) != 0 }

// The genders of a sentence, as [Template.Gender] has them.
const (
	Male    = "male"
	Female  = "female"
	Neutral = "neutral"
)

// genders lists the three in the order of [Library.All].
var genders = [...]string{Male, Female, Neutral}

// Known returns the set of the slots whose attribute is known. attributes are the six in
// their order; "" and "unknown" are not known.
func Known(attributes [6]string) Set {
	var s Set
	for i, a := range attributes[1:] {
		if known(a) {
			s |= 1 << i
		}
	}
	return s
}

func known(attribute string) bool {
	a := strings.TrimSpace(attribute)
	return a != "" && a != "unknown"
}
