package eval

// atOnce is how many thresholds are counted in one pass.
const atOnce = 3

// count tells for each threshold how many values of row are greater, and how many
// are not less: the difference are the values equal to it, or not a number.
func count(row []float32, t *[atOnce]float32) (above, notBelow [atOnce]int) {
	var counts [2 * atOnce]int64
	done := countBlocks(row, t, &counts)
	for k := range t {
		above[k], notBelow[k] = int(counts[2*k]), int(counts[2*k+1])
		for _, s := range row[done:] {
			if s > t[k] {
				above[k]++
			}
			if !(s < t[k]) {
				notBelow[k]++
			}
		}
	}
	return above, notBelow
}
