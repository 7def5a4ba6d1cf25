package index

// tile holds the dot products of four queries with four entries: query major, [4, 4].
type tile [16]int32

// tileGo computes a tile from codes of equal length, a multiple of 64.
func tileGo(queries *[4][]int8, entries *[4][]uint8, t *tile) {
	for i, q := range queries {
		for j, e := range entries {
			var sum int32
			for k, x := range q {
				sum += int32(x) * int32(e[k])
			}
			t[4*i+j] = sum
		}
	}
}
