package index

// tiles are the results of every way that this machine has.
func tiles(queries *[4][]int8, entries *[4][]uint8, n int) map[string]tile {
	var best tile
	computeTile(queries, entries, &best)
	all := map[string]tile{"the way taken": best}
	if hasAVX2 && n > 0 {
		var t tile
		for i, q := range queries {
			tileAVX2(&q[0], entries, n/codeAlign, (*[4]int32)(t[4*i:]))
		}
		all["AVX2"] = t
	}
	return all
}
