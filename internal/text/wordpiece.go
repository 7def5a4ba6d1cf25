package text

import (
	"fmt"
	"os"
	"strings"
	"unicode/utf8"
)

// WordPiece is the uncased BERT tokenizer over one vocabulary. It is safe for concurrent use.
type WordPiece struct {
	vocab []string         // id -> token
	first map[string]int32 // tokens that begin a word
	rest  map[string]int32 // tokens that continue one, without their "##"

	maxFirst, maxRest int // longest key of either map, in bytes

	pad, unk, cls, sep, mask int32
	rules                    runeRules
}

// LoadWordPiece reads a hub folder's vocab.txt: one token a line, the line number from 0 is the id.
func LoadWordPiece(vocabFile string) (*WordPiece, error) {
	data, err := os.ReadFile(vocabFile)
	if err != nil {
		return nil, fmt.Errorf("read WordPiece vocabulary: %w", err)
	}
	w, err := NewWordPiece(splitLines(string(data)))
	if err != nil {
		return nil, fmt.Errorf("read WordPiece vocabulary %s: %w", vocabFile, err)
	}
	return w, nil
}

// NewWordPiece builds the tokenizer of a vocabulary, where the index is the id. It keeps the slice. All five special
// tokens ([PAD] [UNK] [CLS] [SEP] [MASK]) must be there and no token twice; empty entries hold a place and never match.
func NewWordPiece(vocab []string) (*WordPiece, error) {
	w := &WordPiece{
		vocab: vocab,
		first: make(map[string]int32, len(vocab)),
		rest:  make(map[string]int32, len(vocab)),
		rules: newRuneRules(),
	}
	for i, token := range vocab {
		table, key, longest := w.first, token, &w.maxFirst
		if strings.HasPrefix(token, "##") && len(token) > 2 {
			table, key, longest = w.rest, token[2:], &w.maxRest
		}
		if key == "" {
			continue
		}
		if !utf8.ValidString(token) {
			return nil, fmt.Errorf("line %d: token %q is not UTF-8", i+1, token)
		}
		if j, twice := table[key]; twice {
			return nil, fmt.Errorf("line %d: token %q stands in line %d already", i+1, token, j+1)
		}
		table[key] = int32(i)
		*longest = max(*longest, len(key))
	}
	for _, s := range []struct {
		token string
		id    *int32
	}{{padToken, &w.pad}, {unkToken, &w.unk}, {clsToken, &w.cls}, {sepToken, &w.sep}, {maskToken, &w.mask}} {
		id, ok := w.first[s.token]
		if !ok {
			return nil, fmt.Errorf("want the token %s, got %d tokens without it", s.token, len(vocab))
		}
		*s.id = id
	}
	return w, nil
}

// Size is the number of tokens.
func (w *WordPiece) Size() int { return len(w.vocab) }

// Token is the text of an id, with "##" where it continues a word; "" for an id outside the vocabulary.
func (w *WordPiece) Token(id int32) string {
	if id < 0 || int(id) >= len(w.vocab) {
		return ""
	}
	return w.vocab[id]
}

// PadID is the id of [PAD].
func (w *WordPiece) PadID() int32 { return w.pad }

// UnkID is the id of [UNK].
func (w *WordPiece) UnkID() int32 { return w.unk }

// ClsID is the id of [CLS].
func (w *WordPiece) ClsID() int32 { return w.cls }

// SepID is the id of [SEP].
func (w *WordPiece) SepID() int32 { return w.sep }

// MaskID is the id of [MASK].
func (w *WordPiece) MaskID() int32 { return w.mask }

// Encode gives the token ids of text, [CLS] first and [SEP] last, at most max of them (text.max_length 64 in PLIP;
// less than 2 is taken as 2). spans[i] is the byte range of token i in text, {-1, -1} for the [CLS] and [SEP] added
// here. Ranges begin and end at characters and do not decrease; accents dropped after a character lie outside its
// range, and the pieces of one Korean syllable share its range. Nothing is padded.
func (w *WordPiece) Encode(text string, max int) (ids []int32, spans [][2]int) {
	if max < 2 {
		max = 2
	}
	room := min(max, len(text)/4+8)
	ids = append(make([]int32, 0, room), w.cls)
	spans = append(make([][2]int, 0, room), [2]int{-1, -1})

	var wordBuf [128]byte
	var spanBuf [128][2]int
	s := wordScanner{text: text, rules: w.rules, word: wordBuf[:0], spans: spanBuf[:0]}
	for len(ids) < max-1 && s.next() {
		ids, spans = w.appendWord(ids, spans, &s)
	}
	if len(ids) > max-1 {
		ids, spans = ids[:max-1], spans[:max-1]
	}
	return append(ids, w.sep), append(spans, [2]int{-1, -1})
}

// appendWord splits the scanner's word, longest entry first.
func (w *WordPiece) appendWord(ids []int32, spans [][2]int, s *wordScanner) ([]int32, [][2]int) {
	if s.special {
		return append(ids, w.first[string(s.word)]), append(spans, [2]int{s.from, s.to})
	}
	if s.runes > maxWordRunes {
		return append(ids, w.unk), append(spans, [2]int{s.from, s.to})
	}
	before := len(ids)
	table, longest := w.first, w.maxFirst
	for at := 0; at < len(s.word); {
		end := min(len(s.word), at+longest)
		id, found := int32(0), false
		for ; end > at; end-- {
			if end < len(s.word) && !utf8.RuneStart(s.word[end]) {
				continue
			}
			if id, found = table[string(s.word[at:end])]; found {
				break
			}
		}
		if !found {
			return append(ids[:before], w.unk), append(spans[:before], [2]int{s.from, s.to})
		}
		ids = append(ids, id)
		spans = append(spans, [2]int{s.spans[at][0], s.spans[end-1][1]})
		at, table, longest = end, w.rest, w.maxRest
	}
	return ids, spans
}

// splitLines cuts a vocabulary file into lines; the line end after the last token makes no token.
func splitLines(data string) []string {
	data = strings.TrimSuffix(data, "\n")
	if data == "" {
		return nil
	}
	lines := strings.Split(data, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(line, "\r")
	}
	return lines
}
