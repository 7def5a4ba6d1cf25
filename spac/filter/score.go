package filter

import "fmt"

// Quality measures decisions on a corpus whose true identities are known. A
// sample is foreign when its true identity is not the commonest of its track; of
// equally common ones that of the earliest sample counts.
type Quality struct {
	Samples         int64   `json:"samples"`
	Foreign         int64   `json:"foreign"`
	Excluded        int64   `json:"excluded"`         // by step 1, reassigned later or not
	ExcludedForeign int64   `json:"excluded_foreign"` // of those, the foreign ones
	Precision       float64 `json:"precision"`        // ExcludedForeign / Excluded, 1 when nothing was excluded
	Recall          float64 `json:"recall"`           // ExcludedForeign / Foreign, 1 when nothing is foreign

	Reassigned      int64 `json:"reassigned"`
	ReassignedRight int64 `json:"reassigned_right"` // to a track whose commonest true identity is theirs

	PurityBefore float64 `json:"purity_before"` // share of samples that are of their track's commonest identity
	PurityAfter  float64 `json:"purity_after"`  // the same over the identities and samples of the output

	TrackPairs      int64 `json:"track_pairs"`      // pairs of filled tracks at most RB apart
	SplitPairs      int64 `json:"split_pairs"`      // of those, pairs with the same commonest identity
	JoinedPairs     int64 `json:"joined_pairs"`     // of TrackPairs, those in one identity of the output
	JoinedSplit     int64 `json:"joined_split"`     // of SplitPairs, those in one identity of the output
	TrueIdentities  int64 `json:"true_identities"`  // distinct commonest identities of the input tracks
	TracksBefore    int64 `json:"tracks_before"`    // with a sample or more
	IdentitiesAfter int64 `json:"identities_after"` // with a sample or more
}

// Score compares decisions with the true identity of every sample, in input order.
func Score(d *Decisions, truth []int64) (Quality, error) {
	if int64(len(truth)) != d.Report.Samples {
		return Quality{}, fmt.Errorf("filter: score: want the true identities of %d samples, got %d", d.Report.Samples, len(truth))
	}
	q := Quality{Samples: d.Report.Samples, Excluded: d.Report.Excluded, Reassigned: d.Report.Reassigned}
	majority := make([]int64, len(d.Tracks))
	distinct := map[int64]struct{}{}
	var pure int64
	for p, t := range d.Tracks {
		if t.Samples == 0 {
			continue
		}
		own := truth[t.First : t.First+int64(t.Samples)]
		m, n := commonest(own)
		majority[p] = m
		pure += int64(n)
		q.Foreign += int64(len(own) - n)
		distinct[m] = struct{}{}
		q.TracksBefore++
	}
	q.TrueIdentities = int64(len(distinct))
	for _, m := range d.Moves {
		if truth[m.Sample] != majority[m.From] {
			q.ExcludedForeign++
		}
		if m.To != Dropped && truth[m.Sample] == majority[m.To] {
			q.ReassignedRight++
		}
	}
	q.Precision, q.Recall = share(q.ExcludedForeign, q.Excluded), share(q.ExcludedForeign, q.Foreign)
	q.PurityBefore = share(pure, q.Samples)
	q.scoreOutput(d, truth)
	q.scorePairs(d, majority)
	return q, nil
}

func (q *Quality) scoreOutput(d *Decisions, truth []int64) {
	var pure, kept int64
	var ids []int64
	for g := range d.Groups() {
		ids = ids[:0]
		for _, s := range g.Samples {
			ids = append(ids, truth[s])
		}
		_, n := commonest(ids)
		pure += int64(n)
		kept += int64(len(ids))
		q.IdentitiesAfter++
	}
	q.PurityAfter = share(pure, kept)
}

func (q *Quality) scorePairs(d *Decisions, majority []int64) {
	for j, b := range d.Tracks {
		for i := max(0, j-d.Config.RB); i < j; i++ {
			a := d.Tracks[i]
			if a.Samples == 0 || b.Samples == 0 {
				continue
			}
			q.TrackPairs++
			same, joined := majority[i] == majority[j], a.Group == b.Group
			if same {
				q.SplitPairs++
			}
			if joined {
				q.JoinedPairs++
			}
			if same && joined {
				q.JoinedSplit++
			}
		}
	}
}

// commonest returns the most frequent of ids, which are not none, and how often it
// occurs; of equally frequent ones the first seen.
func commonest(ids []int64) (id int64, n int) {
	counts := make(map[int64]int, 4)
	for _, x := range ids {
		counts[x]++
	}
	for _, x := range ids {
		if counts[x] > n {
			id, n = x, counts[x]
		}
	}
	return id, n
}

// share is a/b, and 1 when there was nothing to do.
func share(a, b int64) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}
