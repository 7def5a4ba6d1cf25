package text

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// trainLines are the plain captions of the reference cases.
func trainLines(t testing.TB) []string {
	t.Helper()
	f, _ := loadBPEFixture(t)
	var lines []string
	for _, c := range f.Cases {
		lines = append(lines, c.Text)
	}
	return lines
}

func TestTrainBPEByHand(t *testing.T) {
	// aab aab ab: the pair a b counts 3, " a" 2 (" aab" and " ab" after the first word). Then a+ab counts 2 as does
	// " "+ab or " "+a, each once: "a ab" is the only one left at 2.
	_, merges, err := TrainBPE([]string{"aab aab ab"}, 400)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a b", "a ab"}; !slices.Equal(merges, want) {
		t.Errorf("want %q, got %q", want, merges)
	}
}

func TestTrainWordPieceByHand(t *testing.T) {
	// Pairs: h ##a 2+1, ##a ##t 2, ##a ##s 1. "ha" is joined first, then "hat"; "has" occurs once only.
	vocab, err := TrainWordPiece([]string{"Hat hat has [MASK]"}, 100)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "##a", "##s", "##t", "h", "ha", "hat"}
	if d := cmp.Diff(want, vocab); d != "" {
		t.Error(d)
	}
	vocab, err = TrainWordPiece([]string{"Hat hat has"}, 7) // room for the two commonest characters
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "##a", "h"}; !slices.Equal(vocab, want) {
		t.Errorf("want %q, got %q", want, vocab)
	}
}

func TestTrainedBPE(t *testing.T) {
	lines := trainLines(t)
	vocab, merges, err := TrainBPE(lines, 600)
	if err != nil {
		t.Fatal(err)
	}
	if len(vocab) != 600 || len(merges) < 600-257 || vocab[endOfText] != 599 || vocab["!"] != 0 || vocab["Ġ"] != 220 {
		t.Fatalf("%d tokens, %d merges, eos %d, ! %d, space %d", len(vocab), len(merges), vocab[endOfText], vocab["!"], vocab["Ġ"])
	}
	dir := t.TempDir()
	vocabFile, mergesFile := filepath.Join(dir, "vocab.json"), filepath.Join(dir, "merges.txt")
	if err := SaveBPE(vocabFile, mergesFile, vocab, merges); err != nil {
		t.Fatal(err)
	}
	b, err := LoadBPE(vocabFile, mergesFile)
	if err != nil {
		t.Fatal(err)
	}
	bytes, tokens := 0, 0
	for _, line := range lines {
		ids := b.Encode(line)
		if got := b.Decode(ids, false); got != line {
			t.Fatalf("decode(encode(%q)) = %q", line, got)
		}
		bytes, tokens = bytes+len(line), tokens+len(ids)
	}
	if ratio := float64(bytes) / float64(tokens); ratio < 2 {
		t.Errorf("want at least 2 bytes a token on the lines it was trained on, got %.2f", ratio)
	}
	slices.Reverse(lines)
	again, mergesAgain, err := TrainBPE(lines, 600)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(vocab, again); d != "" {
		t.Errorf("the order of the lines shows: %s", d)
	}
	if d := cmp.Diff(merges, mergesAgain); d != "" {
		t.Errorf("the order of the lines shows: %s", d)
	}
}

func TestTrainedWordPiece(t *testing.T) {
	lines := trainLines(t)
	vocab, err := TrainWordPiece(lines, 600)
	if err != nil {
		t.Fatal(err)
	}
	if len(vocab) != 600 {
		t.Fatalf("want 600 tokens, got %d", len(vocab))
	}
	file := filepath.Join(t.TempDir(), "vocab.txt")
	if err := SaveWordPiece(file, vocab); err != nil {
		t.Fatal(err)
	}
	w, err := LoadWordPiece(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		ids, _ := w.Encode(line, 1<<20)
		if slices.Contains(ids, w.UnkID()) && !strings.Contains(line, unkToken) && len(line) < maxWordRunes {
			t.Errorf("%q: want no [UNK] on the lines it was trained on, got %q", line, tokens(w, ids))
		}
	}
	slices.Reverse(lines)
	again, err := TrainWordPiece(lines, 600)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(vocab, again); d != "" {
		t.Errorf("the order of the lines shows: %s", d)
	}
}

func TestTrainErrors(t *testing.T) {
	if _, _, err := TrainBPE(nil, 256); err == nil || !strings.Contains(err.Error(), "got a size of 256") {
		t.Errorf("got %v", err)
	}
	if _, err := TrainWordPiece(nil, 4); err == nil || !strings.Contains(err.Error(), "got a size of 4") {
		t.Errorf("got %v", err)
	}
	vocab, merges, err := TrainBPE(nil, 257)
	if err != nil || len(vocab) != 257 || len(merges) != 0 {
		t.Errorf("no lines: %d tokens, %d merges, %v", len(vocab), len(merges), err)
	}
}

// FuzzTrain: whatever the lines, the vocabularies are valid, of the size asked for at most, and BPE round-trips.
func FuzzTrain(f *testing.F) {
	f.Add("aab aab ab\nHat hat has [MASK]", 300)
	f.Add("\xff\xfe \xff\xfe é́ 한한 <|endoftext|> <|endoftex<|endoftext|>", 260)
	f.Fuzz(func(t *testing.T, text string, size int) {
		size = 257 + int(uint(size)%200)
		lines := strings.Split(text, "\n")
		vocab, merges, err := TrainBPE(lines, size)
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewBPE(vocab, merges)
		if err != nil || b.Size() > size {
			t.Fatalf("size %d: %v", len(vocab), err)
		}
		if got, want := b.Decode(b.Encode(text), false), validUTF8([]byte(text)); got != want {
			t.Fatalf("want %q, got %q", want, got)
		}
		pieces, err := TrainWordPiece(lines, size)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewWordPiece(pieces); err != nil || len(pieces) > size {
			t.Fatalf("size %d: %v", len(pieces), err)
		}
	})
}
