package trainer

import (
	"fmt"
	"slices"

	"plip/internal/tensor"
)

// The contrastive losses (plip.md, section 3.1).
const (
	ContrastCMPM    = "cmpm"    // cross-modal projection matching (ECCV 2018), the paper's
	ContrastSDM     = "sdm"     // similarity distribution matching (CVPR 2023)
	ContrastInfoNCE = "infonce" // instance level, for the ablation
)

// How CMPM turns the row of matching identities into a distribution.
const (
	NormL2  = "l2"  // divided by its L2 norm (release)
	NormSum = "sum" // divided by its sum (CMPM paper)
)

// ContrastConfig chooses the loss between image and text embeddings.
type ContrastConfig struct {
	Kind        string  `yaml:"contrast"`    // cmpm, sdm or infonce. Default cmpm
	Temperature float64 `yaml:"temperature"` // of sdm (0.02) and infonce (0.07)
	CMPMConfig  `yaml:"cmpm"`
}

// CMPMConfig holds what CMPM alone uses.
type CMPMConfig struct {
	Norm    string  `yaml:"norm"`    // of the labels, l2 or sum. Default l2
	Epsilon float64 `yaml:"epsilon"` // in log(q + eps): how hard a wrong pair is punished. Default 1e-8 (release)
}

// DefaultContrastConfig is the release's CMPM.
func DefaultContrastConfig() ContrastConfig {
	return ContrastConfig{Kind: ContrastCMPM, Temperature: 0.02, CMPMConfig: CMPMConfig{Norm: NormL2, Epsilon: 1e-8}}
}

// Validate reports what is wrong with the configuration.
func (c ContrastConfig) Validate() error {
	switch {
	case !slices.Contains([]string{ContrastCMPM, ContrastSDM, ContrastInfoNCE}, c.Kind):
		return fmt.Errorf("contrast: want cmpm, sdm or infonce, got %q", c.Kind)
	case c.Kind == ContrastCMPM && c.Norm != NormL2 && c.Norm != NormSum:
		return fmt.Errorf("cmpm.norm: want l2 or sum, got %q", c.Norm)
	case c.Kind == ContrastCMPM && c.Epsilon <= 0:
		return fmt.Errorf("cmpm.epsilon: want more than 0, got %v", c.Epsilon)
	case c.Kind != ContrastCMPM && c.Temperature <= 0:
		return fmt.Errorf("temperature: want more than 0, got %v", c.Temperature)
	}
	return nil
}

// Contrast is the loss between image embeddings v and text embeddings t, [N, D] both, whose rows belong to identities
// ids [N] int64. The embeddings are float32.
func (c ContrastConfig) Contrast(v, t, ids tensor.Tensor) tensor.Tensor { // []
	switch c.Kind {
	case ContrastSDM:
		return sdm(v, t, ids, c.Temperature)
	case ContrastInfoNCE:
		return infoNCE(v, t, c.Temperature)
	default:
		return c.cmpm(v, t, ids)
	}
}

// matching is 1 where two rows are of one identity.
func matching(ids tensor.Tensor) tensor.Tensor { // [N, N]
	return ids.Unsqueeze(1).Eq(ids.Unsqueeze(0)).As(tensor.Float32)
}

func (c ContrastConfig) cmpm(v, t, ids tensor.Tensor) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		y := matching(ids) // [N, N]
		q := y.Div(y.SumDim(true, 1))
		if c.Norm == NormL2 {
			q = y.Normalize(1)
		}
		logq := q.Plus(c.Epsilon).Log()
		a := v.MatMul(t.Normalize(1).Transpose(0, 1)) // [N, N]
		b := t.MatMul(v.Normalize(1).Transpose(0, 1)) // [N, N]
		return divergence(a, logq).Add(divergence(b, logq))
	})
}

// divergence is the mean over rows of sum_j p (log p - log q), p the softmax of a row of scores.
func divergence(scores, logq tensor.Tensor) tensor.Tensor {
	return scores.Softmax(1).Mul(scores.LogSoftmax(1).Sub(logq)).SumDim(false, 1).Mean()
}

func sdm(v, t, ids tensor.Tensor, temperature float64) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		y := matching(ids)
		logq := y.Div(y.SumDim(true, 1)).Plus(1e-8).Log()                                 // [N, N]
		s := v.Normalize(1).MatMul(t.Normalize(1).Transpose(0, 1)).Scale(1 / temperature) // [N, N]
		return divergence(s, logq).Add(divergence(s.Transpose(0, 1), logq))
	})
}

func infoNCE(v, t tensor.Tensor, temperature float64) tensor.Tensor {
	return tensor.Block(func() tensor.Tensor {
		n, _ := v.Dims2()
		own := tensor.Arange(v.Device(), n)                                               // [N] int64
		s := v.Normalize(1).MatMul(t.Normalize(1).Transpose(0, 1)).Scale(1 / temperature) // [N, N]
		return s.CrossEntropy(own, -100).Add(s.Transpose(0, 1).CrossEntropy(own, -100)).Scale(0.5)
	})
}

// CMPC is cross-modal projection classification (ECCV 2018; text-reid.md, section 1): each embedding, projected on the
// direction of its pair, is classified by identity against the columns of w [D, K], which are normalised at every use.
// labels [N] int64 are 0-based. It returns the loss and both precisions, the shares of rows classified rightly.
func CMPC(v, t, labels, w tensor.Tensor) (loss, imagePrecision, textPrecision tensor.Tensor) { // [] each
	w = w.Normalize(0) // [D, K]
	vn, tn := v.Normalize(1), t.Normalize(1)
	side := func(x, direction tensor.Tensor) (loss, precision tensor.Tensor) {
		projected := x.Mul(direction).SumDim(true, 1).Mul(direction) // [N, D]
		logits := projected.MatMul(w)                                // [N, K]
		return logits.CrossEntropy(labels, -100), logits.ArgMax(1).Eq(labels).As(tensor.Float32).Mean()
	}
	lv, pv := side(v, tn)
	lt, pt := side(t, vn)
	return lv.Add(lt), pv, pt
}
