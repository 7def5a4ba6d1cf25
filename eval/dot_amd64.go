package eval

import "golang.org/x/sys/cpu"

//go:noescape
func tileAVX2(a0, a1, a2, a3, b0, b1 *float32, blocks int, tile *[8][8]float32)

func tileBlocks(a *[4][]float32, b *[2][]float32, tile *[8][8]float32) {
	n := len(a[0]) / 8
	if n == 0 || !cpu.X86.HasAVX2 {
		tileGo(a, b, tile)
		return
	}
	tileAVX2(&a[0][0], &a[1][0], &a[2][0], &a[3][0], &b[0][0], &b[1][0], n, tile)
}
