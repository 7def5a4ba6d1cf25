package parquet

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// benchFolder is where the figures are to be compared with those of another
// program: on the same disk, of the same shards. A process that finds the dataset
// there has made no rows, so its peak of memory is that of reading.
var benchFolder = flag.String("dataset", "", "folder of the benchmarks' dataset, made when it is not there and left behind")

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

// benchRowsMade makes the rows before the clock starts. No picture shares its
// bytes with another; they lie one behind the other, as those of an Arrow table do.
func benchRowsMade() []Row {
	noise := make([]byte, 1<<20)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	rows := make([]Row, benchRows)
	pictures := make([]byte, 0, benchRows*6000)
	for i := range rows {
		rows[i] = benchRow(i, noise)
		from := len(pictures)
		pictures = append(pictures, rows[i].Image...)
		rows[i].Image = pictures[from:len(pictures):len(pictures)]
	}
	return rows
}

// benchBytes counts the bytes of pictures and of the rest.
func benchBytes(rows []Row) (imageBytes, textBytes int64) {
	for i := range rows {
		imageBytes += int64(len(rows[i].Image))
		textBytes += rows[i].sizeBytes() - int64(len(rows[i].Image))
	}
	return imageBytes, textBytes
}

func benchDir(b *testing.B) string {
	if *benchFolder == "" {
		return b.TempDir()
	}
	if err := os.MkdirAll(*benchFolder, 0o777); err != nil {
		b.Fatal(err)
	}
	return *benchFolder
}

// benchDataset returns a dataset and the picture and text bytes in it.
func benchDataset(b *testing.B) (d *Dataset, imageBytes, textBytes int64) {
	dir := benchDir(b)
	if _, err := ReadManifest(dir); err != nil {
		writeBench(b, dir, benchRowsMade())
	}
	d, err := Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	for _, s := range d.shards {
		for _, g := range s.file.Metadata().RowGroups {
			for i, c := range g.Columns {
				if i == 0 {
					imageBytes += c.MetaData.TotalUncompressedSize
				} else {
					textBytes += c.MetaData.TotalUncompressedSize
				}
			}
		}
	}
	return d, imageBytes, textBytes
}

func writeBench(b *testing.B, dir string, rows []Row) {
	o := DefaultWriterOptions()
	o.Force = true
	w, err := Create(b.Context(), dir, o)
	if err != nil {
		b.Fatal(err)
	}
	for i := range rows {
		if err := w.Write(b.Context(), &rows[i]); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

// benchLoop runs f and reports the least processor time and time by the clock of
// all runs: other work on the machine makes any mean worthless.
func benchLoop(b *testing.B, f func()) {
	cpu, wall := time.Duration(1<<62), time.Duration(1<<62)
	for b.Loop() {
		c, t := processorTime(b), time.Now()
		f()
		cpu, wall = min(cpu, processorTime(b)-c), min(wall, time.Since(t))
	}
	b.ReportMetric(cpu.Seconds(), "least-cpu-s")
	b.ReportMetric(wall.Seconds(), "least-s")
	b.ReportMetric(benchRows/cpu.Seconds(), "rows/cpu-s")
}

func processorTime(b *testing.B) time.Duration {
	r := resources(b)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func resources(b *testing.B) (r unix.Rusage) {
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return r
}

func BenchmarkWrite(b *testing.B) {
	dir := benchDir(b)
	rows := benchRowsMade()
	image, text := benchBytes(rows)
	b.SetBytes(image + text)
	b.ReportAllocs()
	benchLoop(b, func() { writeBench(b, dir, rows) })
}

// BenchmarkHash is the part of BenchmarkWrite that other writers do not have.
func BenchmarkHash(b *testing.B) {
	rows := benchRowsMade()
	image, _ := benchBytes(rows)
	b.SetBytes(image)
	benchLoop(b, func() {
		h := sha256.New()
		for i := range rows {
			h.Write(rows[i].Image)
		}
	})
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
		for _, how := range []struct {
			name string
			scan func(ctx context.Context, cols Columns, from int64, fn func(i int64, r *Row) error) error
		}{{"visit", d.Visit}, {"scan", d.Scan}} {
			b.Run(bench.name+"/how="+how.name, func(b *testing.B) {
				b.SetBytes(bench.bytes)
				b.ReportAllocs()
				benchLoop(b, func() {
					if err := how.scan(b.Context(), bench.cols, 0, func(int64, *Row) error { return nil }); err != nil {
						b.Fatal(err)
					}
				})
				r := resources(b)
				b.ReportMetric(float64(r.Maxrss)/1024, "peak-MiB")
			})
		}
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
