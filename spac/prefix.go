package spac

import (
	"strconv"

	"plip/internal/nn"
	"plip/internal/tensor"
)

// The prefixes (spac.md, section 3): three tokens for each of the six attributes, five for the sentence.
const (
	Slots           = 6
	AttributeTokens = 3
	SentenceTokens  = 5
	PrefixTokens    = Slots*AttributeTokens + SentenceTokens // of a caption: 23
	Styles          = 2
	leakySlope      = 1 / 5.5
)

// ResNet is torchvision's bottleneck ResNet: 7x7 stem, max pooling, stride in the 3x3 convolutions.
type ResNet struct {
	conv   *nn.Conv2d
	norm   *nn.BatchNorm
	stages [4][]*nn.Bottleneck
}

// NewResNet makes conv1, bn1 and layer1..layer4; width is the planes of the first stage (64 in ResNet-101).
func NewResNet(path nn.Path, layers []int, width int64) *ResNet {
	r := &ResNet{
		conv: nn.NewConv2d(path.Sub("conv1"), 3, width, 7, 2, 3, false),
		norm: nn.NewBatchNorm(path.Sub("bn1"), width, 1),
	}
	in := width
	for i := range r.stages {
		s := nn.StageConfig{In: in, Planes: width << i, Blocks: layers[i], Stride: min(2, int64(i)+1), LastGamma: 1}
		r.stages[i] = nn.NewStage(path.Sub("layer"+strconv.Itoa(i+1)), s)
		in = s.Out()
	}
	return r
}

// Forward maps normalised images [N, 3, H, W] to the stages' outputs c2..c5, [N, 4w 2^i, H/2^(i+2), W/2^(i+2)].
func (r *ResNet) Forward(x tensor.Tensor, train bool) []tensor.Tensor {
	_, c, _, _ := x.Dims4()
	tensor.Check(c == 3, "prefix encoder", "want [N 3 H W], got %v", x.Shape())
	x = tensor.Block(func() tensor.Tensor {
		x = r.conv.Forward(x.ChannelsLast())                   // what CPUs convolve fastest
		return r.norm.ForwardReLU(x, train).MaxPool2d(3, 2, 1) // [N, w, H/4, W/4]
	})
	var out []tensor.Tensor
	for _, stage := range r.stages {
		x = nn.ForwardStage(stage, x, train)
		out = append(out, x)
	}
	return out
}

// branch turns a feature map into prefix tokens: convolutions of stride 2, a mean over places, two linear layers.
type branch struct {
	convs    []*nn.Conv2d
	places   tensor.Tensor // [C, h, w] weights of each channel's mean; undefined: all alike, global average pooling
	fc1, fc2 *nn.Linear
	tokens   int64
	dropout  float64
}

// newBranch makes a branch of so many convolutions, inner numbers between the linear layers and so many tokens.
func newBranch(path nn.Path, c BranchesConfig, convs int, inner, tokens int64) *branch {
	b := &branch{tokens: tokens, dropout: c.Dropout}
	h, w := c.LevelHeight, c.LevelWidth
	for i := range convs {
		b.convs = append(b.convs, nn.NewConv2d(path.Sub("convs").Sub(strconv.Itoa(i)), c.Channels, c.Channels, 3, 2, 1, true))
		h, w = halved(h), halved(w)
	}
	if c.Places {
		b.places = path.Param("places", nn.Constant(1/float64(h*w)), c.Channels, h, w)
	}
	b.fc1 = nn.NewLinear(path.Sub("fc1"), c.Channels, inner)
	b.fc2 = nn.NewLinear(path.Sub("fc2"), inner, tokens*c.Dim)
	return b
}

// halved is the length of a side after a convolution or pooling of stride 2.
func halved(n int64) int64 { return (n + 1) / 2 }

// pool takes each channel's mean over its places.
func (b *branch) pool(x tensor.Tensor) tensor.Tensor { // [N, C, h, w] to [N, C]
	if b.places.Defined() {
		return x.Mul(b.places).SumDim(false, 2, 3)
	}
	return x.MeanDim(false, 2, 3)
}

// forward maps a level [N, C, H, W] to [N, tokens, D].
func (b *branch) forward(x tensor.Tensor, train bool) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		n := x.Dim(0)
		for _, c := range b.convs {
			x = c.Forward(x)
		}
		x = b.pool(x)                                                        // [N, C]
		x = b.fc1.Forward(x).Dropout(b.dropout, train)                       // [N, inner]
		x = b.fc2.Forward(x).Dropout(b.dropout, train).LeakyReLU(leakySlope) // [N, tokens D]
		return x.Reshape(n, b.tokens, -1)                                    // [N, tokens, D]
	})
}

// Branches are the six attribute branches, the sentence branch and the style encoders over one level of the pyramid.
type Branches struct {
	attributes []*branch
	sentence   *branch
	styles     []*nn.Linear
}

// BranchesConfig describes branches.
type BranchesConfig struct {
	Channels        int64   // of the level that they read
	Dim             int64   // width of the generator
	AttributeTokens int64   // AttributeTokens but in ablations
	Dropout         float64 // probability after both linear layers
	PlainStyles     bool    // no style encoders: both styles get the prefixes as they are (an ablation)

	Places                  bool  // each channel learns where it looks, in place of a global average (ours)
	LevelHeight, LevelWidth int64 // of the level, for Places
}

// NewBranches makes attributes.K, sentence and styles.S.
func NewBranches(path nn.Path, c BranchesConfig) *Branches {
	b := &Branches{}
	for k := range Slots {
		b.attributes = append(b.attributes, newBranch(path.Sub("attributes").Sub(strconv.Itoa(k)), c, 1, c.Dim, c.AttributeTokens))
	}
	b.sentence = newBranch(path.Sub("sentence"), c, 2, 2*c.Dim, SentenceTokens)
	for s := range Styles {
		if c.PlainStyles {
			break
		}
		b.styles = append(b.styles, nn.NewLinear(path.Sub("styles").Sub(strconv.Itoa(s)), c.Dim, c.Dim))
	}
	return b
}

// Prefixes condition the generator.
type Prefixes struct {
	Attributes [Slots]tensor.Tensor  // [N, 3, D]
	Sentence   tensor.Tensor         // [N, 5, D]
	Styles     [Styles]tensor.Tensor // [N, 23, D]
}

// Attributes maps a level [N, C, H, W] to the six slots' prefixes.
func (b *Branches) Attributes(level tensor.Tensor, train bool) (out [Slots]tensor.Tensor) { // [N, 3, D]
	for k, a := range b.attributes {
		out[k] = a.forward(level, train)
	}
	return out
}

// Forward maps a level [N, C, H, W] to all prefixes.
func (b *Branches) Forward(level tensor.Tensor, train bool) Prefixes {
	p := Prefixes{Attributes: b.Attributes(level, train)}
	b.complete(&p, level, train)
	return p
}

// complete adds the sentence's and the styles' prefixes to the attributes'.
func (b *Branches) complete(p *Prefixes, level tensor.Tensor, train bool) {
	p.Sentence = b.sentence.forward(level, train)
	all := tensor.Cat(1, append(p.Attributes[:], p.Sentence)...) // [N, 23, D]
	for s := range p.Styles {
		p.Styles[s] = all
		if len(b.styles) > 0 {
			p.Styles[s] = b.styles[s].Forward(all)
		}
	}
}
