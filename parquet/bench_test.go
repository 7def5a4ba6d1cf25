package parquet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"golang.org/x/sync/errgroup"
)

const benchRows = 20000

// benchRow is a crop of the usual size: pictures of 2 to 6 kB that do not
// compress, two sentences of forty words.
func benchRow(i int, noise []byte) Row {
	id := int64(i / 10)
	at := i * 997 % (len(noise) - 6000)
	return Row{
		Image:         noise[at : at+2000+i*31%4000],
		ImagePath:     fmt.Sprintf("%08d.jpg", i),
		ID:            id,
		FilePath:      fmt.Sprintf("%06d/%08d.jpg", id, i),
		Source:        "bench",
		Width:         64,
		Height:        128,
		Attributes:    []string{"male", "short hair", "red shirt", "blue jeans", "white shoes", "unknown"},
		Captions:      []string{fmt.Sprintf("A man of group %d in a red shirt and blue jeans walks past shop %d with a bag in his left hand.", i%100, i), "The man with short hair wears white shoes and carries a black backpack."},
		PromptCaption: []string{"a photo of a man in a red shirt"},
	}
}

// benchDataset returns a dataset and the picture and text bytes in it.
func benchDataset(b *testing.B) (d *Dataset, imageBytes, textBytes int64) {
	dir := b.TempDir()
	imageBytes, textBytes = writeBench(b, dir)
	d, err := Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	return d, imageBytes, textBytes
}

func writeBench(b *testing.B, dir string) (imageBytes, textBytes int64) {
	noise := make([]byte, 1<<20)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	o := DefaultWriterOptions()
	o.Force = true
	w, err := Create(b.Context(), dir, o)
	if err != nil {
		b.Fatal(err)
	}
	for i := range benchRows {
		r := benchRow(i, noise)
		if err := w.Write(b.Context(), &r); err != nil {
			b.Fatal(err)
		}
		imageBytes += int64(len(r.Image))
		textBytes += r.sizeBytes() - int64(len(r.Image))
	}
	if _, err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return imageBytes, textBytes
}

func BenchmarkWrite(b *testing.B) {
	dir := b.TempDir()
	b.ReportAllocs()
	for b.Loop() {
		image, text := writeBench(b, dir)
		b.SetBytes(image + text)
	}
}

func BenchmarkScan(b *testing.B) {
	d, image, text := benchDataset(b)
	for _, bench := range []struct {
		name  string
		cols  Columns
		bytes int64
	}{
		{"columns=all", ColAll, image + text},
		{"columns=image", ColImage, image},
		{"columns=text", ColText, text},
		{"columns=meta", ColMeta, 0},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(bench.bytes)
			b.ReportAllocs()
			for b.Loop() {
				err := d.Scan(b.Context(), bench.cols, 0, func(int64, *Row) error { return nil })
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkReadGroup(b *testing.B) {
	d, image, text := benchDataset(b)
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			b.SetBytes(image + text)
			for b.Loop() {
				g, ctx := errgroup.WithContext(context.Background())
				g.SetLimit(workers)
				for i := range d.Groups() {
					g.Go(func() error {
						_, err := d.ReadGroup(ctx, i, ColAll)
						return err
					})
				}
				if err := g.Wait(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRow(b *testing.B) {
	d, _, _ := benchDataset(b)
	for i := 0; b.Loop(); i++ {
		if _, err := d.Row(b.Context(), int64(i*7919%benchRows), ColAll); err != nil {
			b.Fatal(err)
		}
	}
}
