package trainer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"plip/internal/text"
	"plip/parquet"
)

// VocabularyFile is the WordPiece vocabulary in hub folders and in checkpoints, one token a line.
const VocabularyFile = "vocab.txt"

// vocabularyRows bounds the captions a vocabulary is trained on: a small one holds no more.
const vocabularyRows = 50_000

// Vocabulary is the tokenizer of a model.
type Vocabulary struct {
	*text.WordPiece
	file []byte // as VocabularyFile
}

func newVocabulary(tokens []string) (*Vocabulary, error) {
	words, err := text.NewWordPiece(tokens)
	if err != nil {
		return nil, err
	}
	return &Vocabulary{words, []byte(strings.Join(tokens, "\n") + "\n")}, nil
}

// LoadVocabulary reads the vocabulary of a hub folder or a checkpoint.
func LoadVocabulary(dir string) (*Vocabulary, error) {
	path := filepath.Join(dir, VocabularyFile)
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read vocabulary: %w", err)
	}
	words, err := text.LoadWordPiece(path)
	if err != nil {
		return nil, err
	}
	return &Vocabulary{words, file}, nil
}

// TrainVocabulary learns one of at most size tokens from the captions that the source draws from.
func TrainVocabulary(ctx context.Context, ds *parquet.Dataset, source string, size int) (*Vocabulary, error) {
	var lines []string
	enough := errors.New("enough rows")
	err := ds.Visit(ctx, parquet.ColText, 0, func(i int64, r *parquet.Row) error {
		if i == vocabularyRows {
			return enough
		}
		lines = append(lines, candidates(source, r)...)
		return nil
	})
	if err != nil && !errors.Is(err, enough) {
		return nil, fmt.Errorf("train vocabulary: %w", err)
	}
	if len(lines) == 0 {
		return nil, errors.New("train vocabulary: want captions in the dataset, got none")
	}
	tokens, err := text.TrainWordPiece(lines, size)
	if err != nil {
		return nil, err
	}
	return newVocabulary(tokens)
}
