//go:build !amd64

package index

func computeTile(queries *[4][]int8, entries *[4][]uint8, t *tile) { tileGo(queries, entries, t) }
