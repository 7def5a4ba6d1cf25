package wording

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"plip/ingest/demo/person"
)

// A Writer writes captions. It is immutable and safe for concurrent use.
type Writer struct {
	table  *Table
	shapes [NumStyles][]Shape
}

// NewWriter reads the embedded grammar and word list.
func NewWriter() (*Writer, error) {
	t, err := Synonyms()
	if err != nil {
		return nil, err
	}
	shapes, err := ParseGrammar(grammarText)
	if err != nil {
		return nil, err
	}
	w := &Writer{table: t}
	for _, s := range shapes {
		w.shapes[s.Style] = append(w.shapes[s.Style], s)
	}
	return w, nil
}

// Shapes returns the number of sentence shapes of a style.
func (w *Writer) Shapes(s Style) int { return len(w.shapes[s]) }

// A Seen is what a picture shows of an identity.
type Seen struct {
	Shoes bool // not hidden
	Inner bool // the garment under an open one
}

// Captions writes the two captions of a picture, one a style. Both speak of everything the picture shows but for one slot, which is
// sometimes kept back from one of the two.
func (w *Writer) Captions(p *person.Person, seen Seen, r *rand.Rand) ([]string, error) {
	var there [person.NumSlots]bool
	for a := range there {
		there[a] = true
	}
	there[person.SlotLower] = p.Lower != person.NoLower
	there[person.SlotBelongings] = p.Bag != person.NoBag
	there[person.SlotShoes] = seen.Shoes
	omitStyle, omitSlot := keepBack(there, r)
	out := make([]string, NumStyles)
	for style := range NumStyles {
		say := there
		if style == omitStyle {
			say[omitSlot] = false
		}
		text, err := w.caption(p, style, say, seen, r)
		if err != nil {
			return nil, err
		}
		out[style] = text
	}
	return out, nil
}

// keepBack picks the slot that one style does not speak of; style -1 is none. Clothes are kept back least, so that nineteen of twenty
// captions name every garment.
func keepBack(there [person.NumSlots]bool, r *rand.Rand) (Style, int) {
	style := Style(r.IntN(2))
	x := r.Float64()
	slot := person.SlotHead
	switch {
	case x < 0.14:
	case x < 0.25:
		slot = person.SlotBelongings
	case x < 0.31:
		slot = person.SlotShoes
	case x < 0.36:
		slot = person.SlotGender
	case x < 0.385:
		slot = person.SlotLower
	default:
		return -1, 0
	}
	if !there[slot] {
		return -1, 0
	}
	return style, slot
}

// caption writes one caption about the given slots.
func (w *Writer) caption(p *person.Person, style Style, say [person.NumSlots]bool, seen Seen, r *rand.Rand) (string, error) {
	var fitting []*Shape
	for i := range w.shapes[style] {
		if s := &w.shapes[style][i]; s.fits(say) {
			fitting = append(fitting, s)
		}
	}
	if len(fitting) == 0 {
		return "", fmt.Errorf("wording: no shape of style %d fits the slots %v", style, say)
	}
	s := fitting[r.IntN(len(fitting))]
	v := &voice{w: w, p: p, style: style, say: say, seen: seen, r: r}
	var b strings.Builder
	v.write(&b, s.pieces)
	return capitals(b.String()), nil
}

// write renders the pieces; a group without all its phrases is left out.
func (v *voice) write(b *strings.Builder, pieces []piece) {
	for _, p := range pieces {
		switch {
		case p.group != nil:
			whole := true
			for _, q := range p.group {
				whole = whole && (len(q.slots) == 0 || anyThere(q.slots, v.say))
			}
			if whole {
				v.write(b, p.group)
			}
		case p.slots != nil:
			var items []string
			for _, k := range p.slots {
				if a, ok := slotOf[k]; !ok || v.say[a] {
					items = append(items, v.phrase(k))
				}
			}
			b.WriteString(v.join(items))
		default:
			b.WriteString(p.text)
		}
	}
}

// join lists phrases: commas only in terse style, "and" before the last in flowing style.
func (v *voice) join(items []string) string {
	if v.style == Terse || len(items) < 2 {
		return strings.Join(items, ", ")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " and " + items[last]
}

// capitals makes the first letter and each letter after a full stop large.
func capitals(s string) string {
	b := []byte(s)
	start := true
	for i, c := range b {
		switch {
		case start && c >= 'a' && c <= 'z':
			b[i] = c - 'a' + 'A'
			start = false
		case c == '.':
			start = true
		case c != ' ':
			start = false
		}
	}
	return string(b)
}
