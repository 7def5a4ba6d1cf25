package eval

import "golang.org/x/sys/cpu"

// countAVX2 is count over blocks of sixteen values. Counting is all that ranking
// does, and eight comparisons at once make it an order of magnitude faster.
//
//go:noescape
func countAVX2(row *float32, blocks int, t float32) (above, notBelow int64)

// countBlocks counts over the whole blocks and returns how many values those have.
func countBlocks(row []float32, t float32) (done, above, notBelow int) {
	n := len(row) / 16
	if n == 0 || !cpu.X86.HasAVX2 {
		return 0, 0, 0
	}
	a, b := countAVX2(&row[0], n, t)
	return n * 16, int(a), int(b)
}
