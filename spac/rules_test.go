package spac

import (
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"plip/internal/text"
	"plip/parquet"
)

// TestRules gives the report of three images: what is unknown or of no known kind, and why captions are dropped.
func TestRules(t *testing.T) {
	language := Language{
		Known:         func(slot int, phrase string) bool { return phrase == "red shirt" || slot == 0 },
		PromptCaption: func(attributes []string, _, _ int64, _ string) string { return "A " + attributes[0] + "." },
	}
	report := newCaptionReport()
	said := func(captions [2]string, ended [2]bool, attributes ...string) parquet.Row {
		w := Words{Captions: captions, Ended: ended}
		copy(w.Attributes[:], attributes)
		r := parquet.Row{}
		report.apply(&r, w, 1, language)
		return r
	}
	both := [2]bool{true, true}
	got := said([2]string{"a man", "he walks"}, both, "man", "unknown", "red shirt", "a shirt of", "unknown", "bag bag")
	if diff := cmp.Diff(parquet.Row{Attributes: []string{"man", "unknown", "red shirt", "unknown", "unknown", "unknown"},
		Captions: []string{"a man", "he walks"}, PromptCaption: []string{"A man."}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := said([2]string{"", "he runs and runs"}, [2]bool{true, false}); len(got.Captions) != 0 {
		t.Errorf("want no captions, got %q", got.Captions)
	}
	if got := said([2]string{"a man", "a man"}, both); !slices.Equal(got.Captions, []string{"a man"}) {
		t.Errorf("want one of two equal captions, got %q", got.Captions)
	}
	if got := said([2]string{"a ma\ufffd", "fine"}, both); !slices.Equal(got.Captions, []string{"fine"}) {
		t.Errorf("want the whole caption alone, got %q", got.Captions)
	}
	if want := map[string]int64{dropEmpty: 1, dropLong: 1, dropRepeat: 1, dropBroken: 1}; !cmp.Equal(want, report.Dropped) {
		t.Errorf("want the drops %v, got %v", want, report.Dropped)
	}
	// The last three images say nothing of any slot, which is no known kind either.
	if report.Images != 4 || report.Captions != 4 || report.Prompts != 4 || report.Replaced[1] != 3 || report.Replaced[3] != 4 || report.Unknown[1] != 4 {
		t.Errorf("got %+v", report)
	}
}

// TestTextIsUTF8 decodes tokens of single bytes, whole and cut characters.
func TestTextIsUTF8(t *testing.T) {
	vocab, merges, err := text.TrainBPE([]string{"é"}, 257) // bytes alone
	if err != nil {
		t.Fatal(err)
	}
	bpe, err := text.NewBPE(vocab, merges)
	if err != nil {
		t.Fatal(err)
	}
	s := &Speaker{bpe: bpe}
	ids := bpe.Encode("café 人")
	if got := s.text(Sequence{IDs: ids}); got != "café 人" {
		t.Errorf("want the text, got %q", got)
	}
	for n := range ids {
		for from := range n {
			if got := s.text(Sequence{IDs: ids[from:n]}); !utf8.ValidString(got) {
				t.Errorf("tokens %d to %d: %q is no UTF-8", from, n, got)
			}
		}
	}
}
