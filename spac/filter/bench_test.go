package filter

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// noisyTracks yields n identities of 25 samples, 768 values each, a tenth of them
// foreign, from a small pool of vectors so that drawing them costs nothing.
func noisyTracks(n int) func(yield func(Identity, error) bool) {
	r := rand.New(rand.NewPCG(1, 1))
	const dim = 768
	pool := make([][][]float32, 64)
	for p := range pool {
		centre := randomVector(r, dim)
		for range 25 {
			v := make([]float32, dim)
			for i := range v {
				v[i] = centre[i] + 0.5*float32(r.NormFloat64())
			}
			pool[p] = append(pool[p], v)
		}
	}
	return func(yield func(Identity, error) bool) {
		for k := range n {
			id := Identity{ID: int64(k), Vectors: append([][]float32(nil), pool[k%len(pool)]...)}
			id.Vectors[7] = pool[(k+1)%len(pool)][k%25]
			id.Vectors[19] = pool[(k+9)%len(pool)][k%25]
			if k%2 == 0 {
				id.Vectors[3] = pool[(k+17)%len(pool)][k%25]
			}
			if !yield(id, nil) {
				return
			}
		}
	}
}

// BenchmarkRun runs over 100 thousand samples and over a million: the heap may not grow with them. Its peer is
// internal/reference/filter_peer.py.
func BenchmarkRun(b *testing.B) {
	for _, n := range []int{4000, 40000} {
		b.Run(fmt.Sprintf("identities=%d/dim=768", n), func(b *testing.B) {
			b.ReportAllocs()
			var excluded int64
			for b.Loop() {
				d, err := Run(context.Background(), noisyTracks(n), DefaultConfig())
				if err != nil {
					b.Fatal(err)
				}
				excluded = d.Report.Excluded
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(n*25)*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
			b.ReportMetric(float64(excluded)/float64(n*25), "excluded")
			b.ReportMetric(float64(m.HeapSys)/1e6, "MB-heap")
		})
	}
}
