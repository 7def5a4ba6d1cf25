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
		return r.norm.Forward(r.conv.Forward(x), train).ReLU_().MaxPool2d(3, 2, 1) // [N, w, H/4, W/4]
	})
	var out []tensor.Tensor
	for _, stage := range r.stages {
		x = nn.ForwardStage(stage, x, train)
		out = append(out, x)
	}
	return out
}

// branch turns a feature map into prefix tokens: convolutions of stride 2, global average, two linear layers.
type branch struct {
	convs    []*nn.Conv2d
	fc1, fc2 *nn.Linear
	tokens   int64
	dropout  float64
}

func newBranch(path nn.Path, convs int, channels, inner, dim, tokens int64, dropout float64) *branch {
	b := &branch{tokens: tokens, dropout: dropout}
	for i := range convs {
		b.convs = append(b.convs, nn.NewConv2d(path.Sub("convs").Sub(strconv.Itoa(i)), channels, channels, 3, 2, 1, true))
	}
	b.fc1 = nn.NewLinear(path.Sub("fc1"), channels, inner)
	b.fc2 = nn.NewLinear(path.Sub("fc2"), inner, tokens*dim)
	return b
}

// forward maps a level [N, C, H, W] to [N, tokens, D].
func (b *branch) forward(x tensor.Tensor, train bool) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		n := x.Dim(0)
		for _, c := range b.convs {
			x = c.Forward(x)
		}
		x = x.MeanDim(false, 2, 3)                                           // [N, C]
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

// NewBranches makes attributes.K, sentence and styles.S for a level of the given channels and a generator of width dim.
// attributeTokens is AttributeTokens but in ablations.
func NewBranches(path nn.Path, channels, dim, attributeTokens int64, dropout float64) *Branches {
	b := &Branches{}
	for k := range Slots {
		b.attributes = append(b.attributes, newBranch(path.Sub("attributes").Sub(strconv.Itoa(k)), 1, channels, dim, dim, attributeTokens, dropout))
	}
	b.sentence = newBranch(path.Sub("sentence"), 2, channels, 2*dim, dim, SentenceTokens, dropout)
	for s := range Styles {
		b.styles = append(b.styles, nn.NewLinear(path.Sub("styles").Sub(strconv.Itoa(s)), dim, dim))
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
	for s, style := range b.styles {
		p.Styles[s] = style.Forward(all)
	}
}
