package text

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// TrainWordPiece learns an uncased vocabulary of at most size tokens from lines, for NewWordPiece: [PAD] [UNK] [CLS]
// [SEP] [MASK] in this order, then the characters that occur (as a word's first and, with "##", as a later one; the
// commonest if there is no room for all), then one token a merge. The result depends on the lines' words and their
// counts alone. size must be 5 or more.
func TrainWordPiece(lines []string, size int) (vocab []string, err error) {
	special := []string{padToken, unkToken, clsToken, sepToken, maskToken}
	if size < len(special) {
		return nil, fmt.Errorf("train WordPiece: want room for the %d special tokens, got a size of %d", len(special), size)
	}
	words := countWords(lines)
	symbols := append(special, commonCharacters(words, size-len(special))...)
	t := newPairTrainer(symbols, words, splitCharacters, func(l, r string) string {
		return l + strings.TrimPrefix(r, "##")
	})
	for len(t.symbols) < size {
		if _, ok := t.step(); !ok {
			break
		}
	}
	return t.symbols, nil
}

// countWords counts the normalised words of lines; special tokens and words that are [UNK] by their length are left
// out.
func countWords(lines []string) map[string]int {
	counts := make(map[string]int)
	s := wordScanner{rules: newRuneRules()}
	for _, line := range lines {
		s.text, s.pos = line, 0
		for s.next() {
			if !s.special && s.runes <= maxWordRunes {
				counts[string(s.word)]++
			}
		}
	}
	return counts
}

// splitCharacters spells a word in single characters, all but the first with "##".
func splitCharacters(word string) []string {
	var out []string
	for i, r := range word {
		if i == 0 {
			out = append(out, string(r))
		} else {
			out = append(out, "##"+string(r))
		}
	}
	return out
}

// commonCharacters are the most frequent single-character symbols, at most limit of them, sorted by text.
func commonCharacters(words map[string]int, limit int) []string {
	counts := make(map[string]int)
	for word, n := range words {
		for _, s := range splitCharacters(word) {
			counts[s] += n
		}
	}
	symbols := make([]string, 0, len(counts))
	for s := range counts {
		symbols = append(symbols, s)
	}
	slices.SortFunc(symbols, func(x, y string) int {
		return cmp.Or(cmp.Compare(counts[y], counts[x]), cmp.Compare(x, y))
	})
	symbols = symbols[:min(limit, len(symbols))]
	slices.Sort(symbols)
	return symbols
}
