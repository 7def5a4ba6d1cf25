package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"plip/spac/attributes"
)

func spacAttributesCommand() command {
	return command{
		use:   "attributes [FILE]",
		short: "Find attribute phrases with their spans in caption lines",
		long: "attributes reads captions, one a line, from FILE or standard input, and prints\n" +
			"for each the phrases of the six slots (gender, head, upper, lower, shoes,\n" +
			"belongings) with the bytes they take in the line. A slot's value is its first\n" +
			"phrase without its article, or unknown.",
		example: "plip spac attributes captions.txt",
		args:    atMost(1),
		result:  attributesResult{},
		options: &spacAttributesOptions{},
	}
}

// attributesResult is what `plip spac attributes --json` prints.
type attributesResult struct {
	Captions []captionAttributes `json:"captions" doc:"one object a line of the input, in order"`
}

type captionAttributes struct {
	Text       string              `json:"text" doc:"the line"`
	Attributes map[string]string   `json:"attributes" doc:"value of each slot, unknown where the line has none"`
	Spans      map[string][][2]int `json:"spans" doc:"start and end byte of every phrase of a slot, that of its value first"`
}

type spacAttributesOptions struct {
	keywords string
	lexicon  string
}

func (o *spacAttributesOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.keywords, "keywords", "", "`file` with the head nouns of the slots, instead of the embedded list")
	f.StringVar(&o.lexicon, "lexicon", "", "`file` with parts of speech, instead of the embedded list")
}

func (o *spacAttributesOptions) validate([]string) error { return nil }

func (o *spacAttributesOptions) run(ctx context.Context, c *call) error {
	extractor, err := newExtractor(o.keywords, o.lexicon)
	if err != nil {
		return err
	}
	in, name := c.in, "standard input"
	if len(c.args) == 1 {
		f, err := os.Open(c.args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		in, name = f, c.args[0]
	}
	r := attributesResult{Captions: []captionAttributes{}}
	err = eachLine(in, func(n int64, line string) error {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		r.Captions = append(r.Captions, newCaptionAttributes(line, extractor.Extract(line)))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return c.print(r, r.table)
}

// newExtractor reads the word lists that were asked for; an empty name is the
// embedded list.
func newExtractor(keywords, lexicon string) (*attributes.Extractor, error) {
	lists := attributes.DefaultOptions()
	for _, l := range []struct {
		path string
		text *string
	}{{keywords, &lists.Keywords}, {lexicon, &lists.Lexicon}} {
		if l.path == "" {
			continue
		}
		data, err := os.ReadFile(l.path)
		if err != nil {
			return nil, err
		}
		*l.text = string(data)
	}
	return attributes.New(lists)
}

func newCaptionAttributes(line string, found attributes.Result) captionAttributes {
	a := captionAttributes{Text: line, Attributes: map[string]string{}, Spans: map[string][][2]int{}}
	for slot := attributes.Slot(0); slot < attributes.NumSlots; slot++ {
		a.Attributes[slot.String()] = found.Values[slot]
		spans := [][2]int{}
		for _, s := range found.Spans[slot] {
			spans = append(spans, [2]int{s.Start, s.End})
		}
		a.Spans[slot.String()] = spans
	}
	return a
}

// table has one line a phrase.
func (r attributesResult) table(w io.Writer) {
	fmt.Fprintln(w, "line\tslot\tbytes\tphrase\tvalue")
	for n, c := range r.Captions {
		for slot := attributes.Slot(0); slot < attributes.NumSlots; slot++ {
			for i, s := range c.Spans[slot.String()] {
				value := ""
				if i == 0 {
					value = c.Attributes[slot.String()]
				}
				fmt.Fprintf(w, "%d\t%s\t%d-%d\t%s\t%s\n", n+1, slot, s[0], s[1], c.Text[s[0]:s[1]], value)
			}
		}
	}
}

// maxLineBytes bounds a line of text input.
const maxLineBytes = 1 << 20

// eachLine calls f for every line of r with its number from 1.
func eachLine(r io.Reader, f func(n int64, line string) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLineBytes)
	n := int64(0)
	for s.Scan() {
		n++
		if err := f(n, s.Text()); err != nil {
			return err
		}
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d: want at most %d bytes", n+1, maxLineBytes)
	}
	return s.Err()
}
