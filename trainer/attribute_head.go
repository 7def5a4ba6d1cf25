package trainer

import (
	"errors"
	"fmt"
	"slices"

	"plip/internal/nn"
	"plip/internal/tensor"
)

// How the attribute head brings image and text together (plip.md, section 3.3).
const (
	FusionSum    = "sum"    // the image embedding is added to every token's state, the paper's
	FusionConcat = "concat" // it stands in front of them as a token of its own, whose output is dropped
)

// AttributesConfig describes the image-guided prediction of masked attributes (paper 2.2, A.6.3).
type AttributesConfig struct {
	Fusion     string     `yaml:"fusion"` // sum or concat. Default sum (paper)
	Heads      int64      `yaml:"heads"`  // of the head's attention. Default 8 (paper)
	Difficulty Difficulty `yaml:",inline"`
}

// DefaultAttributesConfig is the paper's.
func DefaultAttributesConfig() AttributesConfig {
	return AttributesConfig{Fusion: FusionSum, Heads: 8, Difficulty: DefaultDifficulty()}
}

// Validate joins every problem of the configuration, for a text encoder of a width.
func (c AttributesConfig) Validate(width int64) error {
	errs := []error{c.Difficulty.Validate()}
	if !slices.Contains([]string{FusionSum, FusionConcat}, c.Fusion) {
		errs = append(errs, fmt.Errorf("attributes.fusion: want sum or concat, got %q", c.Fusion))
	}
	if c.Heads < 1 || width%c.Heads != 0 {
		errs = append(errs, fmt.Errorf("attributes.heads: want a divisor of text.width (%d), got %d", width, c.Heads))
	}
	return errors.Join(errs...)
}

// AttributeHead guesses masked tokens from the masked caption's hidden states and the image.
type AttributeHead struct {
	Config AttributesConfig
	block  *nn.PreNormBlock
	vocab  *nn.Linear
}

// NewAttributeHead makes one transformer block and vocab.* under path, for states of width d and v tokens.
func NewAttributeHead(path nn.Path, c AttributesConfig, d, v int64) *AttributeHead {
	return &AttributeHead{c, nn.NewPreNormBlock(path, d, c.Heads), nn.NewLinear(path.Sub("vocab"), d, v)}
}

// Forward takes the hidden states [N, L, D] of masked captions with mask [N, L] int64 (1: a token, 0: padding), the
// embeddings [N, D] of their colour images, and the masked tokens' places [M] int64 in [N*L].
func (h *AttributeHead) Forward(hidden, mask, image, places tensor.Tensor) tensor.Tensor { // [M, V]
	return tensor.Block(func() tensor.Tensor {
		n, l, d := hidden.Dims3()
		ni, di := image.Dims2()
		tensor.Check(ni == n && di == d, "attribute head", "want images [%d %d], got %v", n, d, image.Shape())
		attend := mask.EqNumber(1)   // [N, L] bool
		x, first := hidden, int64(0) // [N, L, D], and the place of the first token
		guide := image.Unsqueeze(1)  // [N, 1, D]
		if h.Config.Fusion == FusionConcat {
			x, first = tensor.Cat(1, guide, x), 1                                            // [N, 1+L, D]
			attend = tensor.Cat(1, tensor.Full(mask.Device(), tensor.Bool, 1, n, 1), attend) // [N, 1+L]
		} else {
			x = x.Add(guide) // [N, L, D]
		}
		x = h.block.Forward(x, attend.Unsqueeze(1).Unsqueeze(1)) // [N, first+L, D]
		x = x.Narrow(1, first, l).Reshape(n*l, d)                // [N*L, D]
		return h.vocab.Forward(x.Embedding(places))              // [M, V]: the look-up's backward pass is the fastest
	})
}

// Loss is the cross entropy of logits [M, V] against the tokens [M] int64 that were masked, the mean over all M.
func (h *AttributeHead) Loss(logits, targets tensor.Tensor) tensor.Tensor { // []
	return logits.As(tensor.Float32).CrossEntropy(targets, -100)
}
