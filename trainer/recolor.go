package trainer

import (
	"fmt"

	"plip/internal/pixels"
	"plip/internal/tensor"
)

// Colorize gives gray images the colours that captions say: of normalised gray images [N, 3, H, W] and N captions the
// normalised colour images [N, 3, H, W], row-major. A model without colourisation is an error.
func (m *Model) Colorize(gray []float32, captions []string) (colored []float32, err error) {
	if m.Colorizer == nil {
		return nil, fmt.Errorf("colourise: want a model that was trained with loss.tic above 0, got one without")
	}
	c := m.Config.Visual
	batch := tokenize(m.Words.WordPiece, captions, m.Config.Text.MaxLength)
	err = m.embed(func() tensor.Tensor {
		device := m.Store.Device()
		ids, mask := batch.tensors(device)                                             // [N, L] int64 both
		x := tensor.FromFloat32(device, gray, int64(len(captions)), 3, c.Height, c.Px) // [N, 3, H, W]
		text := m.Text.Forward(ids, mask, false).Embedding                             // [N, D]
		return m.Colorizer.Forward(m.Gray.Maps(x.ChannelsLast(), false), text)         // [N, 3, H, W]
	}, &colored)
	return colored, err
}

// guess gives the likeliest token at every masked place, from normalised colour images [N, 3, H, W] and the masked twins
// of their captions; of[i] is the image that guides twin i.
func (m *Model) guess(images []float32, masked maskedTokens, of []int64) (tokens []int64, err error) { // [M]
	c := m.Config.Visual
	masked.rows = of
	err = tensor.Do(func(*tensor.Scope) error {
		defer tensor.NoGrad()()
		defer m.autocast()()
		device := m.Store.Device()
		ids, mask := masked.tensors(device)                                                              // [R, L] int64 both
		x := tensor.FromFloat32(device, images, int64(len(images))/(3*c.Height*c.Px), 3, c.Height, c.Px) // [N, 3, H, W]
		rows, places, _ := masked.indices(device)
		guide := m.Visual.Forward(x.ChannelsLast(), false).Embedding.IndexSelect(0, rows)                // [R, D]
		hidden := m.Text.Forward(ids, mask, false).Hidden                                                // [R, L, D]
		tokens = m.Attributes.Forward(hidden, mask, guide, places).As(tensor.Float32).ArgMax(1).Int64s() // [M]
		return nil
	})
	return tokens, err
}

// rgbOf turns one normalised image [3, H, W] into interleaved 8-bit RGB.
func rgbOf(chw []float32) []uint8 {
	n, p := pixels.PLIP(), len(chw)/3
	rgb := make([]uint8, len(chw))
	for i := range rgb {
		c := i % 3
		v := 255*(chw[c*p+i/3]*n.Std[c]+n.Mean[c]) + 0.5
		rgb[i] = uint8(min(max(v, 0), 255)) // NaN, which no comparison bounds, becomes some byte
	}
	return rgb
}
