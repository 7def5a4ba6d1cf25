package trainer

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"plip/internal/nn"
	"plip/internal/tensor"
)

// Pooling of the visual encoder (plip.md, section 1).
const (
	PoolAttention = "attention" // the release's checkpoints
	PoolMax       = "max"       // the paper's default
	PoolAverage   = "average"   // the paper's ablation
)

// Forms of the network.
const (
	FormCLIP   = "clip"   // three convolutions as the stem, averages in place of strides (paper, release)
	FormResNet = "resnet" // torchvision's: takes weights of ImageNet, MoCo and LUP whole
)

// VisualConfig describes the modified ResNet (CLIP style; plip.md, section 1).
type VisualConfig struct {
	Form   string `yaml:"form"`        // clip or resnet. Default clip
	Layers []int  `yaml:"layers,flow"` // blocks of the four stages. Default 3,4,6,3 (RN50)
	Width  int64  `yaml:"width"`       // planes of the first stage. Default 64
	Height int64  `yaml:"height"`      // of the input in pixels, a multiple of 16. Default 256
	Px     int64  `yaml:"px"`          // width of the input in pixels, likewise. Default 128
	Pool   string `yaml:"pool"`        // attention, max or average. Default max
	Heads  int64  `yaml:"heads"`       // of attention pooling. Default 8 (release)
	Dim    int64  `yaml:"dim"`         // of the embedding. Default 768
}

// DefaultVisualConfig is the paper's RN50.
func DefaultVisualConfig() VisualConfig {
	return VisualConfig{Form: FormCLIP, Layers: []int{3, 4, 6, 3}, Width: 64, Height: 256, Px: 128, Pool: PoolMax, Heads: 8, Dim: 768}
}

// Validate joins every problem of the configuration.
func (c VisualConfig) Validate() error {
	var errs []error
	if len(c.Layers) != 4 || slices.Min(append([]int{1}, c.Layers...)) < 1 {
		errs = append(errs, fmt.Errorf("visual.layers: want four positive numbers, got %v", c.Layers))
	}
	if c.Form != FormCLIP && c.Form != FormResNet {
		errs = append(errs, fmt.Errorf("visual.form: want clip or resnet, got %q", c.Form))
	}
	if c.Width < 2 || c.Width%2 != 0 {
		errs = append(errs, fmt.Errorf("visual.width: want an even number of 2 or more, got %d", c.Width))
	}
	const multiple = 16 // the last average pooling rounds down
	if c.Height < 32 || c.Height%multiple != 0 || c.Px < 32 || c.Px%multiple != 0 {
		errs = append(errs, fmt.Errorf("visual.height, visual.px: want multiples of %d from 32, got %d and %d", multiple, c.Height, c.Px))
	}
	if !slices.Contains([]string{PoolAttention, PoolMax, PoolAverage}, c.Pool) {
		errs = append(errs, fmt.Errorf("visual.pool: want attention, max or average, got %q", c.Pool))
	}
	if c.Pool == PoolAttention && (c.Heads < 1 || 32*c.Width%c.Heads != 0) {
		errs = append(errs, fmt.Errorf("visual.heads: want a divisor of %d, got %d", 32*c.Width, c.Heads))
	}
	if c.Dim < 1 {
		errs = append(errs, fmt.Errorf("visual.dim: want 1 or more, got %d", c.Dim))
	}
	return errors.Join(errs...)
}

// Channels is the width of the four stages' outputs.
func (c VisualConfig) Channels() [4]int64 {
	return [4]int64{4 * c.Width, 8 * c.Width, 16 * c.Width, 32 * c.Width}
}

// Visual is the modified ResNet: three stem convolutions, average pooling in place of strides, and a choice of global
// pooling; or the usual ResNet under the same pooling.
type Visual struct {
	Config VisualConfig
	convs  []*nn.Conv2d // three, or the one of the usual form
	norms  []*nn.BatchNorm
	stages [4][]*nn.Bottleneck
	pool   *nn.AttentionPool // attention only
	proj   *nn.Linear        // max and average only
}

// NewVisual makes the encoder's parameters under path; the names are the release's.
func NewVisual(path nn.Path, c VisualConfig) *Visual {
	v := &Visual{Config: c}
	stem := []struct{ in, out, kernel, stride int64 }{{3, c.Width / 2, 3, 2}, {c.Width / 2, c.Width / 2, 3, 1}, {c.Width / 2, c.Width, 3, 1}}
	if c.Form == FormResNet {
		stem = stem[:1]
		stem[0].out, stem[0].kernel = c.Width, 7
	}
	for i, s := range stem {
		k := strconv.Itoa(i + 1)
		v.convs = append(v.convs, nn.NewConv2d(path.Sub("conv"+k), s.in, s.out, s.kernel, s.stride, s.kernel/2, false))
		v.norms = append(v.norms, nn.NewBatchNorm(path.Sub("bn"+k), s.out, 1))
	}
	channels := c.Width
	for i := range v.stages {
		s := nn.StageConfig{In: channels, Planes: c.Width << i, Blocks: c.Layers[i], Stride: min(2, int64(i)+1), Averaging: c.Form != FormResNet}
		v.stages[i] = nn.NewStage(path.Sub("layer"+strconv.Itoa(i+1)), s)
		channels = s.Out()
	}
	if c.Pool == PoolAttention {
		v.pool = nn.NewAttentionPool(path.Sub("attnpool"), (c.Height/32)*(c.Px/32), channels, c.Dim, c.Heads)
	} else {
		v.proj = nn.NewLinear(path.Sub("proj"), channels, c.Dim)
	}
	return v
}

// Twin is the same encoder with statistics of its own in its batch norms, made under path.
func (v *Visual) Twin(path nn.Path) *Visual {
	t := *v
	t.norms = slices.Clone(v.norms) // the encoder's own stay
	for i := range v.norms {
		t.norms[i] = v.norms[i].Twin(path.Sub("bn" + strconv.Itoa(i+1)))
	}
	for i, blocks := range v.stages {
		stage := path.Sub("layer" + strconv.Itoa(i+1))
		t.stages[i] = nil
		for k, b := range blocks {
			t.stages[i] = append(t.stages[i], b.Twin(stage.Sub(strconv.Itoa(k))))
		}
	}
	return &t
}

// VisualOutput holds the maps of the four stages and the pooled embedding.
type VisualOutput struct {
	Maps      [4]tensor.Tensor // [N, 4w 2^i, H/2^(i+2), W/2^(i+2)]
	Embedding tensor.Tensor    // [N, Dim]
}

// Maps runs the stem and the stages on normalised images [N, 3, H, W].
func (v *Visual) Maps(x tensor.Tensor, train bool) (maps [4]tensor.Tensor) {
	_, c, _, _ := x.Dims4()
	tensor.Check(c == 3, "visual", "want [N 3 H W], got %v", x.Shape())
	x = tensor.Block(func() tensor.Tensor {
		for i := range v.convs {
			x = v.norms[i].ForwardReLU(v.convs[i].Forward(x), train)
		}
		if v.Config.Form == FormResNet {
			return x.MaxPool2d(3, 2, 1) // [N, w, H/4, W/4]
		}
		return x.AvgPool2d(2, 2) // [N, w, H/4, W/4]
	})
	for i, stage := range v.stages {
		x = nn.ForwardStage(stage, x, train)
		maps[i] = x
	}
	return maps
}

// Forward runs the encoder on normalised images [N, 3, H, W].
func (v *Visual) Forward(x tensor.Tensor, train bool) VisualOutput {
	maps := v.Maps(x, train)
	return VisualOutput{maps, v.Pool(maps[3])}
}

// Pool brings the last stage's map [N, C, H, W] to the embedding [N, Dim].
func (v *Visual) Pool(x tensor.Tensor) tensor.Tensor {
	switch v.Config.Pool {
	case PoolAttention:
		return v.pool.Forward(x)
	case PoolMax:
		return v.proj.Forward(x.MaxDim(false, 2, 3))
	default:
		return v.proj.Forward(x.MeanDim(false, 2, 3))
	}
}
