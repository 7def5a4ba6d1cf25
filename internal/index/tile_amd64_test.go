package index

// tiles are the results of every way that this machine has.
func tiles(queries *[4][]int8, offsets *[4]int32, entries *[4][]uint8, n int) map[string]tile {
	var best tile
	computeTile(queries, offsets, entries, &best)
	all := map[string]tile{"the way taken": best}
	if hasAVX2 && n > 0 {
		var t tile
		for i := 0; i < len(queries); i += 2 {
			tileAVX2((*[2][]int8)(queries[i:]), entries, n/codeAlign, (*[8]int32)(t[4*i:]))
		}
		all["AVX2"] = t
	}
	return all
}
