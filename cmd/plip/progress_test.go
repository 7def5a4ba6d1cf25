package main

import (
	"bytes"
	"testing"
	"time"
)

// TestPlainProgress drives the display with a clock of its own.
func TestPlainProgress(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := newProgress(&out)
	p.now = func() time.Time { return now }

	p.Start("short", 10, "rows") // over before the first line is due: silent
	now = now.Add(9 * time.Second)
	p.Add(10)
	p.Done()

	report := p.Callback("caption", "images")
	for i := int64(0); i <= 50; i++ {
		report(i*10, 1000)
		now = now.Add(500 * time.Millisecond)
	}
	p.Printf("one row is bad")
	p.Done()
	p.Done()

	p.Start("scan", 0, "files")
	now = now.Add(10 * time.Second)
	p.Add(3)
	p.Start("next", 1, "files") // ends the stage before

	const want = `caption: 200/1000 images, 20%, 20 images/s, 40s left
caption: 400/1000 images, 40%, 20 images/s, 30s left
one row is bad
caption: 500 images in 26s, 19.6 images/s
scan: 3 files, 0.3 files/s
scan: 3 files in 10s, 0.3 files/s
`
	if got := out.String(); got != want {
		t.Errorf("want\n%sgot\n%s", want, got)
	}
}
