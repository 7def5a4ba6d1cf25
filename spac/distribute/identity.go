package distribute

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"plip/parquet"
	"plip/spac/attributes"
)

const slots = attributes.NumSlots

// Distribute runs the rules on the rows of one identity and returns those that
// stay, in their order, with what was dropped. It changes texts and attributes
// of the rows it returns. A row without six attributes is a *parquet.RowError,
// Row counting from 0 within rows.
func (c Config) Distribute(rows []*parquet.Row, wording Wording) ([]*parquet.Row, Report, error) {
	rep := Report{IdentitiesIn: 1, ImagesIn: int64(len(rows))}
	var kept []*parquet.Row
	for i, r := range rows {
		if len(r.Attributes) != slots {
			return nil, Report{}, &parquet.RowError{
				File: r.FilePath, Row: int64(i), Column: "attributes",
				Err: fmt.Errorf("want %d values, got %d: caption the rows first", slots, len(r.Attributes)),
			}
		}
		rep.CaptionsIn += int64(len(r.Captions) + len(r.PromptCaption))
		switch unknown := countUnknown(r.Attributes); {
		case unknown >= c.MaxUnknown:
			rep.Unknown++
		case r.Attributes[attributes.Upper] == attributes.Unknown && r.Attributes[attributes.Lower] == attributes.Unknown:
			rep.UpperAndLower++
		default:
			kept = append(kept, r)
		}
	}
	if len(kept) == 0 {
		rep.NoImages++
		return nil, rep, nil
	}
	e := vote(kept, wording)
	if e.class == attributes.Neutral || !(e.share > c.GenderShare) {
		if e.class == attributes.Neutral {
			rep.NoGender++
		} else {
			rep.MixedGender++
		}
		rep.GenderImages += int64(len(kept))
		return nil, rep, nil
	}
	told := kept[:0]
	for _, r := range kept {
		e.conform(r, wording, &rep)
		if len(r.Captions)+len(r.PromptCaption) == 0 {
			rep.NoText++
			continue
		}
		told = append(told, r)
	}
	if len(told) < max(1, c.MinImages) {
		rep.Few++
		rep.FewImages += int64(len(told))
		return nil, rep, nil
	}
	told = c.draw(told, &rep)
	rep.IdentitiesOut++
	for _, r := range told {
		rep.ImagesOut++
		rep.CaptionsOut += int64(len(r.Captions) + len(r.PromptCaption))
	}
	return told, rep, nil
}

func countUnknown(values []string) int {
	n := 0
	for _, v := range values {
		if v == attributes.Unknown {
			n++
		}
	}
	return n
}

// draw keeps MaxImages rows: those with the smallest hashes of seed, id and path,
// so that the draw depends neither on shards nor on the order of rows.
func (c Config) draw(rows []*parquet.Row, rep *Report) []*parquet.Row {
	if len(rows) <= c.MaxImages {
		return rows
	}
	type lot struct {
		hash uint64
		i    int
	}
	lots := make([]lot, len(rows))
	for i, r := range rows {
		h := sha256.Sum256(fmt.Appendf(nil, "%d/%d/%s", c.Seed, r.ID, r.FilePath))
		lots[i] = lot{binary.LittleEndian.Uint64(h[:]), i}
	}
	slices.SortFunc(lots, func(a, b lot) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(rows[a.i].FilePath, rows[b.i].FilePath), cmp.Compare(a.i, b.i))
	})
	lots = lots[:c.MaxImages]
	slices.SortFunc(lots, func(a, b lot) int { return cmp.Compare(a.i, b.i) })
	rep.Surplus += int64(len(rows) - c.MaxImages)
	out := make([]*parquet.Row, len(lots))
	for i, l := range lots {
		out[i] = rows[l.i]
	}
	return out
}
