package spac

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
	"plip/internal/text"
)

// BenchmarkDecode generates 40 tokens after prefixes of 23 with a GPT-2 of 124 million random parameters. Its peer is a
// PyTorch loop of the same sizes with a key/value cache. cpu-tokens/s counts processor time, of both threads, which a
// busy machine does not change much.
func BenchmarkDecode(b *testing.B) {
	tensor.SetThreads(2)
	g := benchGPT2(b)
	for _, weights := range []string{FP32, BF16, INT8} {
		d, err := g.NewDecoder(weights)
		if err != nil {
			b.Fatal(err)
		}
		for _, batch := range []int64{32, 1} {
			b.Run(fmt.Sprintf("weights=%s/batch=%d", weights, batch), func(b *testing.B) {
				nntest.Do(b, func() {
					prefix := tensor.Empty(tensor.CPU, tensor.Float32, batch, 23, 768).Normal_(0, 1)
					began, tokens := processorTime(b), 0
					for b.Loop() {
						for _, s := range d.Greedy([]Prompt{{prefix, 40}}, -1) {
							tokens += len(s.IDs)
						}
					}
					b.ReportMetric(float64(tokens)/b.Elapsed().Seconds(), "tokens/s")
					b.ReportMetric(2*float64(tokens)/(processorTime(b)-began).Seconds(), "cpu-tokens/s")
				})
			})
		}
		d.Close()
	}
}

// BenchmarkCaptionStage describes images with a captioner of base size and random weights, so that every text runs to
// its limit: prefix encoder, six attributes of 12 tokens, two captions of 60. Its peer is
// internal/reference/caption_peer.py.
func BenchmarkCaptionStage(b *testing.B) {
	tensor.SetThreads(2)
	m, err := NewCaptioner(tensor.CPU, DefaultConfig())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(m.Close)
	vocab, merges, err := text.TrainBPE([]string{"a b"}, 257)
	if err != nil {
		b.Fatal(err)
	}
	bpe, err := text.NewBPE(vocab, merges)
	if err != nil {
		b.Fatal(err)
	}
	const batch = 8
	for _, weights := range []string{FP32, BF16, INT8} {
		method := DefaultMethod()
		method.Weights = weights
		s, err := NewSpeaker(m, bpe, method)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("weights=%s/batch=%d", weights, batch), func(b *testing.B) {
			nntest.Do(b, func() {
				images := tensor.Empty(tensor.CPU, tensor.Float32, batch, 3, 384, 128).Normal_(0, 1)
				began, n := processorTime(b), 0
				for b.Loop() {
					n += len(s.Describe(images, nil))
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "images/s")
				b.ReportMetric((processorTime(b)-began).Seconds()/float64(n), "cpu-s/image")
			})
		})
		s.Close()
	}
}

func benchGPT2(b *testing.B) *GPT2 {
	store := nn.NewStore(tensor.CPU)
	b.Cleanup(store.Close)
	var g *GPT2
	nntest.Do(b, func() {
		tensor.Seed(1)
		g = NewGPT2(store.Root(), DefaultGPT2Config())
	})
	return g
}

// processorTime is what this process has used of all processors.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
