package text

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// benchCaptions are captions of 15 to 25 words, as the text datasets and our captioner write them.
func benchCaptions(b *testing.B) []string {
	var captions []string
	for _, line := range trainLines(b) {
		words := 1
		ascii := isPrintable(line)
		for i := range len(line) {
			if line[i] == ' ' {
				words++
			}
		}
		if ascii && words >= 15 && words <= 25 {
			captions = append(captions, line)
		}
	}
	if len(captions) < 20 {
		b.Fatalf("want 20 captions of 15 to 25 words, got %d", len(captions))
	}
	return captions
}

func BenchmarkWordPiece(b *testing.B) {
	captions := benchCaptions(b)
	_, w := loadWordPieceFixture(b)
	b.ReportAllocs()
	i, from := 0, processor(b)
	for b.Loop() {
		w.Encode(captions[i%len(captions)], 64)
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "captions/s")
	b.ReportMetric(float64(b.N)/(processor(b)-from).Seconds(), "captions/cpu-s")
}

// processor is the processor time of the process so far, which other work on the machine does not lengthen.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func BenchmarkBPE(b *testing.B) {
	captions := benchCaptions(b)
	_, t := loadBPEFixture(b)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		t.Encode(captions[i%len(captions)])
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "captions/s")
}

func BenchmarkBPEParallel(b *testing.B) {
	captions := benchCaptions(b)
	_, t := loadBPEFixture(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			t.Encode(captions[i%len(captions)])
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "captions/s")
}
