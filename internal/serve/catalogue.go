package serve

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"plip/internal/report"
	"plip/parquet"
)

// catalogue is what is known of every row without reading it: enough to filter and to count.
type catalogue struct {
	ids    []int64
	slots  [slotCount]column
	splits column
}

const slotCount = 6

// column is one text a row, kept as the number of a phrase; phrase 0 is none.
type column struct {
	phrases []string
	counts  []int64
	rows    []uint32
	at      map[string]uint32
}

func (c *column) add(phrase string) {
	if c.at == nil {
		c.at = map[string]uint32{"": 0}
		c.phrases, c.counts = []string{""}, []int64{0}
	}
	n, ok := c.at[phrase]
	if !ok {
		n = uint32(len(c.phrases))
		phrase = strings.Clone(phrase) // not the page that it is part of
		c.at[phrase] = n
		c.phrases, c.counts = append(c.phrases, phrase), append(c.counts, 0)
	}
	c.counts[n]++
	c.rows = append(c.rows, n)
}

// newCatalogue reads the texts and numbers of all rows. A row that cannot be read has its place all the same.
func newCatalogue(ctx context.Context, d *parquet.Dataset, loading func(done, of int64)) (*catalogue, error) {
	c := &catalogue{ids: make([]int64, 0, d.NumRows())}
	add := func(i int64, r *parquet.Row) error {
		c.ids = append(c.ids, r.ID)
		for k := range c.slots {
			phrase := ""
			if k < len(r.Attributes) {
				phrase = r.Attributes[k]
			}
			c.slots[k].add(phrase)
		}
		c.splits.add(r.Split)
		if loading != nil && (i%1024 == 0 || i+1 == d.NumRows()) {
			loading(i+1, d.NumRows())
		}
		return nil
	}
	err := d.ScanTolerant(ctx, parquet.ColMeta|parquet.ColText, 0, add, func(i int64, _ *parquet.RowError) error {
		return add(i, &parquet.Row{ID: unreadable})
	})
	return c, err
}

// unreadable is the identity of a row that could not be read.
const unreadable = -1 << 63

// phrase is a phrase with how many rows have it.
type phrase struct {
	Text  string
	Count int64
	Share float64 // of all rows
}

// common are the phrases of a column, the commonest first, none and unknown left out.
func (c *column) common(limit int) []phrase {
	var all []phrase
	for i, text := range c.phrases {
		if text != "" && text != "unknown" {
			all = append(all, phrase{text, c.counts[i], float64(c.counts[i]) / float64(len(c.rows))})
		}
	}
	slices.SortFunc(all, func(a, b phrase) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text))
	})
	return all[:min(limit, len(all))]
}

// different is the number of phrases, none and unknown left out.
func (c *column) different() int64 {
	n := int64(0)
	for _, text := range c.phrases {
		if text != "" && text != "unknown" {
			n++
		}
	}
	return n
}

// slotNames are the names of the slots, which are those of the filters as well.
func slotNames() [slotCount]string { return report.SlotNames() }
