package feed

import "fmt"

// Part is the share of every batch that one of several processes takes: a run of neighbouring rows, so that the parts of
// a batch below each other are the batch. The order of rows does not depend on how many processes share it; they all
// read the same row groups, and each decodes its own images alone.
type Part struct {
	Index, Count int // Index from 0; Count 0 or 1 is one process
}

// check reports a part that cannot be taken of every batch alike.
func (p Part) check(o Options) error {
	switch {
	case p.Count <= 1:
		return nil
	case p.Index < 0 || p.Index >= p.Count:
		return fmt.Errorf("feed: want a part in 0..%d, got %d", p.Count-1, p.Index)
	case o.Batch%p.Count != 0:
		return fmt.Errorf("batch: want a multiple of the %d processes, got %d", p.Count, o.Batch)
	case o.Sampler == Sequential || o.Short:
		return fmt.Errorf("feed: want whole batches for %d processes, got an order that may end in a short one", p.Count)
	}
	return nil
}

// part is the job of a part of its batch.
func (j job) part(p Part) job {
	if p.Count > 1 {
		n := len(j.number) / p.Count
		from, to := p.Index*n, (p.Index+1)*n
		j.number, j.copies, j.rows = j.number[from:to], j.copies[from:to], j.rows[from:to]
	}
	return j
}
