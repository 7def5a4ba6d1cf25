package trainer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"plip/internal/feed"
	"plip/internal/pixels"
	"plip/parquet"
	"plip/spac/attributes"
)

// PretextFigures are what a model makes of the pretext tasks on images that it was not trained on.
type PretextFigures struct {
	Images     int64             `json:"images" doc:"with a caption"`
	Color      *ColorFigures     `json:"color,omitempty" doc:"of the colourisation; absent from a model without it"`
	Attributes *AttributeFigures `json:"attributes,omitempty" doc:"of the masked attributes; absent from a model without them"`
}

// ColorFigures are those of the colourisation. Errors are means of squared differences of normalised values.
type ColorFigures struct {
	Error     float64 `json:"error" doc:"mean squared error of the colourised images, in normalised values"`
	Gray      float64 `json:"gray" doc:"the same of the gray images"`
	Ratio     float64 `json:"ratio" doc:"error over gray: below 1 where colours are better than none"`
	Swaps     int64   `json:"swaps" doc:"captions in which a colour word of upper or lower clothes was swapped for another"`
	Agreement float64 `json:"hue_agreement" doc:"share of them whose picture, where it changed most, has a hue nearer to the new word"`
	Before    float64 `json:"hue_before" doc:"the same share with the caption as it was: what is right without looking at the word"`
}

// AttributeFigures are those of the masked attributes.
type AttributeFigures struct {
	Tokens     int64   `json:"tokens" doc:"that were masked"`
	Top1       float64 `json:"top1" doc:"share of them that the likeliest guess is right for"`
	OtherImage float64 `json:"top1_other_image" doc:"the same with the picture of somebody else"`
	Frequent   float64 `json:"frequent" doc:"share of the most frequent token among them"`
	Token      string  `json:"frequent_token" doc:"that token"`
	Lift       float64 `json:"lift" doc:"top1 over frequent"`
}

// pretextBatch is the images that are measured together.
const pretextBatch = 64

// pretext measures.
type pretext struct {
	m       *Model
	masker  *masker // nil without masked attributes
	swapper swapper
	seed    int64

	images             int64
	error, gray        float64 // sums
	values             int64
	swaps, hits, early int64
	tokens, right      int64
	rightOther         int64
	count              map[int64]int64 // of masked tokens
}

// MeasurePretext measures the tasks that the model was trained for on the first captions of a dataset. Phrases are
// masked with the probability of the last epoch; seed draws them and the swapped colours. progress, where it is not
// nil, is told how many images of how many are done.
func MeasurePretext(ctx context.Context, m *Model, ds *parquet.Dataset, workers int, seed int64, progress func(done, total int64)) (PretextFigures, error) {
	if m.Colorizer == nil && m.Attributes == nil {
		return PretextFigures{}, errors.New("want a model that was trained with loss.tic or loss.iap above 0, got one of contrast alone")
	}
	p := &pretext{m: m, seed: seed, count: map[int64]int64{}}
	var err error
	if p.swapper.extractor, err = attributes.Default(); err != nil {
		return PretextFigures{}, err
	}
	if m.Attributes != nil {
		if p.masker, err = newMasker(m.Words.WordPiece); err != nil {
			return PretextFigures{}, err
		}
	}
	o := feed.DefaultOptions()
	o.Order = feed.Order{Sampler: feed.Sequential, Batch: pretextBatch, Window: 1}
	o.Height, o.Px, o.Norm, o.Gray = int(m.Config.Visual.Height), int(m.Config.Visual.Px), pixels.PLIP(), m.Colorizer != nil
	o.Use = func(r *parquet.Row) bool { return len(r.Captions) > 0 }
	o.Workers, o.CacheBytes = workers, 0
	loader, err := feed.New(ctx, ds, o)
	if err != nil {
		return PretextFigures{}, err
	}
	err = loader.Epoch(ctx, 0, 0, func(b *feed.Batch) error {
		defer b.Release()
		if err := p.batch(b); err != nil {
			return err
		}
		if p.images += int64(len(b.Rows)); progress != nil {
			progress(p.images, ds.NumRows()-int64(loader.Skipped()))
		}
		return nil
	})
	if err == nil && p.images == 0 {
		err = errors.New("want captions in the dataset, got none")
	}
	return p.figures(), err
}

func (p *pretext) batch(b *feed.Batch) error {
	size := len(b.Images) / len(b.Rows)
	if p.m.Colorizer != nil {
		size /= 2 // gray follows
		if err := p.colors(b, size); err != nil {
			return fmt.Errorf("rows from %d: %w", b.Number[0], err)
		}
	}
	if p.masker != nil {
		if err := p.attributes(b, b.Images[:size*len(b.Rows)]); err != nil {
			return fmt.Errorf("rows from %d: %w", b.Number[0], err)
		}
	}
	return nil
}

// colors compares colourised images with the true ones, and what becomes of them when a colour word is swapped.
func (p *pretext) colors(b *feed.Batch, size int) error {
	n := len(b.Rows)
	truth, gray := b.Images[:n*size], b.Images[n*size:]
	captions := make([]string, n)
	for i := range b.Rows {
		captions[i] = b.Rows[i].Captions[0]
	}
	colored, err := p.m.Colorize(gray, captions)
	if err != nil {
		return err
	}
	for i, v := range truth {
		d, g := float64(colored[i]-v), float64(gray[i]-v)
		p.error, p.gray = p.error+d*d, p.gray+g*g
	}
	p.values += int64(len(truth))
	var swaps []swap
	var texts []string
	var of []int
	var again []float32 // [S, 3, H, W]
	for i, caption := range captions {
		if s, ok := p.swapper.swap(feed.Visit(p.seed, 0, b.Number[i]), caption); ok {
			swaps, texts, of = append(swaps, s), append(texts, s.caption), append(of, i)
			again = append(again, gray[i*size:(i+1)*size]...)
		}
	}
	if len(swaps) == 0 {
		return nil
	}
	swapped, err := p.m.Colorize(again, texts)
	if err != nil {
		return err
	}
	for k, s := range swaps {
		before, after := changedHues(rgbOf(colored[of[k]*size:(of[k]+1)*size]), rgbOf(swapped[k*size:(k+1)*size]))
		p.swaps++
		if hueDistance(after, s.to) < hueDistance(after, s.from) {
			p.hits++
		}
		if hueDistance(before, s.to) < hueDistance(before, s.from) {
			p.early++
		}
	}
	return nil
}

// attributes guesses masked phrases with the picture they are said of, and with another one of the batch.
func (p *pretext) attributes(b *feed.Batch, images []float32) error {
	n := int64(len(b.Rows))
	c := p.m.Config
	g := c.Attributes.Difficulty.Epoch(c.Schedule.Epochs-1, c.Schedule.Epochs)
	words, limit := p.m.Words.WordPiece, int(c.Text.MaxLength)
	captions, draws := make([]string, n), make([]*rand.Rand, n)
	ids, spans := make([][]int32, n), make([][][2]int, n)
	for i := range b.Rows {
		captions[i], draws[i] = b.Rows[i].Captions[0], feed.Visit(p.seed, 1, b.Number[i])
		ids[i], spans[i] = words.Encode(captions[i], limit)
	}
	masked := p.masker.twins(draws, g, captions, ids, spans, newTokens(ids, words.PadID(), 0).l)
	if masked.n == 0 {
		return nil
	}
	own, err := p.m.guess(images, masked, masked.rows)
	if err != nil {
		return err
	}
	others := make([]int64, len(masked.rows))
	for i, r := range masked.rows {
		others[i] = (r + n/2) % n // identities stand together
	}
	other, err := p.m.guess(images, masked, others)
	if err != nil {
		return err
	}
	for i, want := range masked.targets {
		p.tokens++
		p.count[want]++
		if own[i] == want {
			p.right++
		}
		if other[i] == want {
			p.rightOther++
		}
	}
	return nil
}

func (p *pretext) figures() PretextFigures {
	f := PretextFigures{Images: p.images}
	share := func(part, of int64) float64 { return float64(part) / float64(max(1, of)) }
	if p.m.Colorizer != nil && p.values > 0 {
		n := float64(p.values)
		f.Color = &ColorFigures{p.error / n, p.gray / n, p.error / p.gray, p.swaps, share(p.hits, p.swaps), share(p.early, p.swaps)}
	}
	if p.masker != nil && p.tokens > 0 {
		var most int64
		var token string
		for id := range int64(p.m.Words.Size()) { // in order, so that of equals the first wins
			if p.count[id] > most {
				most, token = p.count[id], p.m.Words.Token(int32(id))
			}
		}
		f.Attributes = &AttributeFigures{p.tokens, share(p.right, p.tokens), share(p.rightOther, p.tokens), share(most, p.tokens), token, float64(p.right) / float64(most)}
	}
	return f
}
