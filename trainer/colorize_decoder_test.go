package trainer

import (
	"fmt"
	"testing"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
)

// TestDecoderIsTwoDeconvolutions compares the joint kernel with one deconvolution after the other: images and
// gradients, for maps of odd sizes and of one row, column or place.
func TestDecoderIsTwoDeconvolutions(t *testing.T) {
	for _, size := range [][2]int64{{6, 3}, {1, 4}, {3, 1}, {1, 1}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			store := nn.NewStore(tensor.CPU)
			t.Cleanup(store.Close)
			nntest.Do(t, func() {
				tensor.Seed(7)
				z := NewColorizer(store.Root(), ColorizeConfig{Distance: DistanceL2, Channels: 3}, [4]int64{4, 4, 4, 4}, 5)
				random := func(shape ...int64) tensor.Tensor {
					return tensor.Zeros(tensor.CPU, tensor.Float32, shape...).Normal_(0, 1)
				}
				x, text := random(2, 12, size[0], size[1]), random(2, 5)
				weights := random(2, 3, 4*size[0], 4*size[1])
				run := func(decode func(x, text tensor.Tensor) tensor.Tensor) (out, grads []float32) {
					x, text := x.Detach().RequireGrad(true), text.Detach().RequireGrad(true)
					y := decode(x, text)
					y.Mul(weights).Sum().Backward()
					grads = append(x.Grad().Float32s(), text.Grad().Float32s()...)
					for _, p := range store.Trainable() {
						if g := p.Tensor.Grad(); g.Defined() {
							grads = append(grads, g.Float32s()...)
							g.Fill_(0)
						}
					}
					return y.Float32s(), grads
				}
				want, wantGrads := run(func(x, text tensor.Tensor) tensor.Tensor {
					for i, g := range z.gates {
						n, c, _, _ := x.Dims4()
						x = z.deconv[i].Forward(x.Mul(g.weigh(x.MeanDim(false, 2, 3), text).Reshape(n, c, 1, 1)))
					}
					return x
				})
				got, gotGrads := run(z.decode)
				compareGradients(t, "image", want, got)
				compareGradients(t, "gradients", wantGrads, gotGrads)
			})
		})
	}
}
