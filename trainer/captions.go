package trainer

import (
	"fmt"

	"plip/internal/feed"
	"plip/parquet"
)

// Which texts of a row its caption is drawn from (the ablation of caption diversity, paper table 16).
const (
	CaptionsHuman     = "human"      // the captions column, whole: annotated captions
	CaptionsPrompt    = "prompt"     // the prompt caption alone
	CaptionsGenerated = "generated"  // the first generated caption alone
	CaptionsPromptOne = "prompt+one" // the prompt caption or the first generated one
	CaptionsPromptTwo = "prompt+two" // the prompt caption or one of both generated ones (the paper's pre-training)
)

func captionSources() []string {
	return []string{CaptionsHuman, CaptionsPrompt, CaptionsGenerated, CaptionsPromptOne, CaptionsPromptTwo}
}

// candidates are the texts of a row that its caption is drawn from. A row without one that its source needs is a
// *parquet.RowError.
func candidates(source string, number int64, r *parquet.Row) ([]string, error) {
	generated, prompt := 0, 0 // how many the source needs
	switch source {
	case CaptionsHuman:
		generated = max(1, len(r.Captions))
	case CaptionsPrompt:
		prompt = 1
	case CaptionsGenerated:
		generated = 1
	case CaptionsPromptOne:
		generated, prompt = 1, 1
	case CaptionsPromptTwo:
		generated, prompt = 2, 1
	}
	for _, column := range []struct {
		name      string
		want, got int
	}{{"captions", generated, len(r.Captions)}, {"prompt_caption", prompt, len(r.PromptCaption)}} {
		if column.got < column.want {
			return nil, &parquet.RowError{File: r.FilePath, Row: number, Column: column.name,
				Err: fmt.Errorf("want %d or more for captions: %s, got %d", column.want, source, column.got)}
		}
	}
	texts := make([]string, 0, generated+prompt)
	texts = append(texts, r.Captions[:generated]...)
	return append(texts, r.PromptCaption[:prompt]...), nil
}

// drawCaption draws the caption of one visit. It depends on seed, epoch and row alone.
func drawCaption(source string, seed int64, epoch int, number int64, r *parquet.Row) (string, error) {
	texts, err := candidates(source, number, r)
	if err != nil {
		return "", err
	}
	draw := feed.Visit(seed, epoch, number)
	draw.Uint64() // the loader's flip is the first number
	return texts[draw.IntN(len(texts))], nil
}
