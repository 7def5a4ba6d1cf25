package feed

import "fmt"

// Part is the share of every batch that one of several processes takes: a run of neighbouring rows, so that the parts of
// a batch below each other are the batch. The order of rows does not depend on how many processes share it; they all
// read the same row groups, and each decodes its own images alone. A short batch that does not divide begins again with
// its first rows until it does, as PyTorch's DistributedSampler fills an epoch up: every process has as many rows.
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
	case o.Sampler == Sequential:
		return fmt.Errorf("feed: want every row once in sequential order, got %d processes that share batches", p.Count)
	}
	return nil
}

// part is the job of a part of its batch.
func (j job) part(p Part) job {
	if p.Count > 1 {
		for i := 0; len(j.number)%p.Count != 0; i++ {
			j.number, j.copies, j.rows = append(j.number, j.number[i]), append(j.copies, j.copies[i]), append(j.rows, j.rows[i])
		}
		n := len(j.number) / p.Count
		from, to := p.Index*n, (p.Index+1)*n
		j.number, j.copies, j.rows = j.number[from:to], j.copies[from:to], j.rows[from:to]
	}
	return j
}
