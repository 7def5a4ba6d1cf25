package spac

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"plip/internal/feed"
	"plip/internal/pixels"
	"plip/internal/tensor"
	"plip/parquet"
)

// CaptionConfig configures the captioning of shards.
type CaptionConfig struct {
	Batch   int   // images decoded together. Default 64
	Workers int   // decoding goroutines. Default: the machine's cores
	Seed    int64 // of the choice of prompt sentences
}

// DefaultCaptionConfig suits two cores.
func DefaultCaptionConfig() CaptionConfig {
	return CaptionConfig{Batch: 64, Workers: feed.DefaultOptions().Workers}
}

// Language is what captioning needs to know of English; attributes.Extractor and templates.Library have it.
type Language struct {
	// Known tells whether a phrase is of a known kind for its slot.
	Known func(slot int, phrase string) bool
	// PromptCaption makes the prompt sentence of attributes, "" where there is none.
	PromptCaption func(attributes []string, seed, id int64, filePath string) string
}

// CaptionReport counts what captioning did.
type CaptionReport struct {
	Images   int64            `json:"images"`
	Captions int64            `json:"captions"` // kept
	Prompts  int64            `json:"prompts"`  // prompt captions made
	Unknown  [Slots]int64     `json:"unknown"`  // slots said to be unknown
	Replaced [Slots]int64     `json:"replaced"` // slots whose phrase was of no known kind and became unknown
	Dropped  map[string]int64 `json:"dropped"`  // captions by reason
}

// Reasons why a generated caption is dropped (spac.md, section 7; the gender vote's come with distribution).
const (
	dropEmpty  = "empty"
	dropRepeat = "repeats the other"
	dropLong   = "no end within the limit"
)

// Caption writes every row of ds, with attributes, captions and a prompt caption generated from its image, to w. The
// result of a row depends on its image, id and path alone: batches have a fixed shape, the last is filled up. Inputs in
// the sense of w.Consumed are rows of ds. It closes neither.
func Caption(ctx context.Context, m *Captioner, words *Vocabulary, ds *parquet.Dataset, w *parquet.Writer, c CaptionConfig, l Language, progress func(done, total int64)) (CaptionReport, error) {
	report := CaptionReport{Dropped: map[string]int64{}}
	from := w.Consumed()
	o := feed.DefaultOptions()
	o.Order = feed.Order{Sampler: feed.Sequential, Batch: c.Batch, Window: 1}
	o.Height, o.Px, o.Norm, o.Workers, o.CacheBytes = int(m.Config.Height), int(m.Config.Px), pixels.ImageNet(), c.Workers, 0
	o.Columns, o.KeepBytes = parquet.ColAll, true
	loader, err := feed.New(ctx, ds, o)
	if err != nil {
		return report, err
	}
	err = tensor.Do(func(*tensor.Scope) error {
		last := int64(-1) // identity of the row before
		return loader.Epoch(ctx, 0, from/int64(c.Batch), func(b *feed.Batch) error {
			said, err := m.describeBatch(b, c.Batch, words)
			b.Release()
			if err != nil {
				return err
			}
			for i := range b.Rows {
				n, r := b.Number[i], &b.Rows[i]
				if n < from {
					continue // written before the interruption
				}
				report.apply(r, said[i], c.Seed, l)
				if n > from && r.ID != last {
					w.Mark(n)
				}
				last = r.ID
				r.Embedding = nil
				if err := w.Write(ctx, r); err != nil {
					return err
				}
			}
			progress(b.Number[len(b.Number)-1]+1, ds.NumRows())
			return nil
		})
	})
	if err != nil {
		return report, err
	}
	w.Mark(ds.NumRows())
	return report, nil
}

// describeBatch runs a batch that is filled up to its full size, so that kernels, and with them the last digits, do not
// depend on how many rows there are.
func (m *Captioner) describeBatch(b *feed.Batch, full int, words *Vocabulary) (said []Words, err error) {
	err = tensor.Do(func(*tensor.Scope) error {
		x := images(m, b)
		if missing := full - len(b.Rows); missing > 0 {
			x = tensor.Cat(0, x, tensor.Zeros(x.Device(), tensor.Float32, int64(missing), 3, m.Config.Height, m.Config.Px)) // [full, 3, H, W]
		}
		said = m.Describe(x, words.BPE)[:len(b.Rows)]
		return nil
	})
	return said, err
}

// apply puts what the captioner said into a row, by the rules.
func (rep *CaptionReport) apply(r *parquet.Row, said Words, seed int64, l Language) {
	rep.Images++
	r.Attributes = make([]string, Slots)
	for k, phrase := range said.Attributes {
		if phrase != Unknown && !l.Known(k, phrase) {
			phrase = Unknown
			rep.Replaced[k]++
		}
		if phrase == Unknown {
			rep.Unknown[k]++
		}
		r.Attributes[k] = phrase
	}
	r.Captions = nil
	for s, caption := range said.Captions {
		switch {
		case caption == "":
			rep.Dropped[dropEmpty]++
		case !said.Ended[s]:
			rep.Dropped[dropLong]++
		case slices.Contains(r.Captions, caption):
			rep.Dropped[dropRepeat]++
		default:
			r.Captions = append(r.Captions, caption)
			rep.Captions++
		}
	}
	r.PromptCaption = nil
	if p := l.PromptCaption(r.Attributes, seed, r.ID, r.FilePath); p != "" {
		r.PromptCaption = []string{p}
		rep.Prompts++
	}
}

// String lists the drops for a log line.
func (rep CaptionReport) String() string {
	s := fmt.Sprintf("%d images, %d captions, %d prompt captions", rep.Images, rep.Captions, rep.Prompts)
	for _, reason := range slices.Sorted(maps.Keys(rep.Dropped)) {
		s += fmt.Sprintf(", %d dropped: %s", rep.Dropped[reason], reason)
	}
	return s
}

// DescribeImage captions one decoded picture by the same rules.
func (m *Captioner) DescribeImage(im *pixels.Image, words *Vocabulary, c CaptionConfig, l Language) (*parquet.Row, error) {
	b := &feed.Batch{Rows: make([]parquet.Row, 1), Images: make([]float32, 3*m.Config.Height*m.Config.Px)}
	rgb := make([]uint8, 3*m.Config.Height*m.Config.Px)
	pixels.ResizeBicubic(rgb, im, int(m.Config.Px), int(m.Config.Height))
	pixels.ImageNet().CHW(b.Images, rgb, int(m.Config.Px), int(m.Config.Height), false)
	said, err := m.describeBatch(b, c.Batch, words)
	if err != nil {
		return nil, err
	}
	report := CaptionReport{Dropped: map[string]int64{}}
	report.apply(&b.Rows[0], said[0], c.Seed, l)
	return &b.Rows[0], nil
}
