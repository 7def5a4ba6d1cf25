package pixels

import (
	"encoding/binary"
	"fmt"
	"sync"
)

// resizeScratch is the memory one resize needs besides its result.
type resizeScratch struct {
	rows   []uint8   // the horizontally resized rows, [rows, w, 3]
	planes [3][]pair // R, G, B of two source rows, [src.W] each
}

var (
	kernels   kernelCache
	scratches = sync.Pool{New: func() any { return new(resizeScratch) }}
)

// ResizeBicubic writes src as w columns and h rows of RGB into dst, which must hold 3*w*h bytes and must not overlap
// src.Pix; it panics otherwise, or when a size is not positive.
//
// The result equals Pillow's resize((w, h), BICUBIC) (version 2.7 to 12) in every bit: weights are rounded to 22 fraction
// bits, the columns are filtered first, only for the rows that the second pass reads, and the result of the first pass
// is rounded to 8 bits. An axis that keeps its length is not filtered.
func ResizeBicubic(dst []uint8, src *Image, w, h int) {
	if w <= 0 || h <= 0 || len(dst) != 3*w*h || src.W <= 0 || src.H <= 0 || len(src.Pix) != 3*src.W*src.H {
		panic(fmt.Sprintf("pixels: internal error: resize of %d bytes (%dx%d) into %d bytes (%dx%d)",
			len(src.Pix), src.W, src.H, len(dst), w, h))
	}
	if w == src.W && h == src.H {
		copy(dst, src.Pix)
		return
	}
	scratch := scratches.Get().(*resizeScratch)
	defer scratches.Put(scratch)
	if h == src.H {
		resizeRows(dst, src.Pix, kernels.get(src.W, w), src.W, w, scratch)
		return
	}
	columns := kernels.get(src.H, h)
	last := columns.spans[h-1]
	top, end := columns.spans[0].first, last.first+last.n
	rows := src.Pix[3*src.W*top : 3*src.W*end]
	if w != src.W {
		scratch.rows = grow(scratch.rows, 3*w*(end-top))
		resizeRows(scratch.rows, rows, kernels.get(src.W, w), src.W, w, scratch)
		rows = scratch.rows
	}
	for y, s := range columns.spans {
		mixRows(dst[3*w*y:3*w*(y+1)], rows[3*w*(s.first-top):], columns.weights[s.at:s.at+s.n])
	}
}

// grow returns a slice of n elements in the memory of s where that is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// resizeRows filters each row of src, srcW pixels, to w pixels in dst. Two rows go through together, see pair.
func resizeRows(dst, src []uint8, k *kernel, srcW, w int, scratch *resizeScratch) {
	for c := range scratch.planes {
		scratch.planes[c] = grow(scratch.planes[c], srcW)
	}
	for len(src) > 0 {
		upper, lower := src[:3*srcW], src[:3*srcW]
		outUpper, outLower := dst[:3*w], dst[:3*w]
		if len(src) > 3*srcW { // an odd last row is paired with itself
			lower, outLower = src[3*srcW:][:3*srcW], dst[3*w:][:3*w]
		}
		packRows(&scratch.planes, upper, lower)
		resizeRowPair(outUpper, outLower, &scratch.planes, k)
		src, dst = src[min(6*srcW, len(src)):], dst[min(6*w, len(dst)):]
	}
}

// packRows makes one plane a channel of two rows of RGB, the upper row in the low lane.
func packRows(planes *[3][]pair, upper, lower []uint8) {
	r, g, b := planes[0], planes[1], planes[2]
	for i := 0; i < len(r) && i < len(g) && i < len(b) && len(upper) >= 3 && len(lower) >= 3; i++ {
		r[i] = pair(upper[0]) | pair(lower[0])<<32
		g[i] = pair(upper[1]) | pair(lower[1])<<32
		b[i] = pair(upper[2]) | pair(lower[2])<<32
		upper, lower = upper[3:], lower[3:]
	}
}

// resizeRowPair filters two rows to len(k.spans) pixels each.
func resizeRowPair(outUpper, outLower []uint8, planes *[3][]pair, k *kernel) {
	for _, s := range k.spans {
		weights := k.weights[s.at : s.at+s.n]
		reds := planes[0][s.first:][:len(weights)]
		greens := planes[1][s.first:][:len(weights)]
		blues := planes[2][s.first:][:len(weights)]
		r, g, b := halves, halves, halves
		for i, weight := range weights {
			c := pair(weight)
			r += c * reds[i]
			g += c * greens[i]
			b += c * blues[i]
		}
		if len(outUpper) < 3 || len(outLower) < 3 {
			return // never: it removes the bounds checks below
		}
		outUpper[0], outUpper[1], outUpper[2] = r.low(), g.low(), b.low()
		outLower[0], outLower[1], outLower[2] = r.high(), g.high(), b.high()
		outUpper, outLower = outUpper[3:], outLower[3:]
	}
}

// mixRows writes the weighted sum of len(weights) consecutive rows of len(dst) bytes, eight columns at a time: a word of
// eight samples is four pairs, of the bytes four apart.
func mixRows(dst, rows []uint8, weights []int32) {
	const lanes = 0x000000ff_000000ff
	n, x := len(dst), 0
	for ; x+8 <= n; x += 8 {
		s0, s1, s2, s3 := halves, halves, halves, halves
		at := x
		for _, weight := range weights {
			c, v := pair(weight), binary.LittleEndian.Uint64(rows[at:])
			s0 += c * pair(v&lanes)
			s1 += c * pair(v>>8&lanes)
			s2 += c * pair(v>>16&lanes)
			s3 += c * pair(v>>24&lanes)
			at += n
		}
		out := dst[x : x+8 : x+8]
		out[0], out[1], out[2], out[3] = s0.low(), s1.low(), s2.low(), s3.low()
		out[4], out[5], out[6], out[7] = s0.high(), s1.high(), s2.high(), s3.high()
	}
	for ; x < n; x++ {
		sum := halves
		for i, weight := range weights {
			sum += pair(weight) * pair(rows[i*n+x])
		}
		dst[x] = sum.low()
	}
}
