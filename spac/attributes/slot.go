package attributes

// Slot numbers the six attributes in the order every part of the system uses.
type Slot int

// The slots. A caption's attributes are an array indexed by them.
const (
	Gender Slot = iota
	Head
	Upper
	Lower
	Shoes
	Belongings

	NumSlots = 6
)

// Unknown is the value of a slot that a caption does not speak of.
const Unknown = "unknown"

// noSlot marks a noun that is no keyword.
const noSlot Slot = -1

// String returns the slot's name as it stands in files and reports: "gender", "head",
// "upper", "lower", "shoes" or "belongings".
func (s Slot) String() string {
	switch s {
	case Gender:
		return "gender"
	case Head:
		return "head"
	case Upper:
		return "upper"
	case Lower:
		return "lower"
	case Shoes:
		return "shoes"
	case Belongings:
		return "belongings"
	}
	return Unknown
}

// Span is a range of bytes of a caption, Start included and End not. It begins and ends at
// rune borders.
type Span struct{ Start, End int }
