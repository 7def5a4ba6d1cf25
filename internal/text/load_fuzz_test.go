package text

import (
	"encoding/json"
	"os"
	"testing"
)

// FuzzVocabularyFiles: whatever vocab.txt, vocab.json and merges.txt hold, loading ends in a tokenizer that works or in
// an error.
func FuzzVocabularyFiles(f *testing.F) {
	seed := func(path string) []byte {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		return data
	}
	f.Add(seed("testdata/bert/vocab.txt"), seed("testdata/gpt2/vocab.json"), seed("testdata/gpt2/merges.txt"))
	f.Add([]byte("[PAD]\r\n[UNK]\n\n##\n[CLS]\n[SEP]\n[MASK]"), []byte(`{"a": 0, "a": 1}`), []byte("#version: 0.2"))
	f.Add([]byte(nil), []byte("null"), []byte("a b\n\n"))
	f.Fuzz(func(t *testing.T, vocabTxt, vocabJSON, mergesTxt []byte) {
		const text = "A woman in [MASK] jeans, 한 ##ing<|endoftext|>"
		if w, err := NewWordPiece(splitLines(string(vocabTxt))); err == nil {
			ids, spans := w.Encode(text, 64)
			checkSpans(t, w, text, ids, spans)
		}
		var vocab map[string]int
		if json.Unmarshal(vocabJSON, &vocab) != nil {
			return
		}
		if b, err := NewBPE(vocab, parseMerges(string(mergesTxt))); err == nil {
			if got := b.Decode(b.Encode(text), false); got != text {
				t.Fatalf("want %q, got %q", text, got)
			}
		}
	})
}
