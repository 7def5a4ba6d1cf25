package wording

import (
	_ "embed" // the sentence shapes
	"fmt"
	"strings"

	"plip/ingest/demo/person"
)

//go:embed grammar.txt
var grammarText string

// A Style is one of the two manners of speaking.
type Style int

// The styles, in the order in which an image's captions stand.
const (
	Terse Style = iota
	Flowing
	NumStyles
)

// A slot is a place for a phrase in a shape.
type slot string

// slotOf says which attribute a phrase needs; phrases not listed are always there.
var slotOf = map[slot]int{
	"head": person.SlotHead, "has": person.SlotHead, "upper": person.SlotUpper, "lower": person.SlotLower, "shoes": person.SlotShoes,
	"pair": person.SlotShoes, "walks": person.SlotShoes, "bag": person.SlotBelongings, "carry": person.SlotBelongings, "carrying": person.SlotBelongings,
}

// A piece of a shape is text, a list of one or more slots, or a group that may be left out.
type piece struct {
	text  string
	slots []slot
	group []piece
}

// A Shape is one sentence shape.
type Shape struct {
	Style  Style
	Source string // the line it was read from, without the style
	pieces []piece
	places [person.NumSlots]bool // attributes it has a place for
	needs  [person.NumSlots]bool // attributes without which it cannot be used
}

// ParseGrammar reads shapes in the format that grammar.txt states.
func ParseGrammar(text string) ([]Shape, error) {
	var shapes []Shape
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, source, ok := strings.Cut(line, ": ")
		s := Shape{Style: Terse, Source: source}
		switch {
		case ok && name == "flowing":
			s.Style = Flowing
		case !ok || name != "terse":
			return nil, fmt.Errorf("grammar: line %d: want \"terse: \" or \"flowing: \" before the shape, got %q", i+1, line)
		}
		var err error
		if s.pieces, err = parsePieces(source); err != nil {
			return nil, fmt.Errorf("grammar: line %d: %w", i+1, err)
		}
		s.note(s.pieces, true)
		shapes = append(shapes, s)
	}
	return shapes, nil
}

// parsePieces reads text, {slots} and [groups]; groups do not nest.
func parsePieces(s string) ([]piece, error) {
	var out []piece
	for s != "" {
		i := strings.IndexAny(s, "{}[]")
		if i != 0 {
			if i < 0 {
				i = len(s)
			}
			out = append(out, piece{text: s[:i]})
			s = s[i:]
			continue
		}
		closing := map[byte]string{'{': "}", '[': "]"}[s[0]]
		end := -1
		if closing != "" {
			end = strings.Index(s, closing)
		}
		if end < 0 {
			return nil, fmt.Errorf("unmatched %q in %q", s[:1], s)
		}
		inner := s[1:end]
		if s[0] == '[' {
			if strings.Contains(inner, "[") {
				return nil, fmt.Errorf("group in a group: %q", s)
			}
			group, err := parsePieces(inner)
			if err != nil {
				return nil, err
			}
			out = append(out, piece{group: group})
		} else {
			var p piece
			for _, name := range strings.Split(inner, "&") {
				k := slot(strings.TrimSpace(name))
				if _, known := slotOf[k]; !known && k != "subject" && k != "pron" {
					return nil, fmt.Errorf("unknown slot %q", k)
				}
				p.slots = append(p.slots, k)
			}
			out = append(out, p)
		}
		s = s[end+1:]
	}
	return out, nil
}

// note records which attributes a shape has places for and which it needs. A list needs a member only when it has no other.
func (s *Shape) note(pieces []piece, needed bool) {
	for _, p := range pieces {
		s.note(p.group, false)
		for _, k := range p.slots {
			if a, ok := slotOf[k]; ok {
				s.places[a] = true
				if needed && len(p.slots) == 1 {
					s.needs[a] = true
				}
			}
		}
	}
}

// fits reports whether the shape can say exactly the attributes that are there.
func (s *Shape) fits(there [person.NumSlots]bool) bool {
	for a := person.SlotHead; a < person.NumSlots; a++ {
		if there[a] && !s.places[a] || s.needs[a] && !there[a] {
			return false
		}
	}
	return s.listsFilled(s.pieces, there)
}

// listsFilled reports whether each list outside groups has a member.
func (s *Shape) listsFilled(pieces []piece, there [person.NumSlots]bool) bool {
	for _, p := range pieces {
		if len(p.slots) > 0 && !anyThere(p.slots, there) {
			return false
		}
	}
	return true
}

func anyThere(slots []slot, there [person.NumSlots]bool) bool {
	for _, k := range slots {
		if a, ok := slotOf[k]; !ok || there[a] {
			return true
		}
	}
	return false
}
