package trainer

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"plip/internal/nn"
	"plip/internal/tensor"
)

// Distances between a predicted and a true colour image (plip.md, section 3.2).
const (
	DistanceL2 = "l2" // the mean of the squared differences, the paper's
	DistanceL1 = "l1" // the mean of their magnitudes, for the ablation
)

// ColorizeConfig describes the text-guided colourisation (paper 2.1, A.6.2).
type ColorizeConfig struct {
	Distance string `yaml:"distance"` // l2 or l1. Default l2 (paper)
	Channels int64  `yaml:"channels"` // that each stage's map is brought to. Default 256 (paper)
	// Statistics tells whose running statistics gray images meet in the image encoder once it is trained: shared or own.
	// In training every batch is normalised by itself; shared ones follow colour and gray images in turn and fit neither
	// well. Default shared (ours: the released layout has one set)
	Statistics string `yaml:"statistics"`
}

// Statistics of gray images.
const (
	StatisticsShared = "shared" // the colour images'
	StatisticsOwn    = "own"    // kept apart, as tic.visual.*
)

// DefaultColorizeConfig is the paper's.
func DefaultColorizeConfig() ColorizeConfig {
	return ColorizeConfig{Distance: DistanceL2, Channels: 256, Statistics: StatisticsShared}
}

// Validate joins every problem of the configuration.
func (c ColorizeConfig) Validate() error {
	var errs []error
	if !slices.Contains([]string{DistanceL2, DistanceL1}, c.Distance) {
		errs = append(errs, fmt.Errorf("colorize.distance: want l2 or l1, got %q", c.Distance))
	}
	if c.Channels < 1 {
		errs = append(errs, fmt.Errorf("colorize.channels: want 1 or more, got %d", c.Channels))
	}
	if !slices.Contains([]string{StatisticsShared, StatisticsOwn}, c.Statistics) {
		errs = append(errs, fmt.Errorf("colorize.statistics: want shared or own, got %q", c.Statistics))
	}
	return errors.Join(errs...)
}

// Colorizer predicts the colour image from the gray image's maps and the caption: the maps of all stages side by side,
// then twice a block in which the text weighs the channels, and a deconvolution to twice the size. The paper's body and
// its appendix disagree about the block; this is the appendix's (average and sigmoid).
type Colorizer struct {
	Config ColorizeConfig
	reduce [4]*nn.Conv2d
	gates  [2]*textGate
	deconv [2]*nn.ConvTranspose2d
}

// NewColorizer makes reduce.0 to 3, mse1, deconv1, mse2 and deconv2 under path, for maps of the given channels and text
// embeddings of width text.
func NewColorizer(path nn.Path, c ColorizeConfig, channels [4]int64, text int64) *Colorizer {
	z := &Colorizer{Config: c}
	for i, in := range channels {
		z.reduce[i] = nn.NewConv2d(path.Sub("reduce").Sub(strconv.Itoa(i)), in, c.Channels, 1, 1, 0, true)
	}
	in := 4 * c.Channels
	for i, out := range [2]int64{c.Channels, 3} {
		k := strconv.Itoa(i + 1)
		z.gates[i] = newTextGate(path.Sub("mse"+k), in, text)
		z.deconv[i] = nn.NewConvTranspose2d(path.Sub("deconv"+k), in, out, 3, 2, 1, 1)
		in = out
	}
	return z
}

// Fuse brings the maps of the four stages, finest first, to the first one's size and joins them.
func (z *Colorizer) Fuse(maps [4]tensor.Tensor) tensor.Tensor { // [N, 4 Channels, H/4, W/4]
	return tensor.Block(func() tensor.Tensor {
		_, _, h, w := maps[0].Dims4()
		var parts [4]tensor.Tensor
		for i, m := range maps {
			parts[i] = z.reduce[i].Forward(m) // [N, Channels, H/2^(i+2), W/2^(i+2)]
			if i > 0 {
				parts[i] = parts[i].UpsampleBilinear(h, w) // [N, Channels, H/4, W/4]
			}
		}
		return tensor.Cat(1, parts[:]...)
	})
}

// Forward predicts the normalised colour images of H/4 by W/4 maps (Visual.Maps of the gray images) and text embeddings
// [N, D].
func (z *Colorizer) Forward(maps [4]tensor.Tensor, text tensor.Tensor) tensor.Tensor { // [N, 3, H, W]
	return tensor.Block(func() tensor.Tensor {
		return z.decode(z.Fuse(maps), text) // [N, 3, H, W]
	})
}

// Loss is the distance of predicted images from the true ones, of one shape, over all elements.
func (z *Colorizer) Loss(image, target tensor.Tensor) tensor.Tensor { // []
	return tensor.Block(func() tensor.Tensor {
		d := image.As(tensor.Float32).Sub(target) // [N, 3, H, W]
		if z.Config.Distance == DistanceL1 {
			return d.Abs().Mean()
		}
		return d.Square().Mean()
	})
}
