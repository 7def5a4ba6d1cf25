package eval

// count returns how many values of row are greater than t, and how many are not
// less: the difference are the values equal to t, or not a number.
func count(row []float32, t float32) (above, notBelow int) {
	i, above, notBelow := countBlocks(row, t)
	for _, s := range row[i:] {
		if s > t {
			above++
		}
		if !(s < t) {
			notBelow++
		}
	}
	return above, notBelow
}
