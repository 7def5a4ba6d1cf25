package check

import (
	"fmt"
	"strings"

	"plip/internal/text"
)

// checkWordPiece tokenises the cases, cut to the length in the settings, and those with a length of their own.
func checkWordPiece(f *jsonFixture) error {
	type item struct {
		Text      string
		IDs       []int
		Tokens    []string
		MaxLength int `json:"max_length"`
	}
	var x struct {
		Kind     string
		Settings struct {
			Lowercase            bool
			StripAccents         bool   `json:"strip_accents"`
			CJKSplit             bool   `json:"cjk_split"`
			CleanText            bool   `json:"clean_text"`
			MaxLength            int    `json:"max_length"`
			MaxInputCharsPerWord int    `json:"max_input_chars_per_word"`
			SpecialTokens        string `json:"special_tokens"`
			Library              string
		}
		Vocab      []string
		Cases      []item
		Truncation []item
	}
	if err := f.decode(&x); err != nil {
		return err
	}
	if s := x.Settings; !s.Lowercase || !s.StripAccents || !s.CJKSplit || !s.CleanText || s.MaxInputCharsPerWord != 100 {
		return fmt.Errorf("settings: want the uncased tokenizer with words up to 100 characters, got %+v", s)
	}
	w, err := text.NewWordPiece(x.Vocab)
	if err != nil {
		return err
	}
	run := func(group string, i int, c item) {
		name := fmt.Sprintf("%s %d (%.40q)", group, i, c.Text)
		ids, _ := w.Encode(c.Text, c.MaxLength)
		f.values(group, name, widen(c.IDs), widen(ids), exact)
		f.text(group, name, strings.Join(c.Tokens, " "), join(ids, w.Token))
	}
	for i, c := range x.Cases {
		c.MaxLength = x.Settings.MaxLength
		run("cases", i, c)
	}
	for i, c := range x.Truncation {
		run("truncation", i, c)
	}
	return nil
}

// checkBPE tokenises the cases, joins their ids again, and decodes ids that cut characters.
func checkBPE(f *jsonFixture) error {
	var x struct {
		Kind     string
		Settings struct {
			AddPrefixSpace bool   `json:"add_prefix_space"`
			EndOfText      string `json:"end_of_text"`
			Library        string
			SpecialTokens  string `json:"special_tokens"`
			Decode         string
		}
		Vocab  map[string]int
		Merges []string
		Cases  []struct {
			Text   string
			IDs    []int
			Tokens []string
		}
		Decode []struct {
			IDs         []int32
			Text        string
			SkipSpecial string `json:"skip_special"`
		}
	}
	if err := f.decode(&x); err != nil {
		return err
	}
	if x.Settings.AddPrefixSpace {
		return fmt.Errorf("settings: want no added space before the text")
	}
	b, err := text.NewBPE(x.Vocab, x.Merges)
	if err != nil {
		return err
	}
	f.text("end of text", "settings.end_of_text", x.Settings.EndOfText, b.Token(b.EOS()))
	for i, c := range x.Cases {
		name := fmt.Sprintf("cases %d (%.40q)", i, c.Text)
		ids := b.Encode(c.Text)
		f.values("cases", name, widen(c.IDs), widen(ids), exact)
		f.text("cases", name, strings.Join(c.Tokens, " "), join(ids, b.Token))
		f.text("cases decoded", name, strings.ToValidUTF8(c.Text, "\uFFFD"), b.Decode(ids, false))
	}
	for i, c := range x.Decode {
		name := fmt.Sprintf("decode %d", i)
		f.text("decode", name, c.Text, b.Decode(c.IDs, false))
		f.text("decode", name, c.SkipSpecial, b.Decode(c.IDs, true))
	}
	return nil
}

// join puts the tokens of ids in one text.
func join(ids []int32, token func(int32) string) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = token(id)
	}
	return strings.Join(out, " ")
}
