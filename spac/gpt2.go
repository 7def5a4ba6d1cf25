package spac

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"

	"plip/internal/nn"
	"plip/internal/tensor"
)

// GPT2Config describes the generator (the fields of the hub's config.json).
type GPT2Config struct {
	Vocab     int64   `yaml:"vocab"`     // GPT-2: 50257
	Width     int64   `yaml:"width"`     // GPT-2: 768
	Layers    int64   `yaml:"layers"`    // GPT-2: 12
	Heads     int64   `yaml:"heads"`     // GPT-2: 12
	Positions int64   `yaml:"positions"` // longest prefix + tokens. GPT-2: 1024
	Eps       float64 `yaml:"eps"`       // of the layer norms. GPT-2: 1e-5
	Dropout   float64 `yaml:"dropout"`   // of embeddings, branches and attention, in training. GPT-2: 0.1
	InitStd   float64 `yaml:"init-std"`  // GPT-2: 0.02
}

// DefaultGPT2Config is GPT-2 of 124 million parameters.
func DefaultGPT2Config() GPT2Config {
	return GPT2Config{Vocab: 50257, Width: 768, Layers: 12, Heads: 12, Positions: 1024, Eps: 1e-5, Dropout: 0.1, InitStd: 0.02}
}

// Validate joins every problem of the configuration.
func (c GPT2Config) Validate() error {
	var errs []error
	for _, f := range []struct {
		key string
		v   int64
	}{{"vocab", c.Vocab}, {"width", c.Width}, {"layers", c.Layers}, {"heads", c.Heads}, {"positions", c.Positions}} {
		if f.v < 1 {
			errs = append(errs, fmt.Errorf("generator.%s: want 1 or more, got %d", f.key, f.v))
		}
	}
	if c.Heads > 0 && c.Width%c.Heads != 0 {
		errs = append(errs, fmt.Errorf("generator.heads: want a divisor of the width %d, got %d", c.Width, c.Heads))
	}
	if c.Dropout < 0 || c.Dropout >= 1 {
		errs = append(errs, fmt.Errorf("generator.dropout: want a probability below 1, got %v", c.Dropout))
	}
	return errors.Join(errs...)
}

// ReadHubConfig overwrites the sizes of c by a hub folder's config.json.
func (c *GPT2Config) ReadHubConfig(file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	h := struct {
		Act       string   `json:"activation_function"`
		Vocab     int64    `json:"vocab_size"`
		Width     int64    `json:"n_embd"`
		Layers    int64    `json:"n_layer"`
		Heads     int64    `json:"n_head"`
		Positions int64    `json:"n_positions"`
		Inner     *int64   `json:"n_inner"`
		Eps       *float64 `json:"layer_norm_epsilon"`
		Dropout   *float64 `json:"resid_pdrop"`
		InitStd   *float64 `json:"initializer_range"`
	}{Act: "gelu_new", Positions: 1024}
	if err := json.Unmarshal(b, &h); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if h.Act != "gelu_new" {
		return fmt.Errorf("%s: activation_function: want \"gelu_new\", got %q", file, h.Act)
	}
	if h.Inner != nil && *h.Inner != 4*h.Width {
		return fmt.Errorf("%s: n_inner: want %d, got %d", file, 4*h.Width, *h.Inner)
	}
	c.Vocab, c.Width, c.Layers, c.Heads, c.Positions = h.Vocab, h.Width, h.Layers, h.Heads, h.Positions
	for _, f := range []struct{ to, from *float64 }{{&c.Eps, h.Eps}, {&c.Dropout, h.Dropout}, {&c.InitStd, h.InitStd}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if err := c.Validate(); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// GPT2 is the generator: a causal transformer conditioned by prefix embeddings before the tokens. Names are the hub's
// below "transformer."; linear weights are [in, out], and the output layer is tied to the token embeddings.
type GPT2 struct {
	Config GPT2Config
	tokens *nn.Embedding // [V, D]
	places *nn.Embedding // [positions, D]
	layers []*gpt2Layer
	norm   *nn.LayerNorm
}

// gpt2Layer is one pre-norm block.
type gpt2Layer struct {
	ln1, ln2                         *nn.LayerNorm
	attention, projection, inner, up conv1D
	heads                            int64
}

// conv1D is a linear layer whose weight is stored [in, out].
type conv1D struct{ weight, bias tensor.Tensor }

func newConv1D(path nn.Path, in, out int64, std float64) conv1D {
	return conv1D{path.Param("weight", nn.Normal(std), in, out), path.Param("bias", nn.Constant(0), out)}
}

func (c conv1D) forward(x tensor.Tensor) tensor.Tensor {
	return x.Linear(c.weight.Transpose(0, 1), c.bias)
}

// NewGPT2 makes the generator's parameters under path.
func NewGPT2(path nn.Path, c GPT2Config) *GPT2 {
	g := &GPT2{
		Config: c,
		tokens: nn.NewEmbedding(path.Sub("wte"), c.Vocab, c.Width, c.InitStd),
		places: nn.NewEmbedding(path.Sub("wpe"), c.Positions, c.Width, c.InitStd),
	}
	residual := c.InitStd / math.Sqrt(2*float64(c.Layers)) // GPT-2: layers that add to the residual stream start smaller
	for i := range c.Layers {
		p := path.Sub("h").Sub(strconv.FormatInt(i, 10))
		g.layers = append(g.layers, &gpt2Layer{
			ln1:        nn.NewLayerNorm(p.Sub("ln_1"), c.Width, c.Eps),
			attention:  newConv1D(p.Sub("attn").Sub("c_attn"), c.Width, 3*c.Width, c.InitStd),
			projection: newConv1D(p.Sub("attn").Sub("c_proj"), c.Width, c.Width, residual),
			ln2:        nn.NewLayerNorm(p.Sub("ln_2"), c.Width, c.Eps),
			inner:      newConv1D(p.Sub("mlp").Sub("c_fc"), c.Width, 4*c.Width, c.InitStd),
			up:         newConv1D(p.Sub("mlp").Sub("c_proj"), 4*c.Width, c.Width, residual),
			heads:      c.Heads,
		})
	}
	g.norm = nn.NewLayerNorm(path.Sub("ln_f"), c.Width, c.Eps)
	return g
}

// Hidden runs prefix embeddings [N, P, D] followed by token ids [N, T] int64 (none: the prefix alone) and returns the
// last states [N, P+T, D]. Positions run over both; what is padding at the end only has padding to its right, so the
// causal mask is all the mask there is.
func (g *GPT2) Hidden(prefix, ids tensor.Tensor, train bool) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		x := prefix
		if ids.Defined() {
			x = tensor.Cat(1, prefix, g.tokens.Forward(ids)) // [N, P+T, D]
		}
		x = g.place(x).Dropout(g.Config.Dropout, train)
		for _, l := range g.layers {
			x = l.forward(x, tensor.Tensor{}, l.attend, g.Config.Dropout, train)
		}
		return g.norm.Forward(x) // [N, P+T, D]
	})
}

// place adds the position embeddings.
func (g *GPT2) place(x tensor.Tensor) tensor.Tensor { // [N, L, D]
	l := x.Dim(1)
	tensor.Check(l <= g.Config.Positions, "gpt2", "want at most %d positions, got %d", g.Config.Positions, l)
	return x.Add(g.places.Weight.Narrow(0, 0, l))
}

// Logits maps states [..., D] to scores over the vocabulary [..., V].
func (g *GPT2) Logits(hidden tensor.Tensor) tensor.Tensor {
	return hidden.Linear(g.tokens.Weight, tensor.Tensor{})
}

// Loss is Losses of one group.
func (g *GPT2) Loss(prefix, ids, mask tensor.Tensor, train bool) tensor.Tensor { // []
	return tensor.Block(func() tensor.Tensor { return g.Losses([]Sequences{{prefix, ids, mask}}, train).Select(0, 0) })
}

// Losses is, of each group of sequences, the mean cross entropy of the tokens where the mask is 1: the first one is
// predicted at the last prefix position, prefix positions themselves are not. A group without such a token has 0. All
// groups share one pass over the rows that matter: no padding, no last token, and in the last layer the positions alone
// at which a token is predicted. So each weight's gradient is one product.
func (g *GPT2) Losses(groups []Sequences, train bool) tensor.Tensor { // [groups]
	return tensor.Block(func() tensor.Tensor {
		p := g.pack(groups)
		x := g.enter(groups, p).Dropout(g.Config.Dropout, train) // [T, D]
		for i, l := range g.layers {
			x = g.packedLayer(l, x, p, i == len(g.layers)-1, train)
		}
		losses := g.Logits(g.norm.Forward(x)).CrossEntropies(p.targets, noToken) // [R]
		means := make([]tensor.Tensor, len(groups))
		for i, of := range p.groups {
			means[i] = losses.Narrow(0, of.first, of.count).Sum().Scale(1 / float64(max(1, of.count)))
		}
		return tensor.Stack(0, means...)
	})
}

// noToken is the target of a row whose score does not count.
const noToken = -100

// forward maps x [..., D] through the block. attend maps the attention's input [..., 3 D] to its output. Where rows
// [R] is given, these rows of x [T, D] alone go on, and attend gives them alone.
func (l *gpt2Layer) forward(x, rows tensor.Tensor, attend func(qkv tensor.Tensor, dropout float64) tensor.Tensor, dropout float64, train bool) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		drop := dropout
		if !train {
			drop = 0
		}
		y := l.projection.forward(attend(l.attention.forward(l.ln1.Forward(x)), drop))
		if rows.Defined() {
			x = x.Embedding(rows) // [R, D], by what has the faster backward pass
		}
		x := x.Add(y.Dropout(dropout, train))
		y = l.up.forward(l.inner.forward(l.ln2.Forward(x)).GELUTanh())
		return x.Add(y.Dropout(dropout, train))
	})
}

// attend is causal attention of queries, keys and values [N, L, 3 D] with the layer's heads.
func (l *gpt2Layer) attend(qkv tensor.Tensor, dropout float64) tensor.Tensor { // [N, L, D]
	n, t, d := qkv.Dims3()
	d /= 3
	qkv = qkv.Reshape(n, t, 3, l.heads, d/l.heads).Permute(2, 0, 3, 1, 4) // [3, N, A, L, E]
	q, k, v := qkv.Select(0, 0), qkv.Select(0, 1), qkv.Select(0, 2)       // [N, A, L, E]
	return tensor.Attention(q, k, v, tensor.Tensor{}, dropout, true).Transpose(1, 2).Reshape(n, t, d)
}
