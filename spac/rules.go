package spac

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"plip/parquet"
)

// Language is what captioning needs to know of English; attributes.Extractor and templates.Library have it.
type Language struct {
	// Known tells whether a phrase is of a known kind for its slot.
	Known func(slot int, phrase string) bool
	// PromptCaption makes the prompt sentence of attributes, "" where there is none.
	PromptCaption func(attributes []string, seed, id int64, filePath string) string
}

// CaptionReport counts what captioning did.
type CaptionReport struct {
	Images   int64            `json:"images"`
	Captions int64            `json:"captions"` // kept
	Prompts  int64            `json:"prompts"`  // prompt captions made
	Unknown  [Slots]int64     `json:"unknown"`  // slots said to be unknown
	Replaced [Slots]int64     `json:"replaced"` // slots whose phrase was of no known kind and became unknown
	Dropped  map[string]int64 `json:"dropped"`  // captions by reason
}

// Reasons why a generated caption is dropped (spac.md, section 7; the gender vote's come with distribution).
const (
	dropEmpty  = "empty"
	dropRepeat = "repeats the other"
	dropLong   = "no end within the limit"
	dropBroken = "broken characters" // bytes that are no UTF-8, which decoding has replaced (ours)
)

func newCaptionReport() CaptionReport {
	return CaptionReport{Dropped: map[string]int64{}}
}

// apply puts what the captioner said into a row, by the rules.
func (rep *CaptionReport) apply(r *parquet.Row, said Words, seed int64, l Language) {
	rep.Images++
	r.Attributes = make([]string, Slots)
	for k, phrase := range said.Attributes {
		if phrase != Unknown && !l.Known(k, phrase) {
			phrase = Unknown
			rep.Replaced[k]++
		}
		if phrase == Unknown {
			rep.Unknown[k]++
		}
		r.Attributes[k] = phrase
	}
	r.Captions = nil
	for s, caption := range said.Captions {
		switch {
		case caption == "":
			rep.Dropped[dropEmpty]++
		case !said.Ended[s]:
			rep.Dropped[dropLong]++
		case strings.ContainsRune(caption, utf8.RuneError):
			rep.Dropped[dropBroken]++
		case slices.Contains(r.Captions, caption):
			rep.Dropped[dropRepeat]++
		default:
			r.Captions = append(r.Captions, caption)
			rep.Captions++
		}
	}
	r.PromptCaption = nil
	if p := l.PromptCaption(r.Attributes, seed, r.ID, r.FilePath); p != "" {
		r.PromptCaption = []string{p}
		rep.Prompts++
	}
}

// String lists the drops for a log line.
func (rep CaptionReport) String() string {
	s := fmt.Sprintf("%d images, %d captions, %d prompt captions", rep.Images, rep.Captions, rep.Prompts)
	for _, reason := range slices.Sorted(maps.Keys(rep.Dropped)) {
		s += fmt.Sprintf(", %d dropped: %s", rep.Dropped[reason], reason)
	}
	return s
}
