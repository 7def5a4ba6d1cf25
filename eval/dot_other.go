//go:build !amd64

package eval

func tileBlocks(a *[4][]float32, b *[2][]float32, tile *[8]float32) { tileGo(a, b, tile) }

func strip(a *[4][]float32, b []float32, dst []float32, width int) (done int) { return 0 }
