package serve

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"plip/internal/index"
	"plip/internal/pixels"
	"plip/parquet"
)

// million is the folder of BenchmarkMillion's dataset and index: 6 GB that a later run finds again.
const million = "PLIP_BENCH_SERVE"

// BenchmarkMillion asks a server over a million small pictures with embeddings of 768 components for what a visitor asks
// for: the median and the worst latency, and the processor time a request. A sentence's embedding is not in the time.
func BenchmarkMillion(b *testing.B) {
	dir := os.Getenv(million)
	if dir == "" {
		b.Skipf("%s is not set to a folder for 6 GB", million)
	}
	const rows, dim = 1_000_000, 768
	data := millionData(b, filepath.Join(dir, "million"), rows)
	x := millionIndex(b, filepath.Join(dir, "million.index"), rows, dim)
	random := rand.New(rand.NewPCG(3, 3))
	ask := func(context.Context, string) ([]float32, error) {
		v := make([]float32, dim)
		for i := range v {
			v[i] = float32(random.NormFloat64())
		}
		return v, nil
	}
	config := Config{Name: "million", Data: data, Log: b.Logf, Search: &Search{Model: "drawn", Index: x, Text: ask,
		Image: func(ctx context.Context, _ *pixels.Image) ([]float32, error) { return ask(ctx, "") }}}
	before, began := heapBytes(), processorTime(b)
	s, err := New(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("start: %.2f s of processor time, %d MB kept", (processorTime(b) - began).Seconds(), (heapBytes()-before)>>20)
	for _, c := range []struct {
		name string
		path func() string
	}{
		{"overview", func() string { return "/" }},
		{"page=first", func() string { return "/browse" }},
		{"page=last", func() string { return "/browse?page=41667" }},
		{"page=any", func() string { return fmt.Sprintf("/browse?page=%d", 1+random.IntN(41667)) }},
		{"filter=two", func() string { return fmt.Sprintf("/browse?upper=red&gender=man&page=%d", 1+random.IntN(1000)) }},
		{"filter=person", func() string { return fmt.Sprintf("/browse?id=%d", random.IntN(rows/perPerson)) }},
		{"row", func() string { return fmt.Sprintf("/row/%d", random.IntN(rows)) }},
		{"image", func() string { return fmt.Sprintf("/image/%d", random.IntN(rows)) }},
		{"search", func() string { return "/search?text=a+man" }},
		{"search=row", func() string { return fmt.Sprintf("/search?row=%d", random.IntN(rows)) }},
	} {
		b.Run(c.name, func(b *testing.B) { askFor(b, s, c.path) })
	}
}

// askFor asks for a path again and again.
func askFor(b *testing.B, s *Server, path func() string) {
	var times []time.Duration
	began := processorTime(b)
	for b.Loop() {
		start := time.Now()
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "http://localhost"+path(), nil)
		s.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatalf("%s: want status 200, got %d: %s", r.URL, w.Code, w.Body)
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1e3, "median-ms")
	b.ReportMetric(float64(times[len(times)-1].Microseconds())/1e3, "worst-ms")
	b.ReportMetric(1e3*(processorTime(b)-began).Seconds()/float64(b.N), "cpu-ms")
}

// heapBytes is what is in use after a collection.
func heapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// processorTime is what this process has used, the only figure that means something on a machine that others use too.
func processorTime(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

const perPerson = 10

// millionData opens the dataset, made before or now: persons of ten pictures with attributes and captions.
func millionData(b *testing.B, dir string, rows int) *parquet.Dataset {
	if _, err := os.Stat(filepath.Join(dir, "dataset.json")); err != nil {
		pictures := make([][]byte, 64)
		for i := range pictures {
			m := pixels.NewImage(16, 32)
			for p := range m.Pix {
				m.Pix[p] = uint8(p/6 + 3*i)
			}
			if pictures[i], err = pixels.EncodeJPEG(m, 80); err != nil {
				b.Fatal(err)
			}
		}
		w, err := parquet.Create(b.Context(), dir, parquet.DefaultWriterOptions())
		if err != nil {
			b.Fatal(err)
		}
		colours := []string{"red", "blue", "green", "black", "white", "gray", "yellow", "brown"}
		for i := range rows {
			id := i / perPerson
			gender, upper := []string{"man", "woman"}[id%2], colours[id/2%8]+" "+[]string{"shirt", "coat", "jacket"}[id/16%3]
			r := parquet.Row{Image: pictures[i%64], ID: int64(id), FilePath: fmt.Sprintf("p%d/%d.jpg", id, i), Source: "drawn", Width: 16, Height: 32,
				Attributes: []string{gender, "short hair", upper, colours[id/48%8] + " trousers", "boots", "backpack"},
				Captions:   []string{fmt.Sprintf("A %s in a %s with picture %d.", gender, upper, i)}, PromptCaption: []string{"A " + gender + "."}}
			if err := w.Write(b.Context(), &r); err != nil {
				b.Fatal(err)
			}
			if i%perPerson == perPerson-1 {
				w.Mark(int64(i + 1))
			}
		}
		if _, err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
	d, err := parquet.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	return d
}

// millionIndex opens the index, made before or now of drawn vectors.
func millionIndex(b *testing.B, path string, rows, dim int) *index.Index {
	key := index.Key{1, 2, 3}
	if _, err := os.Stat(path); err != nil {
		w, err := index.Create(path, index.Options{Dim: dim, Rows: int64(rows), Key: key})
		if err != nil {
			b.Fatal(err)
		}
		random, v := rand.New(rand.NewPCG(2, 2)), make([]float32, dim)
		for range rows {
			for i := range v {
				v[i] = float32(random.NormFloat64())
			}
			if err := w.Write(v); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
	x, err := index.Open(path, key)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { x.Close() })
	return x
}
