package eval

import "golang.org/x/sys/cpu"

//go:noescape
func tileAVX2(a0, a1, a2, a3, b0, b1 *float32, blocks int, tile *[8]float32)

func tileBlocks(a *[4][]float32, b *[2][]float32, tile *[8]float32) {
	n := len(a[0]) / 8
	if n == 0 || !cpu.X86.HasAVX2 {
		tileGo(a, b, tile)
		return
	}
	tileAVX2(&a[0][0], &a[1][0], &a[2][0], &a[3][0], &b[0][0], &b[1][0], n, tile)
}

//go:noescape
func stripAVX2(a *[4][]float32, b *float32, d, pairs int, dst *float32, width int)

// strip writes the dot products of four rows with the rows of b, which lie one after the other, to four rows of dst that
// are width values apart. It returns how many rows of b it did: whole pairs, where their length is whole blocks.
func strip(a *[4][]float32, b []float32, dst []float32, width int) (done int) {
	d := len(a[0])
	if d == 0 || d%8 != 0 || len(b) < 2*d || !cpu.X86.HasAVX2 {
		return 0
	}
	pairs := len(b) / d / 2
	_ = dst[3*width+2*pairs-1]
	stripAVX2(a, &b[0], d, pairs, &dst[0], width)
	return 2 * pairs
}
