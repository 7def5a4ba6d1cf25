package index

import "golang.org/x/sys/cpu"

// tileVNNI adds up the products of bytes in 512-bit registers, as tileGo does; tileAVX2 does it for two queries with
// 256-bit ones, into eight sums, and takes 128 from every code of an entry before. Sums of integers are the same in any
// order, so all three ways give the same tile.
//
//go:noescape
func tileVNNI(queries *[4][]int8, entries *[4][]uint8, blocks int, t *tile)

//go:noescape
func tileAVX2(queries *[2][]int8, entries *[4][]uint8, blocks int, sums *[8]int32)

var (
	hasVNNI = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VNNI
	hasAVX2 = cpu.X86.HasAVX2
)

// computeTile computes a tile by the fastest way there is.
func computeTile(queries *[4][]int8, offsets *[4]int32, entries *[4][]uint8, t *tile) {
	blocks := len(queries[0]) / codeAlign
	switch {
	case blocks == 0:
		*t = tile{}
	case hasVNNI:
		tileVNNI(queries, entries, blocks, t)
		t.less(offsets)
	case hasAVX2:
		for i := 0; i < len(queries); i += 2 {
			tileAVX2((*[2][]int8)(queries[i:]), entries, blocks, (*[8]int32)(t[4*i:]))
		}
	default:
		tileGo(queries, entries, t)
		t.less(offsets)
	}
}
