package report

// Verdict is how something compares with the truth. It is shown as a mark and a colour, so that it survives a
// gray print.
type Verdict int

const (
	Unjudged Verdict = iota // the truth is not known
	Right
	Wrong
)

// Class returns the verdict's name in the page's style sheet.
func (v Verdict) Class() string {
	switch v {
	case Right:
		return "right"
	case Wrong:
		return "wrong"
	default:
		return "unjudged"
	}
}

// Mark returns the sign printed beside the colour, empty for Unjudged.
func (v Verdict) Mark() string {
	switch v {
	case Right:
		return "✓"
	case Wrong:
		return "✗"
	default:
		return ""
	}
}

// Sheet is a contact sheet. Crops with attributes or captions get a card with the words beside the picture; a
// sheet of bare crops is a dense grid.
type Sheet struct {
	Title string
	Note  string // what to look for
	Crops []Crop
}

// Crop is one picture of a person with what is said about it.
type Crop struct {
	Image      []byte // encoded JPEG, PNG, GIF, BMP or WebP
	Label      string // below the picture: "17 · camera 2"
	Badge      string // one or two words across the picture: "dropped"
	Verdict    Verdict
	Attributes []Attribute
	Captions   []Caption
}

// Attribute is the phrase given for one slot.
type Attribute struct {
	Slot    string
	Value   string // "unknown" where nothing was said
	Truth   string // printed where Verdict is Wrong
	Verdict Verdict
}

// Caption is one sentence with the name of what made it: "style 1", "prompt".
type Caption struct{ Label, Text string }

// hasText reports whether any crop needs a card.
func (s Sheet) hasText() bool {
	for _, c := range s.Crops {
		if len(c.Attributes) > 0 || len(c.Captions) > 0 {
			return true
		}
	}
	return false
}

// judged reports whether the sheet needs the legend of the marks.
func (s Sheet) judged() bool {
	for _, c := range s.Crops {
		if c.Verdict != Unjudged {
			return true
		}
		for _, a := range c.Attributes {
			if a.Verdict != Unjudged {
				return true
			}
		}
	}
	return false
}
