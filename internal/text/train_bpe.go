package text

import (
	"fmt"
	"strings"
)

// TrainBPE learns a byte-level vocabulary of at most size tokens from lines, for NewBPE: first the 256 byte symbols in
// GPT-2's order, then one token a merge, <|endoftext|> last. It has fewer tokens where no two neighbours occur twice.
// The result depends on the lines' words and their counts alone. size must be 257 or more.
func TrainBPE(lines []string, size int) (vocab map[string]int, merges []string, err error) {
	if size < 257 {
		return nil, nil, fmt.Errorf("train BPE: want room for 256 bytes and %s, got a size of %d", endOfText, size)
	}
	of := byteSymbols()
	spell := func(cut string) []string {
		out := make([]string, len(cut))
		for i := range len(cut) {
			out[i] = string(of[cut[i]])
		}
		return out
	}
	t := newPairTrainer(firstByteSymbols(of), countCuts(lines), spell, func(l, r string) string { return l + r })
	for len(t.symbols) < size-1 {
		p, ok := t.step()
		if !ok {
			break
		}
		merges = append(merges, t.symbols[p.left]+" "+t.symbols[p.right])
	}
	vocab = make(map[string]int, len(t.symbols)+1)
	for i, s := range t.symbols {
		vocab[s] = i
	}
	vocab[endOfText] = len(t.symbols) // no merge can spell it: the pattern cuts between its signs and letters
	return vocab, merges, nil
}

// firstByteSymbols are the byte symbols in the order of GPT-2's vocabulary: those that stand for themselves, then the
// others, both by byte.
func firstByteSymbols(of [256]rune) []string {
	symbols := make([]string, 0, 256)
	for _, shifted := range [2]bool{false, true} {
		for c, r := range of {
			if (rune(c) != r) == shifted {
				symbols = append(symbols, string(r))
			}
		}
	}
	return symbols
}

// countCuts counts the cuts of GPT-2's pattern, <|endoftext|> taken out.
func countCuts(lines []string) map[string]int {
	counts := make(map[string]int)
	for _, line := range lines {
		for part := range strings.SplitSeq(line, endOfText) {
			for part != "" {
				n := nextCut(part)
				counts[part[:n]]++
				part = part[n:]
			}
		}
	}
	return counts
}
