package nn

import (
	"strconv"

	"plip/internal/tensor"
)

// bottleneckExpansion is the output channels of a bottleneck over its planes (arXiv 1512.03385, section 4.1).
const bottleneckExpansion = 4

// Bottleneck is the residual block 1x1, 3x3, 1x1 of ResNet. Where it reduces the resolution, the torchvision form
// strides in the 3x3 convolution; the CLIP form keeps every convolution at stride 1 and averages after it.
type Bottleneck struct {
	conv1, conv2, conv3 *Conv2d
	bn1, bn2, bn3       *BatchNorm
	shortcut            *Conv2d // none where the input passes unchanged
	shortcutNorm        *BatchNorm
	pool                int64 // the CLIP form's averaging window, 1: none
}

// StageConfig describes one stage of bottlenecks.
type StageConfig struct {
	In, Planes int64
	Blocks     int
	Stride     int64   // of the first block
	Averaging  bool    // CLIP's form: reduce by averaging, not by a strided convolution
	LastGamma  float64 // where the last batch norm's weight of each block starts: 0 makes blocks start as identities
}

// Out is the channels of the stage's output.
func (c StageConfig) Out() int64 { return c.Planes * bottleneckExpansion }

// NewStage makes the blocks path.0, path.1, ...
func NewStage(path Path, c StageConfig) []*Bottleneck {
	var blocks []*Bottleneck
	in, stride := c.In, c.Stride
	for i := range c.Blocks {
		blocks = append(blocks, newBottleneck(path.Sub(strconv.Itoa(i)), in, stride, c))
		in, stride = c.Out(), 1
	}
	return blocks
}

func newBottleneck(path Path, in, stride int64, c StageConfig) *Bottleneck {
	pool, convStride := int64(1), stride
	if c.Averaging {
		pool, convStride = stride, 1
	}
	out := c.Out()
	b := &Bottleneck{
		conv1: NewConv2d(path.Sub("conv1"), in, c.Planes, 1, 1, 0, false),
		bn1:   NewBatchNorm(path.Sub("bn1"), c.Planes, 1),
		conv2: NewConv2d(path.Sub("conv2"), c.Planes, c.Planes, 3, convStride, 1, false),
		bn2:   NewBatchNorm(path.Sub("bn2"), c.Planes, 1),
		conv3: NewConv2d(path.Sub("conv3"), c.Planes, out, 1, 1, 0, false),
		bn3:   NewBatchNorm(path.Sub("bn3"), out, c.LastGamma),
		pool:  pool,
	}
	if stride > 1 || in != out {
		b.shortcut = NewConv2d(path.Sub("downsample").Sub("0"), in, out, 1, convStride, 0, false)
		b.shortcutNorm = NewBatchNorm(path.Sub("downsample").Sub("1"), out, 1)
	}
	return b
}

// Twin is the same block with statistics of its own in its batch norms, made under path.
func (b *Bottleneck) Twin(path Path) *Bottleneck {
	t := *b
	t.bn1, t.bn2, t.bn3 = b.bn1.Twin(path.Sub("bn1")), b.bn2.Twin(path.Sub("bn2")), b.bn3.Twin(path.Sub("bn3"))
	if b.shortcutNorm != nil {
		t.shortcutNorm = b.shortcutNorm.Twin(path.Sub("downsample").Sub("1"))
	}
	return &t
}

// Forward maps [N, C, H, W] to [N, 4 planes, H/stride, W/stride].
func (b *Bottleneck) Forward(x tensor.Tensor, train bool) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		y := b.bn1.ForwardReLU(b.conv1.Forward(x), train)
		y = b.bn2.ForwardReLU(b.conv2.Forward(y), train)
		short := x
		if b.pool > 1 {
			y = y.AvgPool2d(b.pool, b.pool)         // [N, planes, H/stride, W/stride]
			short = short.AvgPool2d(b.pool, b.pool) // [N, C, H/stride, W/stride]
		}
		y = b.conv3.Forward(y)
		if b.shortcut != nil {
			short = b.shortcutNorm.Forward(b.shortcut.Forward(short), train)
		}
		return b.bn3.ForwardAddReLU(y, short, train)
	})
}

// ForwardStage runs the blocks of a stage in turn.
func ForwardStage(blocks []*Bottleneck, x tensor.Tensor, train bool) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		for _, b := range blocks {
			x = b.Forward(x, train)
		}
		return x
	})
}
