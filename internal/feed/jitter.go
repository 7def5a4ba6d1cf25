package feed

import "math/rand/v2"

// jitter is how one visit of an image is drawn: zoomed about its middle and shifted.
type jitter struct {
	zoom   float64 // of the picture: above 1 its middle fills the frame
	dx, dy float64 // in pixels of the frame, to the right and down
}

// drawJitter draws a zoom and shifts of up to share of the frame's size, either way.
func drawJitter(r *rand.Rand, share float64, w, h int) jitter {
	draw := func() float64 { return share * (2*r.Float64() - 1) }
	return jitter{1 + draw(), float64(w) * draw(), float64(h) * draw()}
}

// apply draws src, w by h pixels of three bytes, into dst: bilinear, the border continued beyond the edges.
func (j jitter) apply(dst, src []uint8, w, h int) {
	xs, ys := taps(w, j.zoom, j.dx), taps(h, j.zoom, j.dy)
	for y, v := range ys {
		upper, lower := src[3*w*v.at:], src[3*w*v.next:]
		row := dst[3*w*y : 3*w*(y+1)]
		for x, u := range xs {
			for c := range 3 {
				a, b := 3*u.at+c, 3*u.next+c
				top := int(upper[a])*(tapOne-u.weight) + int(upper[b])*u.weight
				bottom := int(lower[a])*(tapOne-u.weight) + int(lower[b])*u.weight
				row[3*x+c] = uint8((top*(tapOne-v.weight) + bottom*v.weight + tapOne*tapOne/2) / (tapOne * tapOne))
			}
		}
	}
}

// tap is where along one side a pixel comes from: between at and next, weight of tapOne towards next.
type tap struct{ at, next, weight int }

const tapOne = 1 << 8

// taps are those of n pixels.
func taps(n int, zoom, shift float64) []tap {
	out := make([]tap, n)
	middle := float64(n-1) / 2
	for i := range out {
		p := min(float64(n-1), max(0, middle+(float64(i)-middle-shift)/zoom))
		at := int(p)
		out[i] = tap{at, min(at+1, n-1), int((p - float64(at)) * tapOne)}
	}
	return out
}
