package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"plip/internal/nn"
	"plip/internal/tensor"
)

// Pooling of the text encoder (plip.md, section 2).
const (
	PoolPooler = "pooler" // the release: tanh of a linear layer on [CLS]
	PoolMean   = "mean"   // the paper: mean over the attended tokens
)

// TextConfig describes BERT (arXiv 1810.04805; the fields of the hub's config.json) and how it is pooled and frozen.
type TextConfig struct {
	Vocab            int64   `yaml:"vocab"`             // tokens. BERT: 30522
	Width            int64   `yaml:"width"`             // BERT base: 768
	Layers           int64   `yaml:"layers"`            // BERT base: 12
	Heads            int64   `yaml:"heads"`             // BERT base: 12
	Inner            int64   `yaml:"inner"`             // width inside the MLP. BERT base: 3072
	Positions        int64   `yaml:"positions"`         // longest sequence. BERT: 512
	Types            int64   `yaml:"types"`             // token types. BERT: 2
	Eps              float64 `yaml:"eps"`               // of the layer norms. BERT: 1e-12
	Dropout          float64 `yaml:"dropout"`           // of embeddings and branches, frozen layers included. BERT: 0.1
	AttentionDropout float64 `yaml:"attention_dropout"` // BERT: 0.1
	MaxLength        int64   `yaml:"max_length"`        // tokens of a caption that are read, [CLS] and [SEP] included. Paper: 64
	InitStd          float64 `yaml:"init_std"`          // BERT: 0.02
	Pool             string  `yaml:"pool"`              // pooler or mean. Default mean
	FrozenLayers     int64   `yaml:"frozen_layers"`     // lower layers that do not train; above 0 the embeddings are frozen too. Default 0
	FrozenBF16       bool    `yaml:"frozen_bf16"`       // in training passes frozen layers compute in bfloat16 (ours). Default false
	FrozenEval       bool    `yaml:"frozen_eval"`       // in training passes frozen layers and embeddings have no dropout (ours). Default false
	FrozenCache      int64   `yaml:"frozen_cache"`      // bytes for what the frozen layers give for captions, kept between training passes; above 0 it implies FrozenEval (ours). Default 0
}

// DefaultTextConfig is BERT base uncased, pooled by the mean.
func DefaultTextConfig() TextConfig {
	return TextConfig{Vocab: 30522, Width: 768, Layers: 12, Heads: 12, Inner: 3072, Positions: 512, Types: 2, Eps: 1e-12,
		Dropout: 0.1, AttentionDropout: 0.1, MaxLength: 64, InitStd: 0.02, Pool: PoolMean}
}

// Validate joins every problem of the configuration.
func (c TextConfig) Validate() error {
	var errs []error
	for _, f := range []struct {
		key string
		v   int64
	}{{"vocab", c.Vocab}, {"width", c.Width}, {"layers", c.Layers}, {"heads", c.Heads}, {"inner", c.Inner}, {"positions", c.Positions}, {"types", c.Types}} {
		if f.v < 1 {
			errs = append(errs, fmt.Errorf("text.%s: want 1 or more, got %d", f.key, f.v))
		}
	}
	if c.Heads > 0 && c.Width%c.Heads != 0 {
		errs = append(errs, fmt.Errorf("text.heads: want a divisor of the width %d, got %d", c.Width, c.Heads))
	}
	if c.MaxLength < 2 || c.MaxLength > c.Positions {
		errs = append(errs, fmt.Errorf("text.max_length: want 2 to text.positions (%d), got %d", c.Positions, c.MaxLength))
	}
	if !slices.Contains([]string{PoolPooler, PoolMean}, c.Pool) {
		errs = append(errs, fmt.Errorf("text.pool: want pooler or mean, got %q", c.Pool))
	}
	if c.FrozenLayers < 0 || c.FrozenLayers > c.Layers {
		errs = append(errs, fmt.Errorf("text.frozen_layers: want 0 to %d, got %d", c.Layers, c.FrozenLayers))
	}
	if c.FrozenCache < 0 || c.FrozenCache > 0 && c.FrozenLayers == 0 {
		errs = append(errs, fmt.Errorf("text.frozen_cache: want 0 or more bytes, and 0 where text.frozen_layers is 0, got %d", c.FrozenCache))
	}
	for _, p := range []float64{c.Dropout, c.AttentionDropout} {
		if p < 0 || p >= 1 {
			errs = append(errs, fmt.Errorf("text.dropout: want a probability below 1, got %v", p))
		}
	}
	return errors.Join(errs...)
}

// ReadHubConfig overwrites the sizes of c by a hub folder's config.json. MaxLength comes down to its positions.
func (c *TextConfig) ReadHubConfig(file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	h := struct {
		Act        string   `json:"hidden_act"`
		Vocab      int64    `json:"vocab_size"`
		Width      int64    `json:"hidden_size"`
		Layers     int64    `json:"num_hidden_layers"`
		Heads      int64    `json:"num_attention_heads"`
		Inner      int64    `json:"intermediate_size"`
		Positions  int64    `json:"max_position_embeddings"`
		Types      int64    `json:"type_vocab_size"`
		Eps        *float64 `json:"layer_norm_eps"`
		Dropout    *float64 `json:"hidden_dropout_prob"`
		Attention  *float64 `json:"attention_probs_dropout_prob"`
		InitStd    *float64 `json:"initializer_range"`
		ModelTypes string   `json:"model_type"`
	}{Act: "gelu", Positions: 512, Types: 2}
	if err := json.Unmarshal(b, &h); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if h.Act != "gelu" {
		return fmt.Errorf("%s: hidden_act: want \"gelu\", got %q", file, h.Act)
	}
	c.Vocab, c.Width, c.Layers, c.Heads, c.Inner, c.Positions, c.Types = h.Vocab, h.Width, h.Layers, h.Heads, h.Inner, h.Positions, h.Types
	c.MaxLength = min(c.MaxLength, c.Positions)
	for _, f := range []struct {
		to   *float64
		from *float64
	}{{&c.Eps, h.Eps}, {&c.Dropout, h.Dropout}, {&c.AttentionDropout, h.Attention}, {&c.InitStd, h.InitStd}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if err := c.Validate(); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// Text is BERT.
type Text struct {
	Config                 TextConfig
	words, positions, kind *nn.Embedding
	norm                   *nn.LayerNorm
	layers                 []*nn.PostNormBlock
	pooler                 *nn.Linear
	cache                  *frozenCache // of a training with text.frozen_cache
}

// NewText makes the encoder's parameters under path; the names are the public BERT checkpoints'.
func NewText(path nn.Path, c TextConfig) *Text {
	e := path.Sub("embeddings")
	t := &Text{
		Config:    c,
		words:     nn.NewEmbedding(e.Sub("word_embeddings"), c.Vocab, c.Width, c.InitStd),
		positions: nn.NewEmbedding(e.Sub("position_embeddings"), c.Positions, c.Width, c.InitStd),
		kind:      nn.NewEmbedding(e.Sub("token_type_embeddings"), c.Types, c.Width, c.InitStd),
		norm:      nn.NewLayerNorm(e.Sub("LayerNorm"), c.Width, c.Eps),
	}
	for i := range c.Layers {
		t.layers = append(t.layers, nn.NewPostNormBlock(path.Sub("encoder").Sub("layer").Sub(strconv.FormatInt(i, 10)),
			nn.PostNormConfig{Width: c.Width, Inner: c.Inner, Heads: c.Heads, Eps: c.Eps, InitStd: c.InitStd}))
	}
	t.pooler = nn.NewLinearInit(path.Sub("pooler").Sub("dense"), c.Width, c.Width, nn.Normal(c.InitStd), true)
	return t
}

// Frozen tells whether a parameter, named below the text encoder's path, does not train under the configuration: the
// lower layers, the embeddings when any layer is frozen, and the pooler when it is not used.
func (c TextConfig) Frozen(name string) bool {
	if strings.HasPrefix(name, "pooler.") {
		return c.Pool != PoolPooler
	}
	if c.FrozenLayers == 0 {
		return false
	}
	if strings.HasPrefix(name, "embeddings.") {
		return true
	}
	rest, ok := strings.CutPrefix(name, "encoder.layer.")
	if !ok {
		return false
	}
	k, err := strconv.ParseInt(rest[:strings.IndexByte(rest, '.')], 10, 64)
	return err == nil && k < c.FrozenLayers
}

// Hidden runs the encoder on token ids [N, L] int64 with mask [N, L] int64 (1: a token, 0: padding) and returns the
// embedding output followed by every layer's, [N, L, D] each. What stands at padding is of no meaning.
func (t *Text) Hidden(ids, mask tensor.Tensor, train bool) []tensor.Tensor {
	var out []tensor.Tensor
	p := nn.NewPacking(mask)
	t.run(ids, p, train, func(x tensor.Tensor) { out = append(out, p.Unpack(x)) })
	return out
}

// still tells whether frozen layers and embeddings have no dropout in training passes.
func (c TextConfig) still() bool { return c.FrozenLayers > 0 && (c.FrozenEval || c.FrozenCache > 0) }

// run is the encoder on the tokens alone, without padding. each, where it is not nil, sees the embedding output and
// every layer's, [T, D].
func (t *Text) run(ids tensor.Tensor, p *nn.Packing, train bool, each func(x tensor.Tensor)) tensor.Tensor { // [T, D]
	return t.upper(t.lower(ids, p, train, each), p, train, each)
}

// lower runs the embeddings and the frozen layers, which train tells are part of a pass that trains others.
func (t *Text) lower(ids tensor.Tensor, p *nn.Packing, train bool, each func(x tensor.Tensor)) tensor.Tensor { // [T, D]
	drop := train && !t.Config.still()
	x := t.embed(ids, p, drop)
	if each != nil {
		each(x)
	}
	if train && t.Config.FrozenBF16 {
		defer tensor.Autocast(x.Device(), tensor.BFloat16)()
	}
	return t.through(t.layers[:t.Config.FrozenLayers], x, p, drop, each)
}

// upper runs the layers that train.
func (t *Text) upper(x tensor.Tensor, p *nn.Packing, train bool, each func(x tensor.Tensor)) tensor.Tensor { // [T, D]
	return t.through(t.layers[t.Config.FrozenLayers:], x, p, train, each)
}

func (t *Text) through(layers []*nn.PostNormBlock, x tensor.Tensor, p *nn.Packing, drop bool, each func(x tensor.Tensor)) tensor.Tensor { // [T, D]
	for _, l := range layers {
		x = l.Forward(x, p, t.Config.Dropout, t.Config.AttentionDropout, drop)
		if each != nil {
			each(x)
		}
	}
	return x
}

func (t *Text) embed(ids tensor.Tensor, p *nn.Packing, train bool) tensor.Tensor { // [T, D]
	return tensor.Block(func() tensor.Tensor {
		_, l := ids.Dims2()
		tensor.Check(l <= t.Config.Positions, "text", "want at most %d tokens, got %d", t.Config.Positions, l)
		x := t.words.Forward(p.Tokens(ids))                       // [T, D]
		x = x.Add(t.kind.Weight.Select(0, 0))                     // [T, D]: all tokens are of type 0
		x = x.Add(t.positions.Forward(p.Positions()))             // [T, D]
		return t.norm.Forward(x).Dropout(t.Config.Dropout, train) // [T, D]
	})
}

// TextOutput holds the last hidden states and the pooled embedding.
type TextOutput struct {
	Hidden    tensor.Tensor // [N, L, D]
	Embedding tensor.Tensor // [N, D]
}

// Forward runs the encoder on token ids and mask, [N, L] int64 both.
func (t *Text) Forward(ids, mask tensor.Tensor, train bool) TextOutput {
	return t.output(mask, func(p *nn.Packing) tensor.Tensor { return t.run(ids, p, train, nil) })
}

// forwardTwins runs captions and, below them, the masked twins of some, in training. Where there is a cache, it gives
// what the frozen layers make of the captions; the twins, drawn anew at every visit, pass it by.
func (t *Text) forwardTwins(device tensor.Device, captions, masked tokens) TextOutput {
	ids, mask := captions.join(masked).tensors(device) // [N+R, L] both
	if t.cache == nil {
		return t.Forward(ids, mask, true)
	}
	return t.output(mask, func(p *nn.Packing) tensor.Tensor {
		return t.upper(t.cache.lower(t, device, captions, masked, p.Positions().Dim(0)), p, true, nil)
	})
}

// output unpacks and pools what run gives for the tokens of mask [N, L].
func (t *Text) output(mask tensor.Tensor, run func(p *nn.Packing) tensor.Tensor) TextOutput {
	hidden := tensor.Block(func() tensor.Tensor {
		p := nn.NewPacking(mask)
		return p.Unpack(run(p))
	})
	if t.Config.Pool == PoolPooler {
		return TextOutput{hidden, t.Pooled(hidden)}
	}
	return TextOutput{hidden, MeanPool(hidden, mask)}
}

// Pooled is tanh of a linear layer on the first token's hidden state.
func (t *Text) Pooled(hidden tensor.Tensor) tensor.Tensor { // [N, D]
	return t.pooler.Forward(hidden.Select(1, 0)).Tanh()
}

// MeanPool is the mean of the hidden states [N, L, D] over the attended tokens, [CLS] and [SEP] included.
func MeanPool(hidden, mask tensor.Tensor) tensor.Tensor { // [N, D]
	m := mask.As(hidden.DType()).Unsqueeze(2) // [N, L, 1]
	return hidden.Mul(m).SumDim(false, 1).Div(m.SumDim(false, 1))
}
