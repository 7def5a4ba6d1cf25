package eval

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// blockBytes is about how many bytes of scores are computed at once; two such
// blocks are in memory.
const blockBytes = 8 << 20

// Scores writes the scores of queries from (included) to to (excluded) against the
// whole gallery of G entries to dst, row by row: [to-from, G], higher is nearer.
// dst is overwritten by the caller afterwards. For distances, write -d.
type Scores func(from, to int, dst []float32) error

// Rank ranks the gallery for every query. Scores is called in the order of the
// queries, never concurrently, on the goroutine that called Rank, while others
// rank the block before. A score may be -Inf (never near) but not NaN.
func Rank(ctx context.Context, queries, gallery Set, scores Scores, p Protocol) (*Result, error) {
	f, err := newFilter(queries, gallery, p)
	if err != nil {
		return nil, err
	}
	n, g := queries.Len(), gallery.Len()
	per := make([]Query, n)
	if g == 0 {
		return newResult(per, f), nil
	}
	rows := min(max(1, blockBytes/4/g), 256, max(n, 1))
	var buffers [2][]float32
	var busy [2]errgroup.Group
	workers := make([]ranker, 2*runtime.GOMAXPROCS(0))
	err = func() error {
		for b, from := 0, 0; from < n; b, from = b+1, from+rows {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("eval: stopped before query %d: %w", from, err)
			}
			if err := busy[b%2].Wait(); err != nil {
				return err
			}
			if buffers[b%2] == nil {
				buffers[b%2] = make([]float32, rows*g) // [rows, G]
			}
			to := min(n, from+rows)
			block := buffers[b%2][:(to-from)*g]
			if err := scores(from, to, block); err != nil {
				return fmt.Errorf("eval: scores of queries %d to %d: %w", from, to, err)
			}
			rankBlock(f, block, from, to, per, &busy[b%2], workers[b%2*len(workers)/2:][:len(workers)/2])
		}
		return nil
	}()
	for b := range busy {
		if e := busy[b].Wait(); err == nil {
			err = e
		}
	}
	if err != nil {
		return nil, err
	}
	return newResult(per, f), nil
}

// rankBlock starts the ranking of queries from to to, whose scores are in block,
// and returns at once; the group waits for it.
func rankBlock(f *filter, block []float32, from, to int, per []Query, group *errgroup.Group, workers []ranker) {
	g := f.gallery.Len()
	for k := range workers {
		group.Go(func() error {
			for q := from + k; q < to; q += len(workers) {
				if err := workers[k].rank(f, q, block[(q-from)*g:][:g], &per[q]); err != nil {
					return fmt.Errorf("eval: query %d: %w", q, err)
				}
			}
			return nil
		})
	}
}

// rank ranks the gallery for query q, whose scores are row. It overwrites those of
// entries that do not count.
func (r *ranker) rank(f *filter, q int, row []float32, out *Query) error {
	r.matches, r.own = f.query(q, r.matches[:0], r.own[:0])
	out.Top = nil
	if len(r.matches) == 0 && f.protocol.Top == 0 {
		return nil
	}
	never := float32(math.Inf(-1))
	for _, g := range f.leftOut {
		row[g] = never
	}
	for _, g := range r.own {
		row[g] = never
	}
	if f.protocol.Top > 0 {
		out.Top = r.best(row, f.protocol.Top)
	}
	if len(r.matches) == 0 {
		return nil
	}
	ranks, tied, err := r.ranksOf(row, r.matches)
	if err != nil {
		return err
	}
	out.Tied = tied
	out.measure(ranks)
	return nil
}
