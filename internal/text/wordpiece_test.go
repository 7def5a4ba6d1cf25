package text

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// wordPieceFixture is testdata/wordpiece.json: the reference tokenizer's output.
type wordPieceFixture struct {
	Vocab []string
	Cases []struct {
		Text   string
		IDs    []int32
		Tokens []string
	}
	Truncation []struct {
		Text      string
		MaxLength int `json:"max_length"`
		IDs       []int32
	}
}

func loadWordPieceFixture(t testing.TB) (wordPieceFixture, *WordPiece) {
	t.Helper()
	var f wordPieceFixture
	readJSON(t, "testdata/wordpiece.json", &f)
	w, err := NewWordPiece(f.Vocab)
	if err != nil {
		t.Fatal(err)
	}
	return f, w
}

func readJSON(t testing.TB, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

func TestWordPieceReference(t *testing.T) {
	f, w := loadWordPieceFixture(t)
	if len(f.Cases) < 400 || len(f.Truncation) < 40 {
		t.Fatalf("want the whole fixture, got %d cases and %d truncations", len(f.Cases), len(f.Truncation))
	}
	for _, c := range f.Cases {
		ids, spans := w.Encode(c.Text, 64)
		if !slices.Equal(ids, c.IDs) {
			t.Errorf("%q: want %q, got %q", c.Text, c.Tokens, tokens(w, ids))
		}
		checkSpans(t, w, c.Text, ids, spans)
	}
	for _, c := range f.Truncation {
		if ids, _ := w.Encode(c.Text, c.MaxLength); !slices.Equal(ids, c.IDs) {
			t.Errorf("%q at %d: want %v, got %v", c.Text, c.MaxLength, c.IDs, ids)
		}
	}
}

func tokens(w *WordPiece, ids []int32) []string {
	var out []string
	for _, id := range ids {
		out = append(out, w.Token(id))
	}
	return out
}

// checkSpans holds Encode's promises about spans: one a token, in order, at character borders, and for ASCII text the
// lower-cased range is the token itself.
func checkSpans(t *testing.T, w *WordPiece, text string, ids []int32, spans [][2]int) {
	t.Helper()
	if len(ids) != len(spans) || len(ids) < 2 {
		t.Fatalf("%q: %d ids, %d spans", text, len(ids), len(spans))
	}
	last := len(ids) - 1
	if spans[0] != [2]int{-1, -1} || spans[last] != [2]int{-1, -1} {
		t.Fatalf("%q: want no range for [CLS] and [SEP], got %v and %v", text, spans[0], spans[last])
	}
	before := [2]int{}
	for i := 1; i < last; i++ {
		s := spans[i]
		if s[0] < before[0] || s[1] < before[1] || s[0] >= s[1] || s[1] > len(text) {
			t.Fatalf("%q: token %d: range %v after %v", text, i, s, before)
		}
		if utf8.ValidString(text) && !utf8.ValidString(text[s[0]:s[1]]) {
			t.Fatalf("%q: token %d: range %v cuts a character", text, i, s)
		}
		token := strings.TrimPrefix(w.Token(ids[i]), "##")
		if part := text[s[0]:s[1]]; isPrintable(part) && ids[i] != w.UnkID() && !strings.EqualFold(part, token) && token != "#" {
			t.Fatalf("%q: token %q has range %v = %q", text, token, s, part)
		}
		before = s
	}
}

func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func TestWordPieceSpansMaskAPhrase(t *testing.T) {
	_, w := loadWordPieceFixture(t)
	text := "A Wómàn in  dark  JEANS, carrying a bag"
	phrase := "dark  JEANS"
	from := strings.Index(text, phrase)
	ids, spans := w.Encode(text, 64)
	for i, s := range spans {
		if s[0] >= from && s[1] <= from+len(phrase) {
			ids[i] = w.MaskID()
		}
	}
	got := strings.Join(tokens(w, ids), " ")
	if want := "[CLS] a woman in [MASK] [MASK] , carrying a bag [SEP]"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

func TestWordPieceCharactersAfterUnicode8(t *testing.T) {
	// The Greek capital theta of Unicode 1 is lower-cased; a safety vest (Unicode 12) is a letter, so it ends no word;
	// punctuation new in Unicode 9 (U+1E95E, Adlam) is a letter as well, that of Unicode 1 is not.
	w, err := NewWordPiece([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a🦺b", "a\U0001E95Eb", "θ", "a", "b", "‽"})
	if err != nil {
		t.Fatal(err)
	}
	ids, _ := w.Encode("a🦺b a\U0001E95Eb Θ a‽b", 64)
	if want := []int32{2, 5, 6, 7, 8, 10, 9, 3}; !slices.Equal(ids, want) {
		t.Errorf("want %v, got %v", want, ids)
	}
}

func TestWordPieceVocabularyErrors(t *testing.T) {
	base := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
	for _, c := range []struct {
		vocab []string
		want  string
	}{
		{base[:4], "want the token [MASK], got 4 tokens without it"},
		{append(slices.Clone(base), "a", "##a", "a"), `line 8: token "a" stands in line 6 already`},
		{append(slices.Clone(base), "\xff"), `line 6: token "\xff" is not UTF-8`},
		{nil, "want the token [PAD], got 0 tokens without it"},
	} {
		if _, err := NewWordPiece(c.vocab); err == nil || err.Error() != c.want {
			t.Errorf("%q: want %q, got %v", c.vocab, c.want, err)
		}
	}
	if _, err := LoadWordPiece("testdata/none.txt"); err == nil || !strings.Contains(err.Error(), "none.txt") {
		t.Errorf("want an error that names the file, got %v", err)
	}
}

func TestLoadWordPiece(t *testing.T) {
	w, err := LoadWordPiece("testdata/bert/vocab.txt")
	if err != nil {
		t.Fatal(err)
	}
	if w.PadID() != 0 || w.UnkID() != 1 || w.ClsID() != 2 || w.SepID() != 3 || w.MaskID() != 4 {
		t.Errorf("special tokens are %d %d %d %d %d", w.PadID(), w.UnkID(), w.ClsID(), w.SepID(), w.MaskID())
	}
	if got := w.Token(int32(w.Size() - 1)); got != "jeans" {
		t.Errorf("want the last token %q, got %q", "jeans", got)
	}
	if w.Token(-1) != "" || w.Token(int32(w.Size())) != "" {
		t.Error("want no text for an id outside the vocabulary")
	}
}

func FuzzWordPiece(f *testing.F) {
	fixture, w := loadWordPieceFixture(f)
	for i, c := range fixture.Cases {
		if i%10 == 0 {
			f.Add(c.Text, 64)
		}
	}
	f.Add("\xff\xfe[MASK\u0338≮\u1fef\u037e", 5)
	f.Fuzz(func(t *testing.T, text string, max int) {
		ids, spans := w.Encode(text, max)
		if len(ids) > max && len(ids) != 2 {
			t.Fatalf("%q: %d tokens, at most %d allowed", text, len(ids), max)
		}
		checkSpans(t, w, text, ids, spans)
		if shorter, _ := w.Encode(text, len(ids)-1); len(ids) > 2 && !slices.Equal(shorter[:len(shorter)-1], ids[:len(ids)-2]) {
			t.Fatalf("%q: cut to %d tokens %v is no beginning of %v", text, len(ids)-1, shorter, ids)
		}
	})
}
