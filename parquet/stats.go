package parquet

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
)

// attributeSlots are the six slots of the attributes column, in order.
func attributeSlots() []string {
	return []string{"gender", "head", "upper", "lower", "shoes", "belongings"}
}

// Stats are the figures of a dataset.
type Stats struct {
	Rows       int64 `json:"rows"`
	Identities int64 `json:"identities"`
	Shards     int   `json:"shards"`
	Bytes      int64 `json:"bytes"` // of all shards
	Rejects    int64 `json:"rejects"`

	MaxRowsPerIdentity int64        `json:"max_rows_per_identity"` // of rows that follow each other
	Splits             []ValueCount `json:"splits"`
	Sources            []ValueCount `json:"sources"`
	Cameras            []ValueCount `json:"cameras"`

	Captions       TextStats   `json:"captions"`
	PromptCaptions TextStats   `json:"prompt_captions"`
	Attributes     []SlotStats `json:"attributes"` // one for each of the six slots
}

// ValueCount is a value and the number of rows that have it, commonest first.
type ValueCount struct {
	Value string `json:"value"`
	Rows  int64  `json:"rows"`
}

// TextStats are the figures of a column of sentences.
type TextStats struct {
	Texts    int64   `json:"texts"`
	Distinct int64   `json:"distinct"`
	Words    int64   `json:"words"`      // separated by white space
	MeanLen  float64 `json:"mean_words"` // words a text
}

// SlotStats are the values of one attribute slot, without "unknown".
type SlotStats struct {
	Slot   string       `json:"slot"`
	Known  int64        `json:"known"`  // rows with a value
	Values []ValueCount `json:"values"` // the commonest 20
}

const maxSlotValues = 20

// Stats reads the text and metadata columns, no pictures, and counts. Distinct
// texts are told apart by a 64-bit hash, 16 to 32 bytes of memory each.
func (d *Dataset) Stats(ctx context.Context) (*Stats, error) {
	if d.shards == nil {
		return nil, errDatasetClosed
	}
	t := &tally{
		seed:       maphash.MakeSeed(),
		captions:   textTally{seen: map[uint64]struct{}{}},
		prompts:    textTally{seen: map[uint64]struct{}{}},
		attributes: make([]map[string]int64, len(attributeSlots())),
	}
	for i := range t.attributes {
		t.attributes[i] = map[string]int64{}
	}
	for _, s := range d.shards {
		if err := s.scanArrow(ctx, []string{"attributes", "captions", "prompt_caption"}, t.batch); err != nil {
			return nil, fmt.Errorf("stats: %w", err)
		}
	}
	stats := &Stats{Rows: d.rows, Identities: d.manifest.Identities, Shards: len(d.shards), Rejects: d.manifest.Rejects}
	for _, s := range d.shards {
		stats.Bytes += s.size
	}
	if err := d.countMeta(ctx, stats); err != nil {
		return nil, fmt.Errorf("stats: %w", err)
	}
	stats.Captions, stats.PromptCaptions = t.captions.stats(), t.prompts.stats()
	for i, slot := range attributeSlots() {
		stats.Attributes = append(stats.Attributes, slotStats(slot, t.attributes[i]))
	}
	return stats, nil
}

// countMeta fills what is counted from the metadata columns.
func (d *Dataset) countMeta(ctx context.Context, stats *Stats) error {
	splits, sources, cameras := map[string]int64{}, map[string]int64{}, map[string]int64{}
	var last, run int64
	count := func(i int64, r *Row) error {
		if i > 0 && r.ID != last {
			run = 0
		}
		run++
		last = r.ID
		stats.MaxRowsPerIdentity = max(stats.MaxRowsPerIdentity, run)
		if r.Split != "" {
			splits[r.Split]++
		}
		if r.Source != "" {
			sources[r.Source]++
		}
		if r.Camera != nil {
			cameras[fmt.Sprint(*r.Camera)]++
		}
		return nil
	}
	// Bad rows are Verify's to list; they have no figures.
	skip := func(int64, *RowError) error { return nil }
	if err := d.scan(ctx, ColMeta, 0, lendRows, count, skip); err != nil {
		return err
	}
	stats.Splits, stats.Sources, stats.Cameras = sorted(splits), sorted(sources), sorted(cameras)
	return nil
}

// tally collects figures over batches of text columns.
type tally struct {
	seed              maphash.Seed
	captions, prompts textTally
	attributes        []map[string]int64
}

type textTally struct {
	texts, words int64
	seen         map[uint64]struct{}
}

func (t *tally) batch(rows int, columns map[string]arrow.Array) error {
	for i := range rows {
		err := texts(columns["attributes"], i, func(slot int, s string) {
			if slot < len(t.attributes) && s != "" && s != "unknown" {
				if n, ok := t.attributes[slot][s]; ok {
					t.attributes[slot][s] = n + 1
				} else {
					t.attributes[slot][strings.Clone(s)] = 1 // the batch's memory is reused
				}
			}
		})
		if err != nil {
			return fmt.Errorf("column %q: %w", "attributes", err)
		}
		if err := texts(columns["captions"], i, func(_ int, s string) { t.captions.add(t.seed, s) }); err != nil {
			return fmt.Errorf("column %q: %w", "captions", err)
		}
		if err := texts(columns["prompt_caption"], i, func(_ int, s string) { t.prompts.add(t.seed, s) }); err != nil {
			return fmt.Errorf("column %q: %w", "prompt_caption", err)
		}
	}
	return nil
}

func (t *textTally) add(seed maphash.Seed, s string) {
	t.texts++
	for range strings.FieldsSeq(s) {
		t.words++
	}
	t.seen[maphash.String(seed, s)] = struct{}{}
}

func (t *textTally) stats() TextStats {
	return TextStats{
		Texts:    t.texts,
		Distinct: int64(len(t.seen)),
		Words:    t.words,
		MeanLen:  float64(t.words) / float64(max(t.texts, 1)),
	}
}

func slotStats(slot string, counts map[string]int64) SlotStats {
	s := SlotStats{Slot: slot, Values: sorted(counts)}
	for _, v := range s.Values {
		s.Known += v.Rows
	}
	s.Values = s.Values[:min(len(s.Values), maxSlotValues)]
	return s
}

// sorted lists counts, the commonest first, equal ones by name.
func sorted(counts map[string]int64) []ValueCount {
	list := make([]ValueCount, 0, len(counts))
	for value, n := range counts {
		list = append(list, ValueCount{value, n})
	}
	slices.SortFunc(list, func(a, b ValueCount) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), strings.Compare(a.Value, b.Value))
	})
	return list
}
