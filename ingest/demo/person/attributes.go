package person

// Unknown is the value of a slot that is not there or cannot be seen.
const Unknown = "unknown"

// The six slots, in the order used everywhere.
const (
	SlotGender = iota
	SlotHead
	SlotUpper
	SlotLower
	SlotShoes
	SlotBelongings
	NumSlots
)

// Attributes returns the six phrases, for example "man", "short black hair", "blue striped shirt", "gray jeans", "white sneakers",
// "black backpack". A slot without content is Unknown: nothing carried, no lower garment under a dress.
func (p *Person) Attributes() []string {
	a := []string{string(p.Gender), p.head(), p.upper(), Unknown, phrase(p.ShoesColor, string(p.Shoes)), Unknown}
	if p.Lower != NoLower {
		a[SlotLower] = phrase(p.LowerColor, string(p.Lower))
	}
	if p.Bag != NoBag {
		a[SlotBelongings] = phrase(p.BagColor, string(p.Bag))
	}
	return a
}

// head prefers the hat: the hair under it is partly or wholly hidden.
func (p *Person) head() string {
	switch {
	case p.Hat != NoHat:
		return phrase(p.HatColor, string(p.Hat))
	case p.Hair == Bald:
		return "bald head"
	case p.Hair == Bun:
		return phrase(p.HairColor, "hair bun")
	}
	return string(p.Hair) + " " + phrase(p.HairColor, "hair")
}

func (p *Person) upper() string {
	if p.Pattern != Plain {
		return phrase(p.UpperColor, string(p.Pattern)+" "+string(p.Upper))
	}
	return phrase(p.UpperColor, string(p.Upper))
}

func phrase(c Color, noun string) string { return string(c) + " " + noun }
