package demo

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"
)

// A histogram is the colours of one picture.
type histogram struct {
	id     int64
	camera int32
	bins   [512]float32 // 8 levels of each component, summing to 1
}

// histogramOf leaves out the given share of the width on either side.
func histogramOf(m image.Image, s Sample, border float64) histogram {
	h := histogram{id: s.ID, camera: s.Camera}
	b := m.Bounds()
	dx := int(border * float64(b.Dx()))
	n := float32((b.Dx() - 2*dx) * b.Dy())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X + dx; x < b.Max.X-dx; x++ {
			r, g, bl, _ := m.At(x, y).RGBA()
			h.bins[r>>13<<6|g>>13<<3|bl>>13] += 1 / n
		}
	}
	return h
}

// TestColorHistogramIsNotEnough keeps the corpus hard: the nearest picture of another camera by colour histogram alone must not be of the
// same person in a quarter of the cases, be it of the whole picture or of its middle.
func TestColorHistogramIsNotEnough(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Captioned, cfg.Raw, cfg.Valid, cfg.Test = 0, 0, 0, 200
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p := part(t, c, "test")
	borders := []float64{0, 0.25}
	histograms := make([][]histogram, len(borders))
	for k := range p.Tracks() {
		samples, err := p.Render(k)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			m, err := jpeg.Decode(bytes.NewReader(s.JPEG))
			if err != nil {
				t.Fatal(err)
			}
			for i, border := range borders {
				histograms[i] = append(histograms[i], histogramOf(m, s, border))
			}
		}
	}
	for i, border := range borders {
		all := histograms[i]
		right, tried := 0, 0
		for i := 0; i < len(all); i += 3 {
			q := &all[i]
			best, bestID := float32(-1), int64(0)
			for j := range all {
				g := &all[j]
				if g.camera == q.camera {
					continue
				}
				common := float32(0)
				for k, v := range q.bins {
					common += min(v, g.bins[k])
				}
				if common > best {
					best, bestID = common, g.id
				}
			}
			tried++
			if bestID == q.id {
				right++
			}
		}
		rate := float64(right) / float64(tried)
		t.Logf("border %v: rank-1 %.1f %% of %d queries", border, 100*rate, tried)
		if rate >= 0.25 {
			t.Errorf("border %v: rank-1 by colour histogram: want below 25 %%, got %.1f %%", border, 100*rate)
		}
	}
}
