//go:build !amd64

package index

func computeTile(queries *[4][]int8, offsets *[4]int32, entries *[4][]uint8, t *tile) {
	tileGo(queries, entries, t)
	t.less(offsets)
}
