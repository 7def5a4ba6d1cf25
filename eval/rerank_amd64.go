package eval

import "golang.org/x/sys/cpu"

//go:noescape
func scanAVX2(e *edge, dots, lengths, below, above *float32, blocks int) int

// scanBlocks returns where the first block of eight products lies that scan has
// something to find in, or how many values all whole blocks have.
func (e *edge) scanBlocks(dots, lengths, below, above []float32) int {
	n := len(dots) / 8
	if n == 0 || !cpu.X86.HasAVX2 {
		return 0
	}
	return 8 * scanAVX2(e, &dots[0], &lengths[0], &below[0], &above[0], n)
}

//go:noescape
func blendAVX2(b *blend, dots *float32, lengths *float64, dst *float32, blocks int)

// blocks is row over whole blocks of four entries; it returns how many those are.
func (b *blend) blocks(dots []float32, lengths []float64, dst []float32) (done int) {
	n := len(dots) / 4
	if n == 0 || b.furthest == 0 || !cpu.X86.HasAVX2 {
		return 0
	}
	blendAVX2(b, &dots[0], &lengths[0], &dst[0], n)
	return 4 * n
}
