package trainer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"plip/internal/nn"
	"plip/internal/pixels"
	"plip/internal/tensor"
	"plip/parquet"
)

// BenchmarkPretrain trains the three tasks from shards, tokens and pictures included: seconds and processor seconds a
// step after the first three. Sizes are the paper's at 8 images, the lower eight layers of BERT frozen, and the demo size
// of decisions at 32 images. Peers are eager PyTorch programs of the same sizes. One size a process: caches stay.
func BenchmarkPretrain(b *testing.B) {
	ds := benchShards(b, 512)
	for _, size := range []struct {
		name   string
		config func() Config
	}{{"paper", paperSize}, {"demo", demoSize}} {
		for _, precision := range []string{PrecisionFP32, PrecisionBF16} {
			b.Run(fmt.Sprintf("size=%s/precision=%s", size.name, precision), func(b *testing.B) {
				c := size.config()
				c.Precision = precision
				benchTraining(b, c, ds)
			})
		}
	}
}

// BenchmarkFrozen is the paper's size in float32 with what makes frozen layers of the text encoder cheaper. The first
// three steps, which are not measured, are the first epoch: then the cache has every caption. Masked ones it never has.
func BenchmarkFrozen(b *testing.B) {
	ds := benchShards(b, 3*paperSize().Batch)
	for _, option := range []struct {
		name string
		set  func(c *Config)
	}{
		{"none", func(*Config) {}},
		{"bf16", func(c *Config) { c.Text.FrozenBF16 = true }},
		{"eval", func(c *Config) { c.Text.FrozenEval = true }},
		{"cache", func(c *Config) { c.Text.FrozenCache = 1 << 28 }},
		{"contrast", func(c *Config) { c.Loss.TIC, c.Loss.IAP = 0, 0 }},
		{"contrast+eval", func(c *Config) { c.Loss.TIC, c.Loss.IAP, c.Text.FrozenEval = 0, 0, true }},
		{"contrast+cache", func(c *Config) { c.Loss.TIC, c.Loss.IAP, c.Text.FrozenCache = 0, 0, 1<<28 }},
		{"bf16+eval", func(c *Config) { c.Text.FrozenBF16, c.Text.FrozenEval = true, true }},
	} {
		b.Run(option.name, func(b *testing.B) {
			c := paperSize()
			option.set(&c)
			benchTraining(b, c, ds)
		})
	}
}

// BenchmarkFrozenText is the text encoder's part of a forward pass of that: 8 captions of 12 to 40 tokens and as many
// masked ones, which the cache never has.
func BenchmarkFrozenText(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 1))
	captions := make([][]int32, paperSize().Batch)
	for i := range captions {
		captions[i] = make([]int32, 12+random.IntN(29))
		for k := range captions[i] {
			captions[i][k] = 1 + random.Int32N(30000)
		}
	}
	batch := newTokens(captions, 0, 0)
	for _, masked := range []tokens{{}, batch} {
		for _, option := range []struct {
			name string
			set  func(c *TextConfig)
		}{
			{"none", func(*TextConfig) {}},
			{"eval", func(c *TextConfig) { c.FrozenEval = true }},
			{"cache", func(c *TextConfig) { c.FrozenCache = 1 << 28 }},
		} {
			b.Run(fmt.Sprintf("masked=%d/%s", masked.n, option.name), func(b *testing.B) {
				c := paperSize().Text
				option.set(&c)
				benchText(b, c, batch, masked)
			})
		}
	}
}

// benchText measures passes of the encoder after a first one, which fills the cache.
func benchText(b *testing.B, c TextConfig, captions, masked tokens) {
	store := nn.NewStore(tensor.CPU)
	defer store.Close()
	var text *Text
	pass := func() {
		if err := tensor.Do(func(*tensor.Scope) error {
			if text == nil {
				text = NewText(store.Root(), c)
				if err := store.Freeze(c.Frozen); err != nil {
					return err
				}
				text.keepFrozen()
			}
			text.forwardTwins(tensor.CPU, captions, masked)
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	pass()
	defer text.closeFrozen()
	began := processorTime(b)
	for b.Loop() {
		pass()
	}
	b.ReportMetric((processorTime(b)-began).Seconds()/float64(b.N), "cpu-s/pass")
}

// paperSize is RN50 and BERT base, as DefaultConfig has them, with hub weights' frozen layers.
func paperSize() Config {
	c := DefaultConfig()
	c.Text.FrozenLayers, c.Batch = 8, 8
	return c
}

// demoSize is a quarter of the channels at a quarter of the pixels, and four layers of 256.
func demoSize() Config {
	c := DefaultConfig()
	c.Visual.Width, c.Visual.Height, c.Visual.Px, c.Visual.Dim = 16, 128, 64, 256
	c.Colorize.Channels = 64 // a quarter too
	c.Text.Width, c.Text.Layers, c.Text.Heads, c.Text.Inner, c.Text.FrozenLayers = 256, 4, 4, 1024, 0
	c.Batch = 32
	return c
}

// benchTraining trains for three steps and b.N.
func benchTraining(b *testing.B, c Config, ds *parquet.Dataset) {
	const first = 3
	threads := tensor.Threads()
	tensor.SetThreads(runtime.NumCPU())
	defer tensor.SetThreads(threads)
	c.MaxSteps, c.Schedule.Epochs, c.SaveEvery, c.ValidateEvery = int64(first+b.N), first+b.N, 0, 0
	var began time.Duration
	run := Run{Dir: b.TempDir(), Data: ds, Device: tensor.CPU, Workers: 1, CacheBytes: 1 << 28, Progress: func(p Progress) {
		switch p.Step {
		case first:
			began = processorTime(b)
			b.ResetTimer()
		case int64(first + b.N):
			b.StopTimer() // before the checkpoint
			b.ReportMetric((processorTime(b)-began).Seconds()/float64(b.N), "cpu-s/step")
		}
	}}
	if _, err := Train(context.Background(), c, run); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/step")
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(u.Maxrss)/(1<<20), "peak-GiB")
}

// benchShards writes noisy crops of 64x128, four an identity, with sentences of 12 to 40 words.
func benchShards(b *testing.B, rows int) *parquet.Dataset {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "crops")
	w, err := parquet.Create(b.Context(), dir, parquet.DefaultWriterOptions())
	if err != nil {
		b.Fatal(err)
	}
	words := []string{"a", "man", "woman", "with", "short", "black", "hair", "wears", "red", "jacket", "over", "white", "shirt", "and", "blue", "jeans",
		"brown", "shoes", "carries", "gray", "backpack", "walking", "to", "the", "left", "holding", "green", "umbrella", "in", "one", "hand", "while"}
	random := rand.New(rand.NewPCG(1, 1))
	for i := range rows {
		m := pixels.NewImage(64, 128)
		for k := range m.Pix {
			m.Pix[k] = uint8(k/96 + random.IntN(64))
		}
		data, err := pixels.EncodeJPEG(m, 90)
		if err != nil {
			b.Fatal(err)
		}
		sentence := "A man in a red jacket"
		for range 6 + random.IntN(29) {
			sentence += " " + words[random.IntN(len(words))]
		}
		path := fmt.Sprintf("%d/%d.jpg", i/4, i)
		if err := w.Write(b.Context(), &parquet.Row{Image: data, ImagePath: path, ID: int64(i / 4), FilePath: path, Source: "bench", Width: 64, Height: 128,
			Captions: []string{sentence + "."}}); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		b.Fatal(err)
	}
	ds, err := parquet.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ds.Close() })
	return ds
}

// processorTime is what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}
