package feed

import (
	"context"
	"slices"
	"testing"
)

// TestPartsAreTheBatch puts the parts of every batch below each other, for several numbers of processes, from the start
// of an epoch and from its middle.
func TestPartsAreTheBatch(t *testing.T) {
	ds := dataset(t, sizes...)
	for _, sampler := range []string{Shuffle, PK} {
		for _, from := range []int64{0, 3} {
			whole := options(sampler, 12, 2, 2)
			want := visits(t, ds, whole, 1, from)
			for _, count := range []int{1, 2, 3, 4, 6} {
				parts := make([][]int64, count)
				for i := range parts {
					o := whole
					o.Part = Part{i, count}
					parts[i] = visits(t, ds, o, 1, from)
				}
				var got []int64
				for n := 12 / count; len(parts[0]) > 0; {
					for i := range parts {
						got = append(got, parts[i][:n]...)
						parts[i] = parts[i][n:]
					}
				}
				if !slices.Equal(want, got) {
					t.Errorf("%s from batch %d, %d parts: want %v, got %v", sampler, from, count, want, got)
				}
			}
		}
	}
}

// TestPartsOfAShortBatch fills the last batch of an epoch up by its own first rows.
func TestPartsOfAShortBatch(t *testing.T) {
	ds := dataset(t, sizes...)
	whole := options(Shuffle, 12, 0, 2)
	whole.Short = true
	want := visits(t, ds, whole, 1, 0)
	short := len(want) % 12
	for _, count := range []int{2, 3, 4, 12} {
		filled := slices.Clone(want)
		for i := 0; len(filled)%count != 0; i++ {
			filled = append(filled, want[len(want)-short+i%short])
		}
		var got []int64
		parts := make([][]int64, count)
		for i := range parts {
			o := whole
			o.Part = Part{i, count}
			parts[i] = visits(t, ds, o, 1, 0)
		}
		for left := len(filled); left > 0; left -= 12 {
			n := min(left, 12) / count
			for i := range parts {
				got = append(got, parts[i][:n]...)
				parts[i] = parts[i][n:]
			}
		}
		if !slices.Equal(filled, got) {
			t.Errorf("%d parts: want %v, got %v", count, filled, got)
		}
	}
	if short == 0 {
		t.Error("want a dataset whose last batch is short")
	}
}

func TestPartsThatDoNotFitAreRefused(t *testing.T) {
	ds := dataset(t, sizes...)
	for name, change := range map[string]func(*Options){
		"a batch that does not divide": func(o *Options) { o.Part = Part{0, 5} },
		"an index past the end":        func(o *Options) { o.Part = Part{3, 3} },
		"sequential order":             func(o *Options) { o.Part, o.Sampler = Part{0, 2}, Sequential },
	} {
		o := options(Shuffle, 12, 0, 1)
		change(&o)
		if _, err := New(context.Background(), ds, o); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}
