package feed

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"plip/internal/pixels"
)

// TestJitter draws pictures whose pixels tell where they come from.
func TestJitter(t *testing.T) {
	const w, h = 9, 17
	src, dst := make([]uint8, 3*w*h), make([]uint8, 3*w*h)
	for y := range h {
		for x := range w {
			src[3*(y*w+x)], src[3*(y*w+x)+1], src[3*(y*w+x)+2] = uint8(10*x), uint8(10*y), 200
		}
	}
	for _, c := range []struct {
		name      string
		j         jitter
		x, y      int
		red, blue uint8 // ten times the place that (x, y) comes from
	}{
		{"nothing", jitter{1, 0, 0}, 3, 5, 30, 50},
		{"right and up", jitter{1, 2, -3}, 3, 5, 10, 80},
		{"half a pixel", jitter{1, 0.5, 0}, 3, 5, 25, 50},
		{"beyond the edge", jitter{1, 4, 0}, 2, 5, 0, 50},
		{"twice as large", jitter{2, 0, 0}, 8, 16, 60, 120},
		{"half as large", jitter{0.5, 0, 0}, 5, 10, 60, 120},
	} {
		c.j.apply(dst, src, w, h)
		at := 3 * (c.y*w + c.x)
		if dst[at] != c.red || dst[at+1] != c.blue || dst[at+2] != 200 {
			t.Errorf("%s: pixel (%d, %d): want %d %d 200, got %v", c.name, c.x, c.y, c.red, c.blue, dst[at:at+3])
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		if j := drawJitter(r, 0.1, 50, 100); j.zoom < 0.9 || j.zoom > 1.1 || j.dx < -5 || j.dx > 5 || j.dy < -10 || j.dy > 10 {
			t.Fatalf("want a tenth at most, got %+v", j)
		}
	}
}

// TestJitterOfVisits draws a row anew in every epoch, the same way with any number of workers and from the cache, and its
// gray twin alike.
func TestJitterOfVisits(t *testing.T) {
	ds := dataset(t, sizes...)
	epochs := func(workers int, cache int64) (images [][]float32) {
		o := options(Sequential, 8, 0, workers)
		o.Jitter, o.Gray, o.CacheBytes = 0.2, true, cache
		l, err := New(context.Background(), ds, o)
		if err != nil {
			t.Fatal(err)
		}
		for epoch := range 2 {
			var all []float32
			if err := l.Epoch(context.Background(), epoch, 0, func(b *Batch) error {
				defer b.Release()
				all = append(all, b.Images...)
				n := len(b.Rows)
				rgb, gray := make([]uint8, 3), make([]uint8, 3)
				for i := range n {
					for p := range 32 {
						for c := range 3 {
							rgb[c], gray[c] = uint8(b.Images[i*96+c*32+p]+0.5), uint8(b.Images[(n+i)*96+c*32+p]+0.5)
						}
						want := make([]uint8, 3)
						pixels.Luma(want, rgb)
						if !slices.Equal(want, gray) {
							t.Fatalf("row %d pixel %d: want gray %v, got %v", b.Number[i], p, want, gray)
						}
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			images = append(images, all)
		}
		return images
	}
	one := epochs(1, 0)
	if slices.Equal(one[0], one[1]) {
		t.Error("two epochs draw alike")
	}
	for i, e := range epochs(3, 96*20) {
		if !slices.Equal(one[i], e) {
			t.Errorf("epoch %d: workers and cache change the pictures", i)
		}
	}
}
