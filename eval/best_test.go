package eval

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestBestIsASort compares with sorting everything, over blocks of every size, with many ties.
func TestBestIsASort(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		queries, gallery, k := 1+random.IntN(4), random.IntN(60), 1+random.IntN(20)
		scores := make([][]float32, queries)
		for q := range scores {
			for range gallery {
				s := float32(random.IntN(8))
				if random.IntN(10) == 0 {
					s = float32(math.NaN())
				}
				scores[q] = append(scores[q], s)
			}
		}
		b := NewBest(queries, k)
		for from := 0; from < gallery; {
			n := min(1+random.IntN(15), gallery-from)
			var block []float32
			for q := range scores {
				block = append(block, scores[q][from:from+n]...)
			}
			b.Add(int64(from), n, block)
			from += n
		}
		for q := range scores {
			want := []Found{}
			for i, s := range scores[q] {
				if s == s {
					want = append(want, Found{int64(i), s})
				}
			}
			slices.SortStableFunc(want, func(a, b Found) int { return cmp.Compare(b.Score, a.Score) })
			if diff := gocmp.Diff(want[:min(k, len(want))], b.Of(q)); diff != "" {
				t.Fatalf("query %d, k %d (-want +got):\n%s", q, k, diff)
			}
		}
	}
}

// BenchmarkBest keeps 10 of 100,000 random scores for 100 queries.
func BenchmarkBest(b *testing.B) {
	const queries, n = 100, 100_000
	random := rand.New(rand.NewPCG(3, 4))
	scores := make([]float32, queries*n)
	for i := range scores {
		scores[i] = random.Float32()
	}
	for b.Loop() {
		NewBest(queries, 10).Add(0, n, scores)
	}
	b.ReportMetric(float64(b.N)*queries*n/b.Elapsed().Seconds()/1e6, "Mscores/s")
}
