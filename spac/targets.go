package spac

import (
	"context"
	"math"
	"strings"

	"plip/internal/tensor"
	"plip/internal/text"
	"plip/parquet"
)

// Limits of generated and trained texts, in tokens with the end of text (spac.md, decisions).
const (
	AttributeLimit = 12
	CaptionLimit   = 60
)

// Unknown is the value of a slot that nothing is known of.
const Unknown = "unknown"

// Targets are the texts that an image trains, as token ids that end with the end of text.
type Targets struct {
	Attributes [Slots][]int32
	Captions   [][]int32 // caption j is of style j mod Styles
}

// targetMaker turns rows into targets. extract finds the attributes in captions, for rows that have none.
type targetMaker struct {
	bpe     *text.BPE
	extract func(caption string) [Slots]string
}

// make tokenises a row's attributes and captions.
func (t *targetMaker) make(r *parquet.Row) Targets {
	var out Targets
	for k, value := range t.attributes(r) {
		out.Attributes[k] = t.encode(value, AttributeLimit)
	}
	for _, c := range r.Captions {
		out.Captions = append(out.Captions, t.encode(c, CaptionLimit))
	}
	return out
}

// attributes are the row's own, or for each slot the first that its captions tell.
func (t *targetMaker) attributes(r *parquet.Row) [Slots]string {
	out := [Slots]string{Unknown, Unknown, Unknown, Unknown, Unknown, Unknown}
	if len(r.Attributes) == Slots {
		copy(out[:], r.Attributes)
		return out
	}
	for _, c := range r.Captions {
		for k, v := range t.extract(c) {
			if out[k] == Unknown {
				out[k] = v
			}
		}
	}
	return out
}

// encode gives at most limit tokens, the last the end of text. GPT-2's vocabulary tells words by the space before them,
// so every text starts with one.
func (t *targetMaker) encode(s string, limit int) []int32 {
	ids := t.bpe.Encode(" " + strings.TrimSpace(s))
	if len(ids) > limit-1 {
		ids = ids[:limit-1]
	}
	return append(ids[:len(ids):len(ids)], t.bpe.EOS())
}

// NewBatch makes tensors of a batch's images [N, 3, H, W] and targets in the scope in force.
func NewBatch(dev tensor.Device, images tensor.Tensor, targets []Targets) Batch {
	b := Batch{Images: images}
	attributes := make([][]int32, 0, Slots*len(targets))
	for k := range Slots {
		for _, t := range targets {
			attributes = append(attributes, t.Attributes[k])
		}
	}
	b.Attributes[0], b.Attributes[1], _ = padded(dev, attributes)
	for s := range Styles {
		var rows []int64
		var captions [][]int32
		for i, t := range targets {
			for j := s; j < len(t.Captions); j += Styles {
				rows, captions = append(rows, int64(i)), append(captions, t.Captions[j])
			}
		}
		if len(rows) == 0 {
			continue
		}
		c := &b.Captions[s]
		c.Rows = tensor.FromInt64(dev, rows, int64(len(rows)))
		c.IDs, c.Mask, c.Tokens = padded(dev, captions)
	}
	return b
}

// padded lays sequences out as ids and mask [N, T] int64, T the longest; tokens counts the real ones.
func padded(dev tensor.Device, seqs [][]int32) (ids, mask tensor.Tensor, tokens int64) {
	longest := 0
	for _, s := range seqs {
		longest = max(longest, len(s))
	}
	n, t := int64(len(seqs)), int64(longest)
	id, m := make([]int64, n*t), make([]int64, n*t)
	for i, s := range seqs {
		for j, v := range s {
			id[i*longest+j], m[i*longest+j] = int64(v), 1
		}
		tokens += int64(len(s))
	}
	return tensor.FromInt64(dev, id, n, t), tensor.FromInt64(dev, m, n, t), tokens
}

// prior is the logarithm of each token's share in the texts of a slot, [6, V] row-major, over the first rows of a
// dataset. A token that never occurs there counts as half an occurrence.
func (t *targetMaker) prior(ctx context.Context, ds *parquet.Dataset) ([]float32, error) {
	v := t.bpe.Size()
	counts := make([]float64, Slots*v)
	for i := range counts {
		counts[i] = 0.5
	}
	if err := firstRows(ctx, ds, func(r *parquet.Row) {
		for k, ids := range t.make(r).Attributes {
			for _, id := range ids {
				counts[k*v+int(id)]++
			}
		}
	}); err != nil {
		return nil, err
	}
	out := make([]float32, len(counts))
	for k := range Slots {
		total := 0.0
		for _, n := range counts[k*v : (k+1)*v] {
			total += n
		}
		for i, n := range counts[k*v : (k+1)*v] {
			out[k*v+i] = float32(math.Log(n / total))
		}
	}
	return out, nil
}
