package filter

import (
	"context"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// batchSamples is how many samples are taken up before step 1 runs on them in
// parallel: enough to keep the workers busy, 12 MB of vectors of 768.
const batchSamples = 4096

// Run is the first pass: it decides what becomes of every sample of the
// identities, which come in sequence order with ids that differ. It borrows the
// vectors of up to batchSamples samples at a time and reads them only before it
// asks for more identities or returns. An error of the sequence ends the run.
func Run(ctx context.Context, identities iter.Seq2[Identity, error], c Config) (*Decisions, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	d := &Decisions{Config: c}
	w := newWindow(c, d)
	b := batch{workers: make([]scratch, runtime.GOMAXPROCS(0)), sigma: c.SigmaS, d: d, w: w}
	for id, err := range identities {
		if err != nil {
			return nil, err
		}
		if err := b.add(ctx, id); err != nil {
			return nil, err
		}
	}
	if err := b.flush(ctx); err != nil {
		return nil, err
	}
	w.finish()
	for p := range d.Tracks {
		d.Tracks[p].Group = int32(w.union.find(p))
	}
	slices.SortFunc(d.Moves, func(a, b Move) int { return int(a.Sample - b.Sample) })
	if err := d.checkIDs(); err != nil {
		return nil, err
	}
	d.count()
	return d, nil
}

// batch gathers identities, runs step 1 on them in parallel and hands them to the
// window in order.
type batch struct {
	workers    []scratch
	sigma      float64
	dim        int
	identities []Identity
	samples    int
	d          *Decisions
	w          *window
}

func (b *batch) add(ctx context.Context, id Identity) error {
	if len(b.d.Tracks)+1 > math.MaxInt32 || len(id.Vectors) > maxSamples {
		return fmt.Errorf("filter: identity %d at position %d: want at most %d identities of at most %d samples", id.ID, len(b.d.Tracks), math.MaxInt32, maxSamples)
	}
	if b.dim == 0 && len(id.Vectors) > 0 {
		b.dim = len(id.Vectors[0])
	}
	t := Track{ID: id.ID, Samples: int32(len(id.Vectors))}
	if n := len(b.d.Tracks); n > 0 {
		last := b.d.Tracks[n-1]
		t.First = last.First + int64(last.Samples)
	}
	b.d.Tracks = append(b.d.Tracks, t)
	b.identities = append(b.identities, id)
	// An empty identity costs a place in the batch too.
	if b.samples += 1 + len(id.Vectors); b.samples >= batchSamples {
		return b.flush(ctx)
	}
	return nil
}

func (b *batch) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("filter: stopped before identity %d: %w", len(b.d.Tracks)-len(b.identities), err)
	}
	tracks := make([]track, len(b.identities))
	first := len(b.d.Tracks) - len(b.identities)
	var g errgroup.Group
	for k := range b.workers {
		g.Go(func() error {
			for i := k; i < len(tracks); i += len(b.workers) {
				var err error
				if tracks[i], err = b.workers[k].filterOut(b.identities[i].Vectors, b.dim, b.sigma); err != nil {
					return fmt.Errorf("filter: identity %d at position %d: %w", b.identities[i].ID, first+i, err)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, t := range tracks {
		b.w.push(t)
	}
	clear(b.identities)
	b.identities, b.samples = b.identities[:0], 0
	return nil
}

// checkIDs refuses an id that two tracks carry: the merger would mix them up.
func (d *Decisions) checkIDs() error {
	ids := make([]int64, len(d.Tracks))
	for p, t := range d.Tracks {
		ids[p] = t.ID
	}
	slices.Sort(ids)
	for i := 1; i < len(ids); i++ {
		if ids[i] == ids[i-1] {
			return fmt.Errorf("filter: identity %d: want all its samples in one run of the sequence, got two", ids[i])
		}
	}
	return nil
}

func (d *Decisions) count() {
	r := Report{Identities: int64(len(d.Tracks))}
	filled := make([]int64, len(d.Tracks)) // samples of the group at its position
	for p, t := range d.Tracks {
		r.Samples += int64(t.Samples)
		filled[t.Group] += int64(t.Samples)
		if t.Samples == 0 {
			r.Empty++
		}
		if int(t.Group) != p {
			r.Merged++
		}
	}
	for _, m := range d.Moves {
		r.Excluded++
		if m.To == Dropped {
			r.Dropped++
		} else {
			r.Reassigned++
		}
	}
	r.Kept = r.Samples - r.Excluded
	// Step 1 leaves every track at least one of its samples.
	for _, n := range filled {
		if n > 0 {
			r.IdentitiesOut++
		}
	}
	d.Report = r
}
