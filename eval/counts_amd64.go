package eval

import "golang.org/x/sys/cpu"

// countAVX2 is count over blocks of sixteen values. Counting is all that ranking
// does, and eight comparisons at once make it an order of magnitude faster; three
// thresholds at once, as a row of scores comes from afar. counts are, for each
// threshold, above and notBelow.
//
//go:noescape
func countAVX2(row *float32, blocks int, t *[atOnce]float32, counts *[2 * atOnce]int64)

// countBlocks counts over the whole blocks and returns how many values those have.
func countBlocks(row []float32, t *[atOnce]float32, counts *[2 * atOnce]int64) (done int) {
	n := len(row) / 16
	if n == 0 || !cpu.X86.HasAVX2 {
		return 0
	}
	countAVX2(&row[0], n, t, counts)
	return n * 16
}
