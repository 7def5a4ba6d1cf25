package eval

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// randomSet draws n entries of ids identities under cameras cameras.
func randomSet(seed uint64, n, ids, cameras int) Set {
	r := rand.New(rand.NewPCG(seed, 3))
	s := Set{IDs: make([]int64, n), Cameras: make([]int32, n)}
	for i := range n {
		s.IDs[i], s.Cameras[i] = int64(r.IntN(ids)), int32(r.IntN(cameras))
	}
	return s
}

// processorTime is what this process, or the calling thread, has used: on a machine
// that others use too the clock says little.
func processorTime(b *testing.B, clock int32) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// BenchmarkRank measures ranking and metrics. The scores are copied from a matrix
// made before; ns/op includes the copy, cpu-ms is the processor time without it.
// internal/reference/eval_peer.py is the same in numpy.
func BenchmarkRank(b *testing.B) {
	for _, bc := range []struct {
		name             string
		queries, gallery int
		ids, cameras     int
		p                Protocol
	}{
		{"cuhk", 6156, 3074, 1000, 1, Protocol{MaxRank: 50}},
		{"market", 3368, 19732, 1501, 6, Protocol{MaxRank: 50, CameraJunk: true, JunkID: true}},
	} {
		b.Run(fmt.Sprintf("set=%s/queries=%d/gallery=%d", bc.name, bc.queries, bc.gallery), func(b *testing.B) {
			q, g := randomSet(1, bc.queries, bc.ids, bc.cameras), randomSet(2, bc.gallery, bc.ids, bc.cameras)
			for i := range g.IDs {
				if bc.p.JunkID && i%7 == 0 {
					g.IDs[i] = JunkID
				}
			}
			scores := make([]float32, bc.queries*bc.gallery)
			r := rand.New(rand.NewPCG(5, 5))
			for i := range scores {
				scores[i] = float32(r.NormFloat64()) * 0.036
			}
			runtime.LockOSThread() // of which the copying takes its time
			defer runtime.UnlockOSThread()
			var copying time.Duration
			began := processorTime(b, unix.CLOCK_PROCESS_CPUTIME_ID)
			b.ReportAllocs()
			for b.Loop() {
				_, err := Rank(context.Background(), q, g, func(from, to int, dst []float32) error {
					start := processorTime(b, unix.CLOCK_THREAD_CPUTIME_ID)
					copy(dst, scores[from*bc.gallery:to*bc.gallery])
					copying += processorTime(b, unix.CLOCK_THREAD_CPUTIME_ID) - start
					return nil
				}, bc.p)
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((processorTime(b, unix.CLOCK_PROCESS_CPUTIME_ID)-began-copying).Seconds()*1e3/float64(b.N), "cpu-ms")
			b.ReportMetric(float64(bc.queries)*float64(b.N)/b.Elapsed().Seconds(), "queries/s")
		})
	}
}

func BenchmarkCosine(b *testing.B) {
	q, g := randomEmbeddings(1, 256, 768), randomEmbeddings(2, 3074, 768)
	scores, err := Cosine(q, g)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]float32, q.N*g.N)
	for b.Loop() {
		if err := scores(0, q.N, dst); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(q.N*g.N*768)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
}

func BenchmarkCeiling(b *testing.B) {
	q, g := randomSet(1, 1000, 100, 1), randomSet(2, 1000, 100, 1)
	attrs := func(s Set) (a [][]string) {
		for _, id := range s.IDs {
			a = append(a, []string{"man", fmt.Sprint(id % 5), fmt.Sprint(id % 7), fmt.Sprint(id % 11), fmt.Sprint(id % 3), Unknown})
		}
		return a
	}
	qa, ga := attrs(q), attrs(g)
	for b.Loop() {
		if _, err := Ceiling(context.Background(), q, g, qa, ga, nil, DefaultProtocol()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRerank measures re-ranking, at Market size too, with embeddings of 64
// values, so that dot products take little of it.
func BenchmarkRerank(b *testing.B) {
	for _, size := range [][2]int{{800, 4200}, {3368, 19732}} {
		b.Run(fmt.Sprintf("queries=%d/gallery=%d", size[0], size[1]), func(b *testing.B) {
			q, g := randomEmbeddings(1, size[0], 64), randomEmbeddings(2, size[1], 64)
			dst := make([]float32, q.N*g.N)
			b.ReportAllocs()
			began := processorTime(b, unix.CLOCK_PROCESS_CPUTIME_ID)
			for b.Loop() {
				scores, err := Rerank(context.Background(), q, g, nil, DefaultRerankConfig())
				if err != nil {
					b.Fatal(err)
				}
				if err := scores(0, q.N, dst); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((processorTime(b, unix.CLOCK_PROCESS_CPUTIME_ID)-began).Seconds()/float64(b.N), "cpu-s")
		})
	}
}
