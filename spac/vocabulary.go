package spac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"plip/internal/text"
	"plip/parquet"
)

// vocabularyImages bounds how many rows a vocabulary is trained on: more change nothing that a small one holds.
const vocabularyImages = 20000

// TrainVocabulary makes a byte-level BPE vocabulary of about size tokens from a dataset's captions and attributes.
func TrainVocabulary(ctx context.Context, ds *parquet.Dataset, size int) (*Vocabulary, error) {
	var lines []string
	if err := firstRows(ctx, ds, func(r *parquet.Row) {
		for _, s := range append(r.Captions, r.Attributes...) {
			lines = append(lines, " "+strings.TrimSpace(s))
		}
	}); err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("train vocabulary: the dataset has neither captions nor attributes")
	}
	vocab, merges, err := text.TrainBPE(lines, size)
	if err != nil {
		return nil, err
	}
	bpe, err := text.NewBPE(vocab, merges)
	if err != nil {
		return nil, err
	}
	table, err := json.Marshal(vocab) // by token: encoding/json sorts the keys
	if err != nil {
		return nil, err
	}
	return &Vocabulary{bpe, map[string][]byte{vocabFile: table, mergesFile: []byte("#version: 0.2\n" + strings.Join(merges, "\n") + "\n")}}, nil
}

// firstRows calls fn with the texts of the rows that a vocabulary is made of; fn keeps nothing but strings.
func firstRows(ctx context.Context, ds *parquet.Dataset, fn func(r *parquet.Row)) error {
	enough := errors.New("enough rows")
	err := ds.Visit(ctx, parquet.ColText, 0, func(i int64, r *parquet.Row) error {
		if i >= vocabularyImages {
			return enough
		}
		fn(r)
		return nil
	})
	if errors.Is(err, enough) {
		return nil
	}
	return err
}

// The hub's names of the vocabulary's files.
const (
	vocabFile  = "vocab.json"
	mergesFile = "merges.txt"
)

// Vocabulary is a tokenizer with the files that it is kept in.
type Vocabulary struct {
	*text.BPE
	files map[string][]byte // by name
}

// LoadVocabulary reads vocab.json and merges.txt of a folder.
func LoadVocabulary(dir string) (*Vocabulary, error) {
	bpe, err := text.LoadBPE(filepath.Join(dir, vocabFile), filepath.Join(dir, mergesFile))
	if err != nil {
		return nil, err
	}
	v := &Vocabulary{bpe, map[string][]byte{}}
	for _, name := range []string{vocabFile, mergesFile} {
		if v.files[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return v, nil
}
