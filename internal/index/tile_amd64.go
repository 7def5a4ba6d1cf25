package index

import "golang.org/x/sys/cpu"

// tileVNNI adds up the products of bytes in 512-bit registers; tileAVX2 does it for one query with 256-bit ones, into four
// sums. Sums of integers are the same in any order, so all three ways give the same tile.
//
//go:noescape
func tileVNNI(queries *[4][]int8, entries *[4][]uint8, blocks int, t *tile)

//go:noescape
func tileAVX2(query *int8, entries *[4][]uint8, blocks int, sums *[4]int32)

var (
	hasVNNI = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VNNI
	hasAVX2 = cpu.X86.HasAVX2
)

// computeTile is tileGo by the fastest way there is.
func computeTile(queries *[4][]int8, entries *[4][]uint8, t *tile) {
	blocks := len(queries[0]) / codeAlign
	switch {
	case blocks == 0:
		*t = tile{}
	case hasVNNI:
		tileVNNI(queries, entries, blocks, t)
	case hasAVX2:
		for i, q := range queries {
			tileAVX2(&q[0], entries, blocks, (*[4]int32)(t[4*i:]))
		}
	default:
		tileGo(queries, entries, t)
	}
}
