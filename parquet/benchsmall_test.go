package parquet

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// smallRow is a row of about 200 bytes, of which the picture is 64.
func smallRow(i int64, picture []byte) Row {
	return Row{
		Image:     picture,
		ID:        i / 10,
		FilePath:  fmt.Sprintf("%07d/%d.jpg", i/10, i%10),
		Source:    "small",
		Width:     8,
		Height:    16,
		Captions:  []string{fmt.Sprintf("A man of group %d walks past shop %d with a bag in his hand.", i%100, i)},
		ImagePath: fmt.Sprintf("%d.jpg", i%10),
	}
}

// tenths are the processor times of ten equal parts of a pass over rows.
type tenths struct {
	b     *testing.B
	rows  int64
	at    time.Duration
	parts []time.Duration
}

func newTenths(b *testing.B, rows int64) *tenths {
	return &tenths{b: b, rows: rows, at: processorTime(b)}
}

// done says that rows before n are through.
func (t *tenths) done(n int64) {
	if n%(t.rows/10) == 0 {
		now := processorTime(t.b)
		t.parts = append(t.parts, now-t.at)
		t.at = now
	}
}

// report tells the rate, and the time of the pass's second half in that of its
// first: 1 where the rate is constant.
func (t *tenths) report(pass string) {
	var halves [2]time.Duration
	for i, d := range t.parts {
		halves[i*2/len(t.parts)] += d
	}
	sum := halves[0] + halves[1]
	t.b.ReportMetric(float64(t.rows)/sum.Seconds(), pass+"-rows/cpu-s")
	t.b.ReportMetric(halves[1].Seconds()/halves[0].Seconds(), pass+"-late/early")
}

// peakMiB is the largest resident set since the last call of it. Memory that the
// collector gave up in between does not count.
func peakMiB(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Skip(err) // a kernel without it has one peak for all passes
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kB, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kB / 1024
}

// BenchmarkSmallRows writes, streams both ways and verifies a dataset whose rows
// are small, where what a row costs counts and not its bytes: with ten times the
// rows, rates and peaks of memory are to be the same.
func BenchmarkSmallRows(b *testing.B) {
	for _, rows := range []int64{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			for b.Loop() {
				smallRows(b, rows)
			}
		})
	}
}

func smallRows(b *testing.B, rows int64) {
	dir := b.TempDir()
	o := DefaultWriterOptions()
	o.ShardBytes, o.RowGroupBytes = 32<<20, 4<<20 // seven shards of a million rows
	picture := []byte(strings.Repeat("picture.", 8))
	peakMiB(b)

	w, err := Create(b.Context(), dir, o)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Abort()
	t := newTenths(b, rows)
	for i := range rows {
		r := smallRow(i, picture)
		if err := w.Write(b.Context(), &r); err != nil {
			b.Fatal(err)
		}
		t.done(i + 1)
	}
	if _, err := w.Close(); err != nil {
		b.Fatal(err)
	}
	t.report("write")
	b.ReportMetric(peakMiB(b), "write-MiB")

	d, err := Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	t = newTenths(b, rows)
	if err := d.Visit(b.Context(), ColAll, 0, func(i int64, _ *Row) error { t.done(i + 1); return nil }); err != nil {
		b.Fatal(err)
	}
	t.report("visit")
	b.ReportMetric(peakMiB(b), "visit-MiB")
	t = newTenths(b, rows)
	if err := d.Scan(b.Context(), ColAll, 0, func(i int64, _ *Row) error { t.done(i + 1); return nil }); err != nil {
		b.Fatal(err)
	}
	t.report("scan")
	b.ReportMetric(peakMiB(b), "scan-MiB")

	t, n := newTenths(b, rows), int64(0)
	problems, err := Verify(b.Context(), dir, func([]byte) error { n++; t.done(n); return nil })
	if err != nil || len(problems) > 0 {
		b.Fatal(err, problems)
	}
	t.report("verify")
	b.ReportMetric(peakMiB(b), "verify-MiB")
}
