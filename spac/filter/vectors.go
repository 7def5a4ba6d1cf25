package filter

import (
	"fmt"
	"math"
)

const (
	// gridShift is 1.5*2^22. Adding it to a float64 of magnitude below 2^21 and
	// subtracting it again rounds to the nearest multiple of 2^-30.
	gridShift = 3 << 21
	// maxSamples is how many grid values of magnitude 1 a float64 adds exactly.
	maxSamples = 1 << 23
)

// normalize writes src, scaled to length 1 and rounded to the grid, to dst, adds
// it to sum (all of one length), and returns the squared length of what it
// wrote: about 1, or 0 for a vector of zeros. A value that is no number is an
// error.
func normalize(dst, src []float32, sum []float64) (float64, error) {
	n := squared(src)
	if n == 0 {
		clear(dst)
		return 0, nil
	}
	if math.IsNaN(n) || math.IsInf(n, 0) {
		for i, x := range src {
			if x != x || math.IsInf(float64(x), 0) {
				return 0, fmt.Errorf("value %d: want a finite number, got %v", i, x)
			}
		}
	}
	return scale(dst, src, sum, 1/math.Sqrt(n)), nil
}

// squared returns the sum of squares of row.
func squared(row []float32) float64 {
	var l lanes
	i := squaredBlocks(row, &l)
	for ; i < len(row); i++ {
		x := float64(row[i])
		l[0] += float64(x * x)
	}
	return l.total()
}

// scale writes src*factor, rounded to the grid, to dst, adds it to sum and returns
// its sum of squares.
func scale(dst, src []float32, sum []float64, factor float64) float64 {
	dst, sum = dst[:len(src)], sum[:len(src)]
	var l lanes
	i := scaleBlocks(dst, src, sum, factor, &l)
	for ; i < len(src); i++ {
		dst[i] = float32(float64(float64(src[i])*factor) + gridShift - gridShift)
		x := float64(dst[i])
		sum[i] += x
		l[0] += float64(x * x)
	}
	return l.total()
}

// leaveOneOut returns the dot product of row with sum-row, and the squared length
// of sum-row: row against the centre of the others, when sum is the sum of all.
// Products are added in the order of squared, so that of two samples each is
// exactly as far from the other.
func leaveOneOut(row []float32, sum []float64) (dot, length2 float64) {
	sum = sum[:len(row)]
	var d, s lanes
	i := leaveOneOutBlocks(row, sum, &d, &s)
	for ; i < len(row); i++ {
		x := float64(row[i])
		o := sum[i] - x
		d[0] += float64(x * o)
		s[0] += float64(o * o)
	}
	return d.total(), s.total()
}

// product returns the dot product of a row with a sum of rows.
func product(row []float32, sum []float64) float64 {
	var a, b float64
	sum = sum[:len(row)]
	i := 0
	for ; i+2 <= len(row); i += 2 {
		a += float64(float64(row[i]) * sum[i])
		b += float64(float64(row[i+1]) * sum[i+1])
	}
	if i < len(row) {
		a += float64(float64(row[i]) * sum[i])
	}
	return a + b
}

// productSums returns the dot product of two sums of rows.
func productSums(x, y []float64) float64 {
	var a, b float64
	y = y[:len(x)]
	i := 0
	for ; i+2 <= len(x); i += 2 {
		a += float64(x[i] * y[i])
		b += float64(x[i+1] * y[i+1])
	}
	if i < len(x) {
		a += float64(x[i] * y[i])
	}
	return a + b
}

// add and subtract are exact for rows and sums on the grid.
func add(sum []float64, row []float32) {
	sum = sum[:len(row)]
	for i, x := range row {
		sum[i] += float64(x)
	}
}

func subtract(sum []float64, row []float32) {
	sum = sum[:len(row)]
	for i, x := range row {
		sum[i] -= float64(x)
	}
}

// cosine turns a dot product and two squared lengths into a cosine. A vector
// without a direction is like nothing: 0.
func cosine(dot, a2, b2 float64) float64 {
	if a2 == 0 || b2 == 0 {
		return 0
	}
	return dot / math.Sqrt(a2*b2)
}
