package check

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// FuzzJSON gives any bytes to the kinds that are JSON: no panic, and what passes was compared.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"kind": "schedule", "finetune": {"epochs": 3, "period": 1, "warmup": 1, "factor": 0.1, "base": [1], "lr": [[1], [0.1], [0.01]]}, "pretrain": {"epochs": 1, "warmup": 1, "base": 1, "lr": [[1, 0]]}}`))
	f.Add([]byte(`{"kind": "schedule", "iap": {"by_epoch": {"999999999999": {"sqrt": [1]}}}}`))
	f.Add([]byte(`{"kind": "pth", "files": {"a": {"read": true}, "b": {}}, "one_storage": ["x"]}`))
	f.Add([]byte(`{"kind": "caption-metrics", "pairs": [{"hypothesis": "a", "references": ["a"], "bleu_each": [1]}], "bleu": []}`))
	f.Add([]byte(`{"kind": "wordpiece", "settings": {"lowercase": true, "strip_accents": true, "cjk_split": true, "clean_text": true, "max_input_chars_per_word": 100}, "vocab": ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"], "cases": [{"text": "a", "ids": [2, 5, 3], "tokens": ["[CLS]", "a", "[SEP]"]}]}`))
	f.Add([]byte(`{"kind": "bpe", "vocab": {"a": 0}, "merges": ["a a"]}`))
	f.Add([]byte(`{"kind": {}}`))
	f.Add([]byte(`[1]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "fixture.json")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		reports := 0
		err := Run(context.Background(), []string{path}, nil, func(r Report) {
			reports++
			values := 0
			for _, g := range r.Groups {
				values += g.Values
			}
			if r.OK() && values == 0 {
				t.Errorf("passed without a comparison: %q", data)
			}
		})
		if err != nil || reports != 1 {
			t.Errorf("want one report, got %d and %v", reports, err)
		}
	})
}
