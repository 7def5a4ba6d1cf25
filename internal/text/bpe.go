package text

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// endOfText is GPT-2's only special token. Inside a text it is one token.
const endOfText = "<|endoftext|>"

// BPE is GPT-2's byte-level tokenizer over one vocabulary. It is safe for concurrent use.
type BPE struct {
	symbols []string             // id -> token in byte symbols, as in vocab.json
	bytes   []string             // id -> the bytes it stands for
	single  [256]int32           // byte -> id of its symbol
	merges  map[pair]mergeResult // what two neighbours become
	eos     int32
	cache   wordCache
}

// pair is two neighbouring token ids.
type pair struct{ left, right int32 }

// mergeResult is one line of merges.txt.
type mergeResult struct {
	rank int32 // line number; the lowest is applied first
	id   int32 // token of the two joined
}

// LoadBPE reads a hub folder's vocab.json (token to id) and merges.txt (one pair a line, by rank; a first line
// "#version: ..." is skipped).
func LoadBPE(vocabJSON, mergesTxt string) (*BPE, error) {
	data, err := os.ReadFile(vocabJSON)
	if err != nil {
		return nil, fmt.Errorf("read BPE vocabulary: %w", err)
	}
	var vocab map[string]int
	if err := json.Unmarshal(data, &vocab); err != nil {
		return nil, fmt.Errorf("read BPE vocabulary %s: %w", vocabJSON, err)
	}
	data, err = os.ReadFile(mergesTxt)
	if err != nil {
		return nil, fmt.Errorf("read BPE merges: %w", err)
	}
	b, err := NewBPE(vocab, parseMerges(string(data)))
	if err != nil {
		return nil, fmt.Errorf("read BPE vocabulary %s with %s: %w", vocabJSON, mergesTxt, err)
	}
	return b, nil
}

func parseMerges(data string) []string {
	lines := splitLines(data)
	if len(lines) > 0 && strings.HasPrefix(lines[0], "#version") {
		lines = lines[1:]
	}
	return lines
}

// NewBPE builds the tokenizer of a vocabulary and its merges ("left right" in byte symbols, by rank). Ids must be
// 0..len(vocab)-1, each once; all 256 byte symbols and <|endoftext|> must be there, and both parts and the result of
// every merge.
func NewBPE(vocab map[string]int, merges []string) (*BPE, error) {
	b := &BPE{
		symbols: make([]string, len(vocab)),
		bytes:   make([]string, len(vocab)),
		merges:  make(map[pair]mergeResult, len(merges)),
		cache:   newWordCache(),
	}
	if err := b.setTokens(vocab); err != nil {
		return nil, err
	}
	for i, line := range merges {
		left, right, ok := strings.Cut(line, " ")
		if !ok || left == "" || right == "" || strings.Contains(right, " ") {
			return nil, fmt.Errorf("merge %d: want two tokens separated by a space, got %q", i+1, line)
		}
		var ids [3]int32
		for j, token := range [3]string{left, right, left + right} {
			id, ok := vocab[token]
			if !ok {
				return nil, fmt.Errorf("merge %d: %q: token %q is not in the vocabulary", i+1, line, token)
			}
			ids[j] = int32(id)
		}
		p := pair{ids[0], ids[1]}
		if m, twice := b.merges[p]; twice {
			return nil, fmt.Errorf("merge %d: %q is merge %d already", i+1, line, m.rank+1)
		}
		b.merges[p] = mergeResult{rank: int32(i), id: ids[2]}
	}
	return b, nil
}

// setTokens fills the tables by id and by byte.
func (b *BPE) setTokens(vocab map[string]int) error {
	byID := make([]string, 0, len(vocab)) // sorted so that of several mistakes always the same is reported
	for token := range vocab {
		byID = append(byID, token)
	}
	slices.SortFunc(byID, func(x, y string) int {
		return cmp.Or(cmp.Compare(vocab[x], vocab[y]), cmp.Compare(x, y))
	})
	for i, token := range byID {
		if id := vocab[token]; id != i {
			return fmt.Errorf("want the ids 0 to %d, each once, got %d for token %q where %d was next", len(vocab)-1, id, token, i)
		}
	}
	b.symbols = byID
	toByte := byteOfSymbol()
	for i, token := range byID {
		b.bytes[i] = token
		if raw, ok := symbolBytes(token, toByte); ok {
			b.bytes[i] = raw
		}
	}
	for c, symbol := range byteSymbols() {
		id, ok := vocab[string(symbol)]
		if !ok {
			return fmt.Errorf("want a token for every byte, got none for byte 0x%02X (%q)", c, string(symbol))
		}
		b.single[c] = int32(id)
	}
	eos, ok := vocab[endOfText]
	if !ok {
		return fmt.Errorf("want the token %s, got %d tokens without it", endOfText, len(vocab))
	}
	b.eos = int32(eos)
	return nil
}

// Size is the number of tokens, <|endoftext|> included.
func (b *BPE) Size() int { return len(b.symbols) }

// EOS is the id of <|endoftext|>, which begins, ends and pads a sequence of GPT-2.
func (b *BPE) EOS() int32 { return b.eos }

// Token is the token of an id in byte symbols, as in vocab.json; "" for an id outside the vocabulary.
func (b *BPE) Token(id int32) string {
	if id < 0 || int(id) >= len(b.symbols) {
		return ""
	}
	return b.symbols[id]
}

// Encode gives the token ids of text. It adds no special token; "<|endoftext|>" in the text becomes EOS. Bytes that
// are no UTF-8 are encoded like any others.
func (b *BPE) Encode(text string) []int32 {
	if text == "" {
		return nil
	}
	ids := make([]int32, 0, len(text)/4+4)
	for {
		before, after, found := strings.Cut(text, endOfText)
		for before != "" {
			n := nextCut(before)
			ids = b.appendCut(ids, before[:n])
			before = before[n:]
		}
		if !found {
			return ids
		}
		ids = append(ids, b.eos)
		text = after
	}
}

// Decode gives the text of ids. Ids outside the vocabulary are left out, and EOS too if skipSpecial is set. Bytes that
// are no UTF-8, as where a character was cut, become U+FFFD, one for each maximal bad part.
func (b *BPE) Decode(ids []int32, skipSpecial bool) string {
	var out []byte
	for _, id := range ids {
		if id < 0 || int(id) >= len(b.bytes) || skipSpecial && id == b.eos {
			continue
		}
		out = append(out, b.bytes[id]...)
	}
	return validUTF8(out)
}
