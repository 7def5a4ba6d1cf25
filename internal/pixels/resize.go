package pixels

import (
	"fmt"
	"sync"
)

// resizeScratch is the memory one resize needs besides its result.
type resizeScratch struct {
	rows []uint8 // the horizontally resized rows, [rows, w, 3]
	sums []int32 // one output row before rounding, [w, 3]
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
	switch {
	case w == src.W && h == src.H:
		copy(dst, src.Pix)
		return
	case h == src.H:
		resizeRows(dst, src.Pix, kernels.get(src.W, w), src.W, w)
		return
	}
	scratch := scratches.Get().(*resizeScratch)
	defer scratches.Put(scratch)

	columns := kernels.get(src.H, h)
	last := columns.spans[h-1]
	top, end := columns.spans[0].first, last.first+last.n
	rows := src.Pix[3*src.W*top : 3*src.W*end]
	if w != src.W {
		scratch.rows = grow(scratch.rows, 3*w*(end-top))
		resizeRows(scratch.rows, rows, kernels.get(src.W, w), src.W, w)
		rows = scratch.rows
	}
	scratch.sums = grow(scratch.sums, 3*w)
	for y, s := range columns.spans {
		mixRows(dst[3*w*y:3*w*(y+1)], rows[3*w*(s.first-top):], columns.weights[s.at:s.at+s.n], scratch.sums)
	}
}

// grow returns a slice of n elements in the memory of s where that is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// half is one half in units of 2^-22, for rounding.
const half = 1 << (weightBits - 1)

// clip rounds a sum of weighted samples (half already added) to 8 bits.
func clip(sum int32) uint8 {
	return uint8(min(max(sum>>weightBits, 0), 255))
}

// resizeRows filters each row of src, srcW pixels, to w pixels in dst.
func resizeRows(dst, src []uint8, k *kernel, srcW, w int) {
	for len(src) >= 3*srcW && len(dst) >= 3*w {
		out, row := dst[:3*w], src[:3*srcW]
		for _, s := range k.spans {
			weights := k.weights[s.at : s.at+s.n]
			p := row[3*s.first:]
			r, g, b := int32(half), int32(half), int32(half)
			for _, c := range weights {
				if len(p) < 3 {
					break // never: it removes the bounds checks
				}
				r += c * int32(p[0])
				g += c * int32(p[1])
				b += c * int32(p[2])
				p = p[3:]
			}
			if len(out) < 3 {
				break // never
			}
			out[0], out[1], out[2] = clip(r), clip(g), clip(b)
			out = out[3:]
		}
		dst, src = dst[3*w:], src[3*srcW:]
	}
}

// mixRows writes the weighted sum of len(weights) consecutive rows of len(dst) bytes. Four rows are taken at a time, the
// most that stay in registers; sums carries what the blocks before have added.
func mixRows(dst, rows []uint8, weights, sums []int32) {
	n := len(dst)
	sums = sums[:n]
	if len(weights) == 4 { // enlarging: nearly always
		a, b, c, d := rows[:n], rows[n:][:n], rows[2*n:][:n], rows[3*n:][:n]
		k0, k1, k2, k3 := weights[0], weights[1], weights[2], weights[3]
		for i := range dst {
			dst[i] = clip(half + k0*int32(a[i]) + k1*int32(b[i]) + k2*int32(c[i]) + k3*int32(d[i]))
		}
		return
	}
	for i := range sums {
		sums[i] = half
	}
	for len(weights) >= 4 {
		a, b, c, d := rows[:n], rows[n:][:n], rows[2*n:][:n], rows[3*n:][:n]
		k0, k1, k2, k3 := weights[0], weights[1], weights[2], weights[3]
		for i := range sums {
			sums[i] += k0*int32(a[i]) + k1*int32(b[i]) + k2*int32(c[i]) + k3*int32(d[i])
		}
		rows, weights = rows[4*n:], weights[4:]
	}
	for ; len(weights) > 0; weights = weights[1:] {
		a, k := rows[:n], weights[0]
		for i := range sums {
			sums[i] += k * int32(a[i])
		}
		rows = rows[min(n, len(rows)):]
	}
	for i, s := range sums {
		dst[i] = clip(s)
	}
}
