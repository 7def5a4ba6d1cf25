//go:build !amd64

package eval

func (e *edge) scanBlocks(dots, lengths, below, above []float32) int { return 0 }

func (b *blend) blocks(dots []float32, lengths []float64, dst []float32) (done int) { return 0 }
