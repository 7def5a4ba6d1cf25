package trainer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"plip/internal/checkpoint"
	"plip/internal/feed"
	"plip/spac/attributes"
)

// Sample is one visit of an image as the training is fed with it, and what a model makes of it. Pictures are
// interleaved 8-bit RGB of the configuration's size.
type Sample struct {
	Row       int64 // its number in the dataset
	ID        int64
	File      string
	Caption   string
	Masked    string // the caption with [MASK] for each masked token; empty where nothing was masked or loss.iap is 0
	Guessed   string // the model's guesses for them
	Swapped   string // the caption with another colour word; empty where none could be swapped
	H, W      int    // of the pictures
	Image     []uint8
	Gray      []uint8 // none where loss.tic is 0
	Colorized []uint8 // the model's colours for the gray image and the caption
	Recolored []uint8 // those for the swapped caption
}

// Inspect returns the first n samples of the training's first epoch, with what the newest checkpoint of run.Dir makes of
// them, where there is one: then trained tells its step, and its configuration counts; else trained is -1. Nothing is
// trained or written.
func Inspect(ctx context.Context, c Config, run Run, n int) (samples []Sample, trained int64, err error) {
	i := inspection{config: c}
	if trained, err = i.open(ctx, run); err != nil {
		return nil, -1, err
	}
	if i.model != nil {
		defer i.model.Close()
	}
	c = i.config
	if i.masker, err = newMasker(i.words.WordPiece); err != nil {
		return nil, -1, err
	}
	if i.swapper.extractor, err = attributes.Default(); err != nil {
		return nil, -1, err
	}
	loader, err := feed.New(ctx, run.Data, loaderOptions(c, run))
	if err != nil {
		return nil, -1, err
	}
	enough := errors.New("enough samples")
	err = loader.Epoch(ctx, 0, 0, func(b *feed.Batch) error {
		defer b.Release()
		more, err := i.batch(b, n-len(samples))
		if err != nil {
			return err
		}
		if samples = append(samples, more...); len(samples) >= n {
			return enough
		}
		return nil
	})
	if err == nil && len(samples) == 0 {
		err = fmt.Errorf("inspect: want a batch of %d images in an epoch, got too few rows (%d)", c.Batch, run.Data.NumRows())
	}
	if err != nil && !errors.Is(err, enough) {
		return nil, -1, err
	}
	return samples, trained, nil
}

// inspection makes samples of batches.
type inspection struct {
	config  Config
	model   *Model // nil: none is trained yet
	words   *Vocabulary
	masker  *masker
	swapper swapper
}

// open finds the newest checkpoint, whose configuration then counts, and its step; or else the vocabulary that the
// training would begin with, and step -1.
func (s *inspection) open(ctx context.Context, run Run) (step int64, err error) {
	last := ""
	if run.Dir != "" {
		if last, err = checkpoint.Latest(run.Dir); err != nil {
			return -1, err
		}
	}
	if last == "" {
		s.words, err = startText(ctx, &s.config, run, "")
		return -1, err
	}
	var at State
	if err := checkpoint.ReadState(last, &at); err != nil {
		return -1, err
	}
	if s.model, err = LoadModel(run.Device, last, false); err != nil {
		return -1, err
	}
	s.words, s.config = s.model.Words, s.model.Config
	return at.Step, nil
}

func (s *inspection) batch(b *feed.Batch, most int) ([]Sample, error) {
	c := s.config
	all, n := len(b.Rows), min(len(b.Rows), most)
	size := 3 * int(c.Visual.Height*c.Visual.Px)
	samples := make([]Sample, n)
	texts, draws := make([]string, n), make([]*rand.Rand, n)
	ids, spans := make([][]int32, n), make([][][2]int, n)
	for i := range samples {
		r := &b.Rows[i]
		draws[i] = visit(c.Seed, b.Epoch, b.Visit(i))
		texts[i], _ = drawCaption(c.Captions, draws[i], r)
		ids[i], spans[i] = s.words.Encode(texts[i], int(c.Text.MaxLength))
		samples[i] = Sample{Row: b.Number[i], ID: r.ID, File: r.FilePath, Caption: texts[i], H: int(c.Visual.Height), W: int(c.Visual.Px), Image: rgbOf(b.Images[i*size : (i+1)*size])}
	}
	if c.Loss.IAP > 0 {
		g := c.Attributes.Difficulty.Epoch(b.Epoch, c.Schedule.Epochs)
		masked := s.masker.twins(draws, g, texts, ids, spans, newTokens(ids, s.words.PadID(), 0).l)
		if err := s.masks(samples, masked, spans, b.Images[:n*size]); err != nil {
			return nil, err
		}
	}
	if c.Loss.TIC > 0 {
		if err := s.colors(samples, texts, b, b.Images[all*size:(all+n)*size]); err != nil {
			return nil, err
		}
	}
	return samples, nil
}

// masks writes the masked captions and, with a model, its guesses.
func (s *inspection) masks(samples []Sample, masked maskedTokens, spans [][][2]int, images []float32) error {
	if masked.n == 0 {
		return nil
	}
	guesses := make([]int64, len(masked.places))
	if s.model != nil {
		var err error
		if guesses, err = s.model.guess(images, masked, masked.rows); err != nil {
			return err
		}
	}
	at := make([][]int, len(samples)) // masked tokens of a caption
	said := make([][]string, len(samples))
	for k, place := range masked.places {
		row := masked.rows[place/masked.l]
		at[row] = append(at[row], int(place%masked.l))
		said[row] = append(said[row], s.words.Token(int32(guesses[k])))
	}
	for i := range samples {
		if len(at[i]) == 0 {
			continue
		}
		samples[i].Masked = maskedText(samples[i].Caption, spans[i], at[i])
		if s.model != nil {
			samples[i].Guessed = strings.Join(said[i], " ")
		}
	}
	return nil
}

// maskedText is a caption with [MASK] in place of tokens, which are given by their places in spans, the tokens' bytes.
func maskedText(caption string, spans [][2]int, at []int) string {
	var b strings.Builder
	end := 0
	for _, k := range at {
		if b.WriteString(caption[end:max(end, spans[k][0])]); spans[k][0] < end || end > 0 && spans[k][0] == end {
			b.WriteByte(' ') // a further piece of a word
		}
		b.WriteString("[MASK]")
		end = spans[k][1]
	}
	b.WriteString(caption[end:])
	return b.String()
}

// colors fills in the gray pictures and, with a model, its colours.
func (s *inspection) colors(samples []Sample, texts []string, b *feed.Batch, gray []float32) error {
	size := len(gray) / len(samples)
	swapped := make([]string, len(samples))
	for i := range samples {
		samples[i].Gray = rgbOf(gray[i*size : (i+1)*size])
		swapped[i] = texts[i]
		if w, ok := s.swapper.swap(feed.Visit(s.config.Seed, 0, b.Number[i]), texts[i]); ok {
			swapped[i], samples[i].Swapped = w.caption, w.caption
		}
	}
	if s.model == nil {
		return nil
	}
	colored, err := s.model.Colorize(gray, texts)
	if err != nil {
		return err
	}
	again, err := s.model.Colorize(gray, swapped)
	if err != nil {
		return err
	}
	for i := range samples {
		samples[i].Colorized = rgbOf(colored[i*size : (i+1)*size])
		if samples[i].Swapped != "" {
			samples[i].Recolored = rgbOf(again[i*size : (i+1)*size])
		}
	}
	return nil
}
