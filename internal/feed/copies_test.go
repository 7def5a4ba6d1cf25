package feed

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"plip/parquet"
)

// TestCopies visits every row as often as asked, numbers its visits, and goes on in mid-epoch to the same batches.
func TestCopies(t *testing.T) {
	ds := dataset(t, 3, 2, 4, 1)
	for _, sampler := range []string{Sequential, Shuffle} {
		o := options(sampler, 4, 0, 2)
		o.Short, o.Flip = true, true
		o.Copies = func(r *parquet.Row) int { return int(r.ID) } // the first identity is left out
		l, err := New(context.Background(), ds, o)
		if err != nil {
			t.Fatal(err)
		}
		epoch := func(from int64) (visits []string) {
			if err := l.Epoch(context.Background(), 1, from, func(b *Batch) error {
				defer b.Release()
				for i := range b.Rows {
					visits = append(visits, fmt.Sprint(b.Number[i], " ", b.Copy[i], " ", b.Images[i*3*32]))
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			return visits
		}
		all := epoch(0)
		if l.Batches(1) != 4 || len(all) != 2*1+4*2+1*3 {
			t.Errorf("%s: want 13 visits in 4 batches, got %v in %d", sampler, all, l.Batches(1))
		}
		if rest := epoch(2); !slices.Equal(rest, all[8:]) {
			t.Errorf("%s: from batch 2 want %v, got %v", sampler, all[8:], rest)
		}
		seen := map[string]int{}
		for _, v := range all {
			var row, copy int64
			if _, err := fmt.Sscan(v, &row, &copy); err != nil {
				t.Fatal(err)
			}
			seen[fmt.Sprint(row, " ", copy)]++
		}
		for _, want := range []string{"3 0", "4 0", "5 0", "5 1", "8 1", "9 0", "9 1", "9 2"} {
			if seen[want] != 1 {
				t.Errorf("%s: want the visit %q once, got %d in %v", sampler, want, seen[want], all)
			}
		}
	}
}

func TestCopiesAreBounded(t *testing.T) {
	o := options(Shuffle, 2, 0, 1)
	o.Copies = func(*parquet.Row) int { return 256 }
	if _, err := New(context.Background(), dataset(t, 1), o); err == nil {
		t.Error("want an error for 256 visits of a row")
	}
}
