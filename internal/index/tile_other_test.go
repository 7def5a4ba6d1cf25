//go:build !amd64

package index

func tiles(queries *[4][]int8, offsets *[4]int32, entries *[4][]uint8, _ int) map[string]tile {
	var t tile
	computeTile(queries, offsets, entries, &t)
	return map[string]tile{"the way taken": t}
}
