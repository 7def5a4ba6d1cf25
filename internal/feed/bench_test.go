package feed

import (
	"errors"
	"flag"
	"fmt"
	"image"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"plip/internal/pixels"
	"plip/internal/text"
	"plip/parquet"
)

var (
	benchData  = flag.String("dataset", "", "shards with captions that the loader's benchmark reads; made where there are none")
	benchVocab = flag.String("vocab", "", "vocab.txt of the loader's benchmark; the words of the captions where there is none")
)

// benchRows writes crops of 64x128 as JPEG, with two captions each, and opens them.
func benchRows(b *testing.B) *parquet.Dataset {
	b.Helper()
	dir := *benchData
	if dir == "" {
		dir = b.TempDir()
		writeBenchRows(b, dir)
	}
	ds, err := parquet.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ds.Close() })
	return ds
}

func writeBenchRows(b *testing.B, dir string) {
	w, err := parquet.Create(b.Context(), dir, parquet.DefaultWriterOptions())
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for i := range 1000 {
		m := image.NewRGBA(image.Rect(0, 0, 64, 128))
		for k := range m.Pix { // bands with some noise: about 4 kB, as crops have
			m.Pix[k] = uint8(k/1024*7 + i + random.IntN(24))
		}
		data, err := pixels.EncodeJPEG(&pixels.Image{W: 64, H: 128, Pix: rgbOfRGBA(m)}, 90)
		if err != nil {
			b.Fatal(err)
		}
		path := fmt.Sprintf("%d/%d.jpg", i/5, i)
		row := parquet.Row{Image: data, ImagePath: path, ID: int64(i / 5), FilePath: path, Source: "bench", Width: 64, Height: 128, Captions: []string{
			"A man with short black hair walks past a shop in a dark blue jacket, grey trousers and white shoes, a bag over his left shoulder.",
			"The man wears a blue jacket over a white shirt, grey trousers and white sneakers, and carries a brown bag.",
		}}
		if err := w.Write(b.Context(), &row); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

func rgbOfRGBA(m *image.RGBA) []byte {
	out := make([]byte, 0, len(m.Pix)/4*3)
	for i := 0; i < len(m.Pix); i += 4 {
		out = append(out, m.Pix[i:i+3]...)
	}
	return out
}

// benchWords is the tokenizer: of the file, or of the captions' own words.
func benchWords(b *testing.B, ds *parquet.Dataset) *text.WordPiece {
	b.Helper()
	if *benchVocab != "" {
		w, err := text.LoadWordPiece(*benchVocab)
		if err != nil {
			b.Fatal(err)
		}
		return w
	}
	vocab, seen := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ",", "."}, map[string]bool{}
	if err := ds.Visit(b.Context(), parquet.ColText, 0, func(_ int64, r *parquet.Row) error {
		for _, caption := range r.Captions {
			for word := range strings.FieldsFuncSeq(strings.ToLower(caption), func(c rune) bool { return c == ' ' || c == ',' || c == '.' }) {
				if !seen[word] {
					seen[word] = true
					vocab = append(vocab, strings.Clone(word))
				}
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	w, err := text.NewWordPiece(vocab)
	if err != nil {
		b.Fatal(err)
	}
	return w
}

// BenchmarkLoader reads, decodes, resizes to 256x128, mirrors, normalises and tokenises shuffled batches of 32, and
// counts images by processor time, so that the number of workers and other work on the machine say little. Its peer is
// internal/reference/loader_peer.py.
func BenchmarkLoader(b *testing.B) {
	ds := benchRows(b)
	words := benchWords(b, ds)
	o := DefaultOptions()
	o.Batch, o.Height, o.Px, o.Norm, o.Flip = 32, 256, 128, pixels.PLIP(), true
	o.CacheBytes, o.Workers = 0, 1
	l, err := New(b.Context(), ds, o)
	if err != nil {
		b.Fatal(err)
	}
	enough := errors.New("enough")
	images, tokens := 0, 0
	b.ReportAllocs()
	from := processor(b)
	for b.Loop() {
		left := 4000
		err := l.Epoch(b.Context(), 0, 0, func(batch *Batch) error {
			for i := range batch.Rows {
				ids, _ := words.Encode(batch.Rows[i].Captions[0], 64)
				tokens += len(ids)
			}
			images, left = images+len(batch.Rows), left-len(batch.Rows)
			batch.Release()
			if left <= 0 {
				return enough
			}
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			b.Fatal(err)
		}
	}
	spent := (processor(b) - from).Seconds()
	b.ReportMetric(float64(images)/spent, "images/cpu-s")
	b.ReportMetric(float64(tokens)/float64(images), "tokens/image")
}

// processor is the processor time of the process so far.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
