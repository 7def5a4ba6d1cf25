package trainer

import (
	"slices"
	"strings"
	"testing"

	"plip/parquet"
)

func containsLine(text, part string) bool {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return true
		}
	}
	return false
}

func TestCandidates(t *testing.T) {
	full := &parquet.Row{Captions: []string{"one", "two", "three"}, PromptCaption: []string{"prompt"}}
	prompt := &parquet.Row{PromptCaption: []string{"prompt"}}
	single := &parquet.Row{Captions: []string{"one"}}
	for _, c := range []struct {
		source string
		row    *parquet.Row
		want   []string
	}{
		{CaptionsHuman, full, []string{"one", "two", "three"}},
		{CaptionsPrompt, full, []string{"prompt"}},
		{CaptionsGenerated, full, []string{"one"}},
		{CaptionsPromptOne, full, []string{"one", "prompt"}},
		{CaptionsPromptTwo, full, []string{"one", "two", "prompt"}},
		{CaptionsPromptTwo, single, []string{"one"}},
		{CaptionsHuman, prompt, []string{"prompt"}}, // has none of the source's: any text
		{CaptionsPrompt, single, []string{"one"}},
		{CaptionsPromptTwo, &parquet.Row{}, nil},
	} {
		if got := candidates(c.source, c.row); !slices.Equal(got, c.want) {
			t.Errorf("%s: want %v, got %v", c.source, c.want, got)
		}
	}
}

func TestDrawnCaptions(t *testing.T) {
	row := &parquet.Row{Captions: []string{"one", "two"}, PromptCaption: []string{"prompt"}}
	count := map[string]int{}
	differ := 0
	for number := range int64(3000) {
		got, _ := drawCaption(CaptionsPromptTwo, visit(7, 1, number), row)
		if again, _ := drawCaption(CaptionsPromptTwo, visit(7, 1, number), row); again != got {
			t.Fatalf("row %d: %q, then %q", number, got, again)
		}
		if other, _ := drawCaption(CaptionsPromptTwo, visit(7, 2, number), row); other != got {
			differ++
		}
		count[got]++
	}
	for text, n := range count { // 1000 expected, standard deviation 26
		if n < 870 || n > 1130 {
			t.Errorf("%q was drawn %d times of 3000", text, n)
		}
	}
	if differ < 1800 || differ > 2200 { // two of three
		t.Errorf("%d of 3000 captions differ in the next epoch, want about 2000", differ)
	}
}

func TestTokensAreTrimmed(t *testing.T) {
	words, err := newVocabulary([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "hat"})
	if err != nil {
		t.Fatal(err)
	}
	b := tokenize(words.WordPiece, []string{"a", "a red hat", "red hat a red hat"}, 5)
	if b.n != 3 || b.l != 5 {
		t.Errorf("want [3 5], got [%d %d]", b.n, b.l)
	}
	if want := []int64{2, 5, 3, 0, 0, 2, 5, 6, 7, 3, 2, 6, 7, 5, 3}; !slices.Equal(b.ids, want) {
		t.Errorf("ids: want %v, got %v", want, b.ids)
	}
	if want := []int64{1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}; !slices.Equal(b.mask, want) {
		t.Errorf("mask: want %v, got %v", want, b.mask)
	}
}

func TestParseSampler(t *testing.T) {
	if p, k, err := parseSampler("pk(32,2)"); p != 32 || k != 2 || err != nil {
		t.Errorf("pk(32,2): got %d, %d, %v", p, k, err)
	}
	for _, bad := range []string{"", "pk", "pk(0,2)", "pk(4,-1)", "pk(4,2) ", "pk(04,2)", "random"} {
		if _, _, err := parseSampler(bad); err == nil {
			t.Errorf("%q: want an error", bad)
		}
	}
}
