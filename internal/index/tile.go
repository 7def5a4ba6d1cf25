package index

// tile holds the dot products of four queries with four entries, less 128 in every code of these: query major, [4, 4].
type tile [16]int32

// less takes out what 128 in every code of an entry adds to the products of each query.
func (t *tile) less(offsets *[4]int32) {
	for i := range t {
		t[i] -= offsets[i/4]
	}
}

// tileGo computes the products of codes of equal length, a multiple of 64, as they are.
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
