package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"plip/internal/pixels"
	"plip/internal/tensor"
	"plip/parquet"
	"plip/trainer"
)

// BenchmarkEmbed embeds 64 crops of 64x128 with the paper's RN50 at 256x128, from the shards to the embeddings, on all
// cores: the processor time an image. internal/reference/embed_peer.py is the same in PyTorch.
func BenchmarkEmbed(b *testing.B) {
	const rows = 64
	ds := benchShards(b, rows)
	tensor.SetThreads(runtime.NumCPU())
	c := trainer.DefaultConfig()
	c.Text.Layers, c.Text.FrozenLayers, c.Text.Vocab = 1, 0, 100 // no sentence is embedded
	c.Loss.TIC, c.Loss.IAP = 0, 0
	words, err := trainer.TrainVocabulary(b.Context(), ds, trainer.CaptionsHuman, 60)
	if err != nil {
		b.Fatal(err)
	}
	for _, precision := range []string{trainer.PrecisionFP32, trainer.PrecisionBF16} {
		b.Run("precision="+precision, func(b *testing.B) {
			c.Precision = precision
			m, err := trainer.NewModel(tensor.CPU, c, words)
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			embed := func() {
				if err := embedRows(b.Context(), plipEncoder{m}, ds, runtime.NumCPU(), 0, false, func(int64, *parquet.Row, []float32) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			embed() // libtorch prepares its kernels at the first batch
			began := processorTime(b)
			for b.Loop() {
				embed()
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "images/s")
			b.ReportMetric(1e3*(processorTime(b)-began).Seconds()/float64(rows*b.N), "cpu-ms/image")
		})
	}
}

// processorTime is what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// benchShards writes noisy crops.
func benchShards(b *testing.B, rows int) *parquet.Dataset {
	dir := filepath.Join(b.TempDir(), "crops")
	w, err := parquet.Create(b.Context(), dir, parquet.DefaultWriterOptions())
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range rows {
		m := pixels.NewImage(64, 128)
		for k := range m.Pix {
			m.Pix[k] = uint8(k/96 + r.IntN(64))
		}
		data, err := pixels.EncodeJPEG(m, 90)
		if err != nil {
			b.Fatal(err)
		}
		row := parquet.Row{Image: data, ID: int64(i), FilePath: fmt.Sprintf("%d.jpg", i), Width: 64, Height: 128, Captions: []string{"a man in a red shirt"}}
		if err := w.Write(b.Context(), &row); err != nil {
			b.Fatal(err)
		}
		w.Mark(int64(i + 1))
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
