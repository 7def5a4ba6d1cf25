package trainer

import (
	"math/rand/v2"

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

// candidates are the texts of a row that its caption is drawn from: those of the source that it has, and where it has
// none of them, all its texts, so that a captioner's gaps do not cost images. None: the row cannot be trained on.
func candidates(source string, r *parquet.Row) []string {
	generated, prompt := 0, 0 // how many the source draws from
	switch source {
	case CaptionsHuman:
		generated = len(r.Captions)
	case CaptionsPrompt:
		prompt = 1
	case CaptionsGenerated:
		generated = 1
	case CaptionsPromptOne:
		generated, prompt = 1, 1
	case CaptionsPromptTwo:
		generated, prompt = 2, 1
	}
	join := func(generated, prompt int) []string {
		texts := append([]string(nil), r.Captions[:min(generated, len(r.Captions))]...)
		return append(texts, r.PromptCaption[:min(prompt, len(r.PromptCaption))]...)
	}
	if texts := join(generated, prompt); len(texts) > 0 {
		return texts
	}
	return join(len(r.Captions), len(r.PromptCaption))
}

// visit is the random generator of one visit of a row, a function of seed, epoch and row alone. The loader's flip has
// been drawn from it; the caption and then its masked phrases follow.
func visit(seed int64, epoch int, number int64) *rand.Rand {
	draw := feed.Visit(seed, epoch, number)
	draw.Uint64() // the flip
	return draw
}

// drawCaption draws the caption of one visit of a row that has candidates; choice is its number among them.
func drawCaption(source string, draw *rand.Rand, r *parquet.Row) (text string, choice int) {
	texts := candidates(source, r)
	choice = draw.IntN(len(texts))
	return texts[choice], choice
}
