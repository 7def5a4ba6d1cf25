package filter

import (
	"cmp"
	"iter"
	"slices"
)

// Dropped stands in place of a position: of no track.
const Dropped = -1

// Track is one identity of the input sequence after the merger.
type Track struct {
	ID      int64 // as read
	First   int64 // number, from 0 over the whole sequence, of its first sample
	Samples int32
	Group   int32 // smallest position among the tracks it is joined with; its own position when with none
}

// Move is what became of one excluded sample.
type Move struct {
	Sample            int64   // number over the whole sequence
	From              int32   // position of the track it came in
	To                int32   // position of the track it joined, or Dropped
	Similarity        float64 // cosine with the centre of its track's others when excluded
	Nearest           int32   // position of the nearest neighbouring track, or Dropped when there is none
	NearestSimilarity float64 // cosine with the centre of Nearest
}

// Report counts what a run decided. Samples = Kept + Excluded and
// Excluded = Reassigned + Dropped.
type Report struct {
	Samples       int64 `json:"samples"`
	Kept          int64 `json:"kept"`
	Excluded      int64 `json:"excluded"`
	Reassigned    int64 `json:"reassigned"`
	Dropped       int64 `json:"dropped"`
	Identities    int64 `json:"identities"`     // tracks read, empty ones included
	Empty         int64 `json:"empty"`          // tracks without a sample
	Merged        int64 `json:"merged"`         // tracks that became part of another
	IdentitiesOut int64 `json:"identities_out"` // identities that come out, each with a sample or more
}

// Decisions is the result of the first pass. It is not changed after [Run]
// returned it and is safe for concurrent reading.
type Decisions struct {
	Config Config
	Tracks []Track // by position
	Moves  []Move  // by sample
	Report Report
}

// Kind says what became of a sample.
type Kind string

// Kinds of outcome.
const (
	Kept       Kind = "kept"       // stays, its track keeps its id
	Merged     Kind = "merged"     // stays, its track took the id of another
	Reassigned Kind = "reassigned" // joined a neighbouring track
	Excluded   Kind = "dropped"    // left out of the output
)

// Outcome is the decision on one sample.
type Outcome struct {
	Sample int64
	From   int64 // id as read
	To     int64 // id in the output; meaningless when Kind is Excluded
	Kind   Kind
	Move   *Move // nil unless step 1 excluded the sample
}

// Outcomes goes through the decisions on all samples in input order.
func (d *Decisions) Outcomes() iter.Seq[Outcome] {
	return func(yield func(Outcome) bool) {
		ids := d.groupIDs()
		move := 0
		for _, t := range d.Tracks {
			stay := Outcome{From: t.ID, To: ids[t.Group], Kind: Kept}
			if stay.To != t.ID {
				stay.Kind = Merged
			}
			for s := t.First; s < t.First+int64(t.Samples); s++ {
				o := stay
				o.Sample = s
				if move < len(d.Moves) && d.Moves[move].Sample == s {
					m := &d.Moves[move]
					move++
					o.Kind, o.To, o.Move = Excluded, 0, m
					if m.To != Dropped {
						o.Kind, o.To = Reassigned, ids[d.Tracks[m.To].Group]
					}
				}
				if !yield(o) {
					return
				}
			}
		}
	}
}

// Group is one identity of the output.
type Group struct {
	ID      int64   // smallest id of its tracks
	Samples []int64 // ascending; valid until the next step of the iteration
}

// Groups goes through the identities of the output in the order of their first
// positions. Identities without a sample are left out.
func (d *Decisions) Groups() iter.Seq[Group] {
	return func(yield func(Group) bool) {
		ids := d.groupIDs()
		next := d.successors()
		in := d.incoming()
		var samples []int64
		for p := range d.Tracks {
			if int(d.Tracks[p].Group) != p {
				continue
			}
			samples = samples[:0]
			for q := p; q >= 0; q = int(next[q]) {
				samples = d.appendKept(samples, &d.Tracks[q])
			}
			for len(in) > 0 && int(d.Tracks[in[0].To].Group) == p {
				samples = append(samples, in[0].Sample)
				in = in[1:]
			}
			if len(samples) == 0 {
				continue
			}
			slices.Sort(samples)
			if !yield(Group{ID: ids[p], Samples: samples}) {
				return
			}
		}
	}
}

// appendKept appends the samples of t that step 1 left in it.
func (d *Decisions) appendKept(samples []int64, t *Track) []int64 {
	at, _ := slices.BinarySearchFunc(d.Moves, t.First, func(m Move, s int64) int { return cmp.Compare(m.Sample, s) })
	for s := t.First; s < t.First+int64(t.Samples); s++ {
		if at < len(d.Moves) && d.Moves[at].Sample == s {
			at++
			continue
		}
		samples = append(samples, s)
	}
	return samples
}

// groupIDs returns the smallest id of every group, at the group's position.
func (d *Decisions) groupIDs() []int64 {
	ids := make([]int64, len(d.Tracks))
	for p, t := range d.Tracks {
		if g := int(t.Group); g == p || t.ID < ids[g] {
			ids[g] = t.ID
		}
	}
	return ids
}

// successors links the tracks of a group in order: the next position, or -1.
func (d *Decisions) successors() []int32 {
	next := make([]int32, len(d.Tracks))
	last := make([]int32, len(d.Tracks))
	for p, t := range d.Tracks {
		next[p], last[p] = -1, int32(p)
		if g := t.Group; int(g) != p {
			next[last[g]] = int32(p)
			last[g] = int32(p)
		}
	}
	return next
}

// incoming returns the reassigned samples, sorted by the group they join.
func (d *Decisions) incoming() []Move {
	var in []Move
	for _, m := range d.Moves {
		if m.To != Dropped {
			in = append(in, m)
		}
	}
	slices.SortStableFunc(in, func(a, b Move) int { return cmp.Compare(d.Tracks[a.To].Group, d.Tracks[b.To].Group) })
	return in
}
