package trainer

import (
	"plip/internal/nn"
	"plip/internal/tensor"
)

// Sizes of the decoder's deconvolutions: kernel 3, stride 2, padding 1, output padding 1 each, of which two after each
// other are one of kernel 7, stride 4, padding 3.
const (
	taps       = 9  // of one kernel
	jointTaps  = 49 // of both
	jointSide  = 7
	jointScale = 4
)

// decode is twice a gate and a deconvolution, from x [N, C, H, W] and text [N, D] to [N, 3, 4H, 4W].
//
// Between the deconvolutions stands nothing but the second gate's weights, one a channel, so that both are one
// deconvolution with a kernel of its own for each image:
//
//	K[n] = gate1[n] * (deconv1 * gate2[n] * deconv2)    // [C, 3, 7, 7]
//	y[n] = deconv(x[n], K[n]) + deconv2(gate2[n] * bias1) + bias2
//
// The map in between is never made. Of it the second gate needs the means, which are sums of x times deconv1. With 256
// channels this is a twelfth of the multiplications; at that size it took an eighth of the processor time in float32, a
// fifth in bf16, and half with 64 channels. The border costs nothing: what the first deconvolution puts outside its map
// (its row and column -1) the second one would put outside the image.
func (z *Colorizer) decode(x, text tensor.Tensor) tensor.Tensor { // [N, 3, 4H, 4W]
	return tensor.Block(func() tensor.Tensor {
		n, c, h, w := x.Dims4()
		first, second := z.deconv[0], z.deconv[1]
		m := first.Weight.Dim(1)                               // channels between the deconvolutions
		rows := x.Permute(0, 2, 3, 1)                          // [N, H, W, C]
		flat := rows.Reshape(n, h*w, c)                        // [N, HW, C]
		w1 := first.Weight.Reshape(c, m, taps).Transpose(1, 2) // [C, 9, M]

		sum := flat.SumDim(false, 1)                                         // [N, C]
		gate1 := z.gates[0].weigh(sum.Scale(1/float64(h*w)), text)           // [N, C]
		seen := tapSums(rows, sum).Mul(gate1.Unsqueeze(2))                   // [N, C, 9]
		mean := seen.Reshape(n, c*taps).MatMul(w1.Reshape(c*taps, m))        // [N, M]
		mean = mean.As(tensor.Float32).Scale(1 / float64(4*h*w))             // [N, M]
		gate2 := z.gates[1].weigh(mean.Add(first.Bias), text).Unsqueeze(2)   // [N, M, 1]
		w2 := second.Weight.Reshape(1, m, 3*taps).Mul(gate2)                 // [N, M, 3*9]
		k := w1.Reshape(c*taps, m).MatMul(w2.Transpose(0, 1).Reshape(m, -1)) // [C*9, N*3*9]
		k = k.As(tensor.Float32).Reshape(c, taps, n, 3, taps)                // [C, 9, N, 3, 9]
		k = k.Permute(2, 0, 3, 4, 1).Reshape(n*c, 3*taps, taps)              // [N*C, 3*9, 9]
		k = k.Fold(jointSide, jointSide, 3, 0, 2)                            // [N*C, 3, 7, 7]
		k = k.Reshape(n, c, 3*jointTaps).Mul(gate1.Unsqueeze(2))             // [N, C, 3*49]

		y := flat.MatMul(k).As(tensor.Float32).Transpose(1, 2)                     // [N, 3*49, HW]
		y = y.Fold(jointScale*h, jointScale*w, jointSide, jointSide/2, jointScale) // [N, 3, 4H, 4W]
		bias := w2.Mul(first.Bias.Reshape(1, m, 1)).SumDim(false, 1)               // [N, 3*9]
		bias = bias.Reshape(n*3, taps).MatMul(tapPatterns(x.Device(), h, w))       // [N*3, 16HW]
		y = y.Add(bias.As(tensor.Float32).Reshape(n, 3, jointScale*h, jointScale*w))
		return y.Add(second.Bias.Reshape(1, 3, 1, 1)) // [N, 3, 4H, 4W]
	})
}

// tapSums are the sums over all places of maps [N, H, W, C] that each tap of the first deconvolution meets, given the
// sums over all [N, C]: tap 0 of an axis puts the first row, or column, outside.
func tapSums(rows, all tensor.Tensor) tensor.Tensor { // [N, C, 9]
	return tensor.Block(func() tensor.Tensor {
		row, column := rows.Select(1, 0).SumDim(false, 1), rows.Select(2, 0).SumDim(false, 1) // [N, C] both
		noRow, noColumn := all.Sub(row), all.Sub(column)                                      // [N, C] both
		neither := noRow.Sub(column).Add(rows.Select(1, 0).Select(1, 0))                      // [N, C]
		parts := []tensor.Tensor{neither, noRow, noRow, noColumn, all, all, noColumn, all, all}
		for i := range parts {
			parts[i] = parts[i].Unsqueeze(2) // [N, C, 1]
		}
		return tensor.Cat(2, parts...)
	})
}

// tapPatterns is where each tap of the second deconvolution puts a map of ones [2H, 2W].
func tapPatterns(device tensor.Device, h, w int64) tensor.Tensor { // [9, 16HW]
	return tensor.Block(func() tensor.Tensor {
		var one [taps * taps]float32
		for i := range taps {
			one[i*taps+i] = 1
		}
		columns := tensor.FromFloat32(device, one[:], taps, taps, 1).Expand(taps, taps, 4*h*w)            // [9, 9, 4HW]
		return columns.Fold(jointScale*h, jointScale*w, 3, 1, 2).Reshape(taps, jointScale*jointScale*h*w) // [9, 16HW]
	})
}

// textGate weighs channels by what the text and their averages say: multi-modal squeeze and excitation.
type textGate struct {
	fc1, fc2 *nn.Linear
}

func newTextGate(path nn.Path, channels, text int64) *textGate {
	return &textGate{nn.NewLinear(path.Sub("fc1"), channels+text, channels), nn.NewLinear(path.Sub("fc2"), channels, channels)}
}

// weigh gives the channels' weights from their averages [N, C] and texts [N, D].
func (g *textGate) weigh(mean, text tensor.Tensor) tensor.Tensor { // [N, C]
	return tensor.Block(func() tensor.Tensor {
		return g.fc2.Forward(g.fc1.Forward(tensor.Cat(1, mean, text)).ReLU()).Sigmoid()
	})
}
