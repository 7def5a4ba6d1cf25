package wording

import (
	"math/rand/v2"
	"strings"

	"plip/ingest/demo/person"
)

// A voice puts one identity's attributes into phrases for one caption.
type voice struct {
	w     *Writer
	p     *person.Person
	style Style
	say   [person.NumSlots]bool
	seen  Seen
	r     *rand.Rand
}

// chance is true with probability p.
func (v *voice) chance(p float64) bool { return v.r.Float64() < p }

// oneOf picks a text.
func (v *voice) oneOf(texts ...string) string { return texts[v.r.IntN(len(texts))] }

// word is a base word or, in three of ten cases, one of its synonyms.
func (v *voice) word(base string) string {
	t := v.w.table
	i, ok := t.lookup[strings.Join(words(base), " ")]
	if !ok || len(t.entries[i].Words) == 0 || !v.chance(0.3) {
		return base
	}
	return v.oneOf(t.entries[i].Words...)
}

// article puts a or an before a phrase in flowing style.
func (v *voice) article(phrase string) string {
	if v.style == Terse {
		return phrase
	}
	if strings.ContainsRune("aeiou", rune(phrase[0])) {
		return "an " + phrase
	}
	return "a " + phrase
}

// phrase renders a slot.
func (v *voice) phrase(k slot) string {
	switch k {
	case "subject":
		return v.article(v.subject())
	case "pron":
		return v.pronoun()
	case "head":
		return v.head()
	case "has":
		return "has " + v.head()
	case "upper":
		return v.upper()
	case "lower":
		return v.lower()
	case "shoes":
		return v.shoes()
	case "pair":
		if v.style == Flowing {
			return "a pair of " + v.shoes()
		}
		return v.shoes()
	case "walks":
		return v.oneOf("walks in ", "wears ") + v.shoes()
	case "bag":
		return v.bag()
	case "carry":
		return v.holding("carries", "holds", "pulls") + v.bag() + v.place()
	case "carrying":
		return v.holding("carrying", "holding", "pulling") + v.bag() + v.place()
	}
	return string(k)
}

func (v *voice) subject() string {
	noun := v.oneOf("person", "pedestrian", "person")
	if v.say[person.SlotGender] {
		noun = v.word(string(v.p.Gender))
	}
	if v.chance(0.55) {
		switch v.p.Build {
		case person.Slim:
			return v.oneOf("slim ", "thin ", "slender ") + noun
		case person.Heavy:
			return v.oneOf("heavy ", "stout ", "heavyset ") + noun
		}
	}
	return noun
}

func (v *voice) pronoun() string {
	switch {
	case !v.say[person.SlotGender]:
		return "the person"
	case v.p.Gender == person.Woman:
		return "she"
	}
	return "he"
}

func (v *voice) head() string {
	p := v.p
	switch {
	case p.Hat != person.NoHat:
		return v.article(v.word(string(p.HatColor)) + " " + v.word(string(p.Hat)))
	case p.Hair == person.Bald:
		return v.article(v.word("bald head"))
	case p.Hair == person.Bun:
		return v.article(v.word(string(p.HairColor)) + " " + v.word("hair bun"))
	}
	length := string(p.Hair)
	if length == "long" || v.style == Terse || v.chance(0.7) {
		length = v.word(length)
	}
	return length + " " + v.word(string(p.HairColor)) + " hair"
}

// upper names the garment with colour and pattern, and at times with what the attribute phrase leaves out.
func (v *voice) upper() string {
	p := v.p
	var before []string
	if p.Upper == person.Shirt || p.Upper == person.Dress {
		if v.chance(0.45) {
			switch p.Sleeve {
			case person.Short:
				before = append(before, v.oneOf("short-sleeved", "short-sleeve"))
			case person.Long:
				before = append(before, v.oneOf("long-sleeved", "long-sleeve"))
			default:
				before = append(before, "sleeveless")
			}
		}
		if p.Upper == person.Dress && v.chance(0.4) {
			before = append(before, string(p.UpperLength))
		}
	}
	color := v.word(string(p.UpperColor))
	noun := v.word(string(p.Upper))
	after := ""
	switch {
	case p.Pattern == person.Plain:
		if v.chance(0.12) {
			before = append(before, v.oneOf("plain", "solid"))
		}
		before = append(before, color)
	case v.chance(0.25): // the pattern after the noun, with its own colour
		before = append(before, color)
		mark := map[person.Pattern]string{person.Striped: "stripes", person.Checked: "checks", person.Dotted: "dots"}[p.Pattern]
		after = " with " + string(p.PatternColor) + " " + mark
	case v.chance(0.3):
		before = append(before, v.word(string(p.Pattern)), color)
	default:
		before = append(before, color, v.word(string(p.Pattern)))
	}
	if p.Open && v.seen.Inner && v.chance(0.3) {
		after += " over " + v.article(string(p.InnerColor)+" top")
	}
	if p.Upper == person.Vest && v.chance(0.25) {
		after += " with " + string(p.InnerColor) + " sleeves"
	}
	return v.article(strings.Join(before, " ")+" "+noun) + after
}

func (v *voice) lower() string {
	p := v.p
	text := v.word(string(p.LowerColor)) + " " + v.word(string(p.Lower))
	if p.Lower != person.Skirt {
		return text
	}
	if v.chance(0.5) {
		text = string(p.LowerLength) + " " + text
	}
	return v.article(text)
}

func (v *voice) shoes() string {
	return v.word(string(v.p.ShoesColor)) + " " + v.word(string(v.p.Shoes))
}

func (v *voice) bag() string {
	return v.article(v.word(string(v.p.BagColor)) + " " + v.word(string(v.p.Bag)))
}

// holding is the verb that goes with the belongings, with a space after it.
func (v *voice) holding(carry, hold, pull string) string {
	switch v.p.Bag {
	case person.Umbrella:
		return hold + " "
	case person.Suitcase:
		return v.oneOf(pull, pull, carry) + " "
	case person.Handbag, person.ShoppingBag:
		return v.oneOf(carry, hold) + " "
	}
	return carry + " "
}

// place says at times where the belongings are.
func (v *voice) place() string {
	if !v.chance(0.3) {
		return ""
	}
	switch v.p.Bag {
	case person.Backpack:
		return " on the back"
	case person.ShoulderBag:
		return " at the side"
	case person.Handbag, person.ShoppingBag:
		return " in one hand"
	case person.Umbrella:
		return " overhead"
	}
	return " along"
}
