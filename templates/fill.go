package templates

import (
	"fmt"
	"slices"
	"strings"
)

// Fill writes the attributes into the brackets of a template. attributes are the six in the
// order gender, head, upper, lower, shoes, belongings, each a noun phrase; an unknown gender
// is "person". Articles are added by the noun: "a" or "an" before a singular, none before
// hair, luggage and plurals, and now and then "a pair of" before a plural garment, at most
// once and for the same sentence and values always alike. A determiner that a value brings
// along ("a red bag") is replaced.
//
// The error tells which slot of the template has no value, or that the template's pronouns
// do not fit the gender attribute.
func (l *Library) Fill(tpl Template, attributes [6]string) (string, error) {
	person := "person"
	if known(attributes[0]) {
		person = bare(attributes[0])
	}
	if got := l.nouns.gender(person); got != tpl.Gender {
		return "", fmt.Errorf("template %q: want a %s person, got %q", tpl.Text, tpl.Gender, attributes[0])
	}
	f := filler{nouns: l.nouns, paired: pairs(tpl.Text, attributes)}
	text := tpl.Text
	for text != "" {
		open := strings.IndexByte(text, '[')
		if open < 0 {
			break
		}
		f.out.WriteString(text[:open])
		length := strings.IndexByte(text[open:], ']') + 1
		name := text[open : open+length]
		text = text[open+length:]
		if name == personBracket {
			f.put(person, false)
			continue
		}
		slot := slices.Index(brackets[:], name)
		if slot < 0 {
			return "", fmt.Errorf("template %q: unknown bracket %q", tpl.Text, name)
		}
		value := bare(attributes[slot+1])
		if !known(value) {
			return "", fmt.Errorf("template %q: %s: want a value, got %q", tpl.Text, slotNames[slot], attributes[slot+1])
		}
		f.put(value, name == "[down]" || name == "[shoes]")
	}
	f.out.WriteString(text)
	return f.out.String(), nil
}

// filler writes a sentence.
type filler struct {
	nouns  *nounTable
	out    strings.Builder
	paired bool // the next plural garment gets "a pair of"
}

// put writes a value with its article, with a capital at the start of a sentence.
func (f *filler) put(value string, garment bool) {
	article := f.nouns.article(value)
	if garment && f.paired && f.nouns.comesInPairs(value) {
		article = "a pair of"
		f.paired = false
	}
	if article != "" {
		value = article + " " + value
	}
	if so := f.out.String(); so == "" || strings.HasSuffix(so, ". ") {
		value = capitalize(value)
	}
	f.out.WriteString(value)
}

// pairs tells whether this sentence with these values says "a pair of": one in three does.
func pairs(text string, attributes [6]string) bool {
	h := hashStrings(text, attributes[3], attributes[4])
	return h%3 == 0
}

// bare returns a value without outer space, commas and a leading determiner.
func bare(value string) string {
	fields := strings.Fields(strings.ReplaceAll(value, ",", " "))
	for len(fields) > 1 && slices.Contains([]string{"a", "an", "the", "his", "her", "their"}, fields[0]) {
		fields = fields[1:]
	}
	if len(fields) > 2 && fields[0] == "pair" && fields[1] == "of" {
		fields = fields[2:]
	}
	return strings.Join(fields, " ")
}
