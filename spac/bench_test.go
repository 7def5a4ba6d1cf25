package spac

import (
	"math/rand/v2"
	"strconv"
	"syscall"
	"testing"
	"time"

	"plip/internal/optim"
	"plip/internal/tensor"
)

// BenchmarkTrainStep is one step of training, from images and token ids in memory to updated parameters: six attributes
// of 6 tokens and two captions of 30 an image. Its peer is internal/reference/spac_step_peer.py, with the same sizes.
func BenchmarkTrainStep(b *testing.B) {
	demo := DefaultConfig()
	demo.Layers, demo.Width, demo.Channels, demo.Height, demo.Px, demo.Dropout = []int{1, 1, 1, 1}, 16, 64, 96, 48, 0.1
	demo.Generator = GPT2Config{Vocab: 800, Width: 128, Layers: 2, Heads: 4, Positions: 128, Eps: 1e-5, InitStd: 0.02}
	base := DefaultConfig()
	base.Generator.Dropout = 0
	words := Weights{Words: 0.5}
	full := Weights{Caption: 1, Attribute: 0.15}
	for _, c := range []struct {
		size   string
		config Config
		batch  int64
		parts  string
		w      Weights
	}{{"demo", demo, 64, "words", words}, {"demo", demo, 64, "all", full}, {"base", base, 4, "all", full}} {
		for _, bf16 := range []bool{false, true} {
			b.Run("size="+c.size+"/loss="+c.parts+"/bf16="+strconv.FormatBool(bf16), func(b *testing.B) {
				benchmarkStep(b, c.config, c.batch, c.w, bf16)
			})
		}
	}
}

func benchmarkStep(b *testing.B, c Config, n int64, w Weights, bf16 bool) {
	tensor.Seed(1)
	m, err := NewCaptioner(tensor.CPU, c)
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	opt, err := optim.New(optim.DefaultConfig(optim.AdamW), []optim.Group{{Params: m.Store.Trainable(), Scale: 1}})
	if err != nil {
		b.Fatal(err)
	}
	defer opt.Close()
	random := rand.New(rand.NewPCG(1, 1))
	text := func(n int) []int32 {
		ids := make([]int32, n)
		for i := range ids {
			ids[i] = random.Int32N(int32(c.Generator.Vocab))
		}
		return ids
	}
	targets := make([]Targets, n)
	for i := range targets {
		for k := range Slots {
			targets[i].Attributes[k] = text(6)
		}
		targets[i].Captions = [][]int32{text(30), text(30)}
	}
	step := func() {
		if err := tensor.Do(func(*tensor.Scope) error {
			batch := NewBatch(tensor.CPU, tensor.Empty(tensor.CPU, tensor.Float32, n, 3, c.Height, c.Px).Normal_(0, 1), targets)
			batch.Prior = tensor.Zeros(tensor.CPU, tensor.Float32, Slots, c.Generator.Vocab)
			if bf16 {
				defer tensor.Autocast(tensor.CPU, tensor.BFloat16)()
			}
			m.Loss(batch, w, true).Total.Backward()
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		opt.Step(1e-4)
		opt.ZeroGrad()
	}
	step() // the first one plans and allocates
	before := processor(b)
	for b.Loop() {
		step()
	}
	b.ReportMetric((processor(b)-before).Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "images/s")
}

// processor is the time that all threads of the process have run, which other processes do not change.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
