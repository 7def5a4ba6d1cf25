//go:build !amd64

package filter

func squaredBlocks(row []float32, l *lanes) int { return squaredGo(row, l) }

func scaleBlocks(dst, src []float32, sum []float64, factor float64, l *lanes) int {
	return scaleGo(dst, src, sum, factor, l)
}

func leaveOneOutBlocks(row []float32, sum []float64, dot, length2 *lanes) int {
	return leaveOneOutGo(row, sum, dot, length2)
}
