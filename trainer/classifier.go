package trainer

import (
	"math"

	"plip/internal/nn"
	"plip/internal/tensor"
)

// Classifier tells identities apart in fine-tuning: one direction a class, shared by images and texts.
type Classifier struct {
	Weight tensor.Tensor // [D, K]
}

// NewClassifier makes "weight" under path, Xavier-uniform (release).
func NewClassifier(path nn.Path, dim, classes int64) *Classifier {
	bound := math.Sqrt(6 / float64(dim+classes))
	return &Classifier{path.Param("weight", func(t tensor.Tensor) { t.Uniform_(-bound, bound) }, dim, classes)}
}

// Forward is CMPC of image and text embeddings v and t [N, D] with classes labels [N] int64: its loss, and the shares of
// images and of texts that are classified rightly.
func (c *Classifier) Forward(v, t, labels tensor.Tensor) (loss, imagePrecision, textPrecision tensor.Tensor) { // [] each
	return CMPC(v, t, labels, c.Weight)
}
