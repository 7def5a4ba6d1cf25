package filter

import "golang.org/x/sys/cpu"

// The vector loops take three quarters of the time out of the first pass; without
// AVX2 the loops in Go give the same bits.

//go:noescape
func squaredAVX2(row *float32, blocks int, l *lanes)

//go:noescape
func scaleAVX2(dst, src *float32, sum *float64, blocks int, factor, shift float64, l *lanes)

//go:noescape
func leaveOneOutAVX2(row *float32, sum *float64, blocks int, dot, length2 *lanes)

func squaredBlocks(row []float32, l *lanes) int {
	n := len(row) / 8
	if n == 0 || !cpu.X86.HasAVX2 {
		return squaredGo(row, l)
	}
	squaredAVX2(&row[0], n, l)
	return n * 8
}

func scaleBlocks(dst, src []float32, sum []float64, factor float64, l *lanes) int {
	n := len(src) / 8
	if n == 0 || !cpu.X86.HasAVX2 {
		return scaleGo(dst, src, sum, factor, l)
	}
	scaleAVX2(&dst[0], &src[0], &sum[0], n, factor, gridShift, l)
	return n * 8
}

func leaveOneOutBlocks(row []float32, sum []float64, dot, length2 *lanes) int {
	n := len(row) / 8
	if n == 0 || !cpu.X86.HasAVX2 {
		return leaveOneOutGo(row, sum, dot, length2)
	}
	leaveOneOutAVX2(&row[0], &sum[0], n, dot, length2)
	return n * 8
}
