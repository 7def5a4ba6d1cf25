package spac

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"plip/internal/checkpoint"
	"plip/internal/nn"
	"plip/internal/tensor"
)

// Config describes the captioner.
type Config struct {
	Layers          []int      `yaml:"layers"`           // blocks of the prefix encoder's stages. Default 3,4,23,3 (ResNet-101)
	Width           int64      `yaml:"width"`            // planes of its first stage. Default 64
	Channels        int64      `yaml:"channels"`         // of the feature pyramid. Default 256
	Height          int64      `yaml:"height"`           // of the input in pixels. Default 384
	Px              int64      `yaml:"px"`               // width of the input in pixels. Default 128
	Level           int        `yaml:"level"`            // of the pyramid that the branches read: 0 is P2. Default 1, P3 of stride 8
	Pool            string     `yaml:"pool"`             // of the branches over the level: average (paper), or places, which each channel weighs by what it learns (ours). Default average
	AttributeTokens int64      `yaml:"attribute-tokens"` // prefix tokens of an attribute. Default 3
	PlainStyles     bool       `yaml:"plain-styles"`     // no style encoders (an ablation). Default false
	Dropout         float64    `yaml:"dropout"`          // of the branches. Default 0.25
	Generator       GPT2Config `yaml:"generator"`
}

// The poolings of the branches.
const (
	PoolAverage = "average"
	PoolPlaces  = "places"
)

// DefaultConfig is the paper's captioner.
func DefaultConfig() Config {
	return Config{Layers: []int{3, 4, 23, 3}, Width: 64, Channels: 256, Height: 384, Px: 128, Level: 1, Pool: PoolAverage, AttributeTokens: AttributeTokens,
		Dropout: 0.25, Generator: DefaultGPT2Config()}
}

// Validate joins every problem of the configuration.
func (c Config) Validate() error {
	var errs []error
	if len(c.Layers) != 4 || slices.Min(append([]int{1}, c.Layers...)) < 1 {
		errs = append(errs, fmt.Errorf("layers: want four positive numbers, got %v", c.Layers))
	}
	if c.Width < 1 || c.Channels < 1 || c.AttributeTokens < 1 {
		errs = append(errs, fmt.Errorf("width, channels, attribute_tokens: want 1 or more, got %d, %d and %d", c.Width, c.Channels, c.AttributeTokens))
	}
	if c.Height < 32 || c.Px < 32 {
		errs = append(errs, fmt.Errorf("height, px: want 32 or more, got %d and %d", c.Height, c.Px))
	}
	if c.Level < 0 || c.Level > 3 {
		errs = append(errs, fmt.Errorf("level: want 0 to 3, got %d", c.Level))
	}
	if c.Pool != PoolAverage && c.Pool != PoolPlaces {
		errs = append(errs, fmt.Errorf("pool: want average or places, got %q", c.Pool))
	}
	if c.Dropout < 0 || c.Dropout >= 1 {
		errs = append(errs, fmt.Errorf("dropout: want a probability below 1, got %v", c.Dropout))
	}
	return errors.Join(append(errs, c.Generator.Validate())...)
}

// levelSize is the size of the level that the branches read: the stem and its pooling halve, and every stage but the first.
func (c Config) levelSize() (h, w int64) {
	h, w = c.Height, c.Px
	for range 2 + c.Level {
		h, w = halved(h), halved(w)
	}
	return h, w
}

// Captioner is SPAC: the prefix encoder (ResNet and feature pyramid with branches and style encoders) and the generator.
// It owns its parameters until Close.
type Captioner struct {
	Config    Config
	Store     *nn.Store
	body      *ResNet
	fpn       *nn.FPN
	branches  *Branches
	generator *GPT2
}

// NewCaptioner makes a captioner with fresh weights: body.*, fpn.*, attributes.K.*, sentence.*, styles.S.* and
// generator.*. It draws from libtorch's generator of the thread.
func NewCaptioner(dev tensor.Device, c Config) (*Captioner, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &Captioner{Config: c, Store: nn.NewStore(dev)}
	err := tensor.Do(func(*tensor.Scope) error {
		root := m.Store.Root()
		m.body = NewResNet(root.Sub("body"), c.Layers, c.Width)
		channels := make([]int64, 4)
		for i := range channels {
			channels[i] = 4 * c.Width << i
		}
		m.fpn = nn.NewFPN(root.Sub("fpn"), channels, c.Channels)
		h, w := c.levelSize()
		m.branches = NewBranches(root, BranchesConfig{Channels: c.Channels, Dim: c.Generator.Width, AttributeTokens: c.AttributeTokens,
			Dropout: c.Dropout, PlainStyles: c.PlainStyles, Places: c.Pool == PoolPlaces, LevelHeight: h, LevelWidth: w})
		m.generator = NewGPT2(root.Sub("generator"), c.Generator)
		return nil
	})
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// LoadCaptioner opens the captioner of a checkpoint, or of a run's folder its best, with its vocabulary.
func LoadCaptioner(dev tensor.Device, path string) (*Captioner, *Vocabulary, error) {
	dir, err := checkpoint.Resolve(path)
	if err != nil {
		return nil, nil, err
	}
	s := settings{Model: DefaultConfig()} // what an older file does not name is the paper's
	if err := checkpoint.ReadConfig(dir, &s); err != nil {
		return nil, nil, err
	}
	words, err := LoadVocabulary(dir)
	if err != nil {
		return nil, nil, err
	}
	m, err := NewCaptioner(dev, s.Model)
	if err != nil {
		return nil, nil, err
	}
	if err := checkpoint.LoadModel(dir, m.Store); err != nil {
		m.Close()
		return nil, nil, err
	}
	return m, words, nil
}

// LoadGenerator starts the generator from a folder in the hub's layout.
func (m *Captioner) LoadGenerator(dir string) error {
	return m.generator.LoadHub(m.Store.Root().Sub("generator"), dir)
}

// Parameters is how many numbers are trained.
func (m *Captioner) Parameters() (n int64) {
	for _, p := range m.Store.Trainable() {
		n += p.Tensor.NumElements()
	}
	return n
}

// Close frees the parameters.
func (m *Captioner) Close() { m.Store.Close() }

// UnusedInTraining names the parameters that no pass reaches: levels of the pyramid finer than the one that the
// branches read.
func (m *Captioner) UnusedInTraining(name string) bool {
	for i := range m.Config.Level {
		if strings.HasPrefix(name, fmt.Sprintf("fpn.inner_blocks.%d.", i)) || strings.HasPrefix(name, fmt.Sprintf("fpn.layer_blocks.%d.", i)) {
			return true
		}
	}
	for i := m.Config.Level + 1; i < 4; i++ {
		if strings.HasPrefix(name, fmt.Sprintf("fpn.layer_blocks.%d.", i)) {
			return true
		}
	}
	return false
}

// Level maps normalised images [N, 3, H, W] to the pyramid's level that the branches read, [N, channels, h, w].
func (m *Captioner) Level(images tensor.Tensor, train bool) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		return m.fpn.Level(m.body.Forward(images, train), m.Config.Level)
	})
}

// Embed maps normalised images [N, 3, H, W] to L2-normalised embeddings for the seed filter, [N, EmbedDim]: the
// average-pooled output of the last stage; with PoolPlaces, where that stage need not know what the branches see, the
// sums of the six attributes' prefixes, each of length one before they are joined (ours).
func (m *Captioner) Embed(images tensor.Tensor) tensor.Tensor {
	defer tensor.NoGrad()()
	return tensor.Block(func() tensor.Tensor {
		if m.Config.Pool != PoolPlaces {
			return m.body.Forward(images, false)[3].MeanDim(false, 2, 3).Normalize(1)
		}
		p := m.branches.Attributes(m.Level(images, false), false)
		for k := range p {
			p[k] = p[k].SumDim(false, 1).Normalize(1) // [N, D]
		}
		return tensor.Cat(1, p[:]...).Normalize(1) // [N, 6 D]
	})
}

// EmbedDim is the length of an embedding: 32 times the width, with PoolPlaces 6 times the generator's.
func (m *Captioner) EmbedDim() int {
	if m.Config.Pool == PoolPlaces {
		return int(Slots * m.Config.Generator.Width)
	}
	return int(32 * m.Config.Width)
}

// Batch is the input of one training step.
type Batch struct {
	Images     tensor.Tensor    // [N, 3, H, W] normalised
	Attributes [2]tensor.Tensor // ids and mask [6 N, T] int64: slot by slot, the image inside
	Prior      tensor.Tensor    // [6, V] log share of each token in a slot's texts; only for the words' loss
	Captions   [Styles]Captions
}

// Captions are the captions of one style in a batch: rows tells which image each belongs to.
type Captions struct {
	Rows      tensor.Tensor // [M] int64
	IDs, Mask tensor.Tensor // [M, T] int64
	Tokens    int64         // real tokens, end of text included
}

// Weights of the parts of the training loss. A part of weight 0 is not computed.
type Weights struct {
	Caption   float64 // paper 1
	Attribute float64 // paper 0.15
	Words     float64 // of the words' direct loss (ours). Paper 0

	FixedEncoder bool // images only pass through: body, pyramid and attribute branches are used as at inference (ours)
}

// Losses are the parts of the training loss.
type Losses struct {
	Total                     tensor.Tensor // []
	Caption, Attribute, Words tensor.Tensor // [], none where the weight is 0
}

// Loss is the weighted sum of the cross entropies of captions and attributes (spac.md, section 3), each the mean over
// its real tokens, and of the words' direct loss.
func (m *Captioner) Loss(b Batch, w Weights, train bool) Losses {
	level, p := m.encode(b.Images, w, train)
	out := Losses{Total: tensor.Zeros(level.Device(), tensor.Float32)}
	add := func(weight float64, loss tensor.Tensor) tensor.Tensor {
		out.Total = out.Total.Add(loss.Scale(weight))
		return loss
	}
	attributes := tensor.Cat(0, p.Attributes[:]...) // [6 N, 3, D]
	if w.Words > 0 {
		out.Words = add(w.Words, m.wordLoss(attributes, b.Attributes[0], b.Attributes[1], b.Prior))
	}
	m.generatorLosses(&out, attributes, p, b, w, train)
	if w.Attribute > 0 {
		add(w.Attribute, out.Attribute)
	}
	if w.Caption > 0 {
		add(w.Caption, out.Caption)
	}
	return out
}

// generatorLosses sets the losses of attributes [6 N, 3, D] and captions, in one pass of the generator. The styles'
// captions are joined by their real tokens, so that their loss is the mean over all of them.
func (m *Captioner) generatorLosses(out *Losses, attributes tensor.Tensor, p Prefixes, b Batch, w Weights, train bool) {
	var groups []Sequences
	var shares []float64 // of a style's captions: their tokens
	if w.Attribute > 0 {
		groups, shares = append(groups, Sequences{attributes, b.Attributes[0], b.Attributes[1]}), append(shares, 0)
	}
	tokens := 0.0
	for s, c := range b.Captions {
		if w.Caption > 0 && c.Tokens > 0 {
			prefix := p.Styles[s].IndexSelect(0, c.Rows) // [M, 23, D]
			groups, shares = append(groups, Sequences{prefix, c.IDs, c.Mask}), append(shares, float64(c.Tokens))
			tokens += float64(c.Tokens)
		}
	}
	if w.Caption > 0 {
		out.Caption = tensor.Zeros(attributes.Device(), tensor.Float32)
	}
	if len(groups) == 0 {
		return
	}
	losses := m.generator.Losses(groups, train)
	for i, share := range shares {
		if loss := losses.Select(0, int64(i)); share == 0 {
			out.Attribute = loss
		} else {
			out.Caption = out.Caption.Add(loss.Scale(share / tokens))
		}
	}
}

// encode runs the prefix encoder as far as the weights need it.
func (m *Captioner) encode(images tensor.Tensor, w Weights, train bool) (level tensor.Tensor, p Prefixes) {
	func() {
		learns := train && !w.FixedEncoder
		if w.FixedEncoder {
			defer tensor.NoGrad()()
		}
		level = m.Level(images, learns)
		p.Attributes = m.branches.Attributes(level, learns)
	}()
	if w.Caption > 0 {
		m.branches.complete(&p, level, train)
	}
	return level, p
}

// wordLoss asks of prefixes [6 N, 3, D] that their sum point to the embeddings of the tokens ids [6 N, T] of their text,
// in whatever order: the cross entropy of each real token under one softmax over the vocabulary. It reaches the prefix
// encoder without the detour of a generator that does not listen yet, and leaves prefixes that it can copy from (ours).
// prior [6, V] is the logarithm of each token's share in a slot: what a prefix need not say. The scale makes scores of
// spread 1 from fresh prefixes and embeddings.
func (m *Captioner) wordLoss(prefix, ids, mask, prior tensor.Tensor) tensor.Tensor { // []
	return tensor.Block(func() tensor.Tensor {
		g := m.Config.Generator
		scale := 1 / (prefixStd * g.InitStd * math.Sqrt(float64(m.Config.AttributeTokens*g.Width)))
		scores := m.generator.Logits(prefix.SumDim(false, 1)).Scale(scale) // [6 N, V]
		n, v := scores.Dims2()
		scores = scores.Reshape(Slots, n/Slots, v).Add(prior.Unsqueeze(1)).Reshape(n, v) // [6 N, V]
		real := mask.As(tensor.Float32)                                                  // [6 N, T]
		return scores.LogSoftmax(1).Gather(1, ids).Mul(real).Sum().Div(real.Sum()).Neg()
	})
}
