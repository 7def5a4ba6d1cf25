package trainer

// Floating-point operations of a training step: two for every multiplication and addition of its matrix products and
// convolutions, as they are computed (the colouriser's two deconvolutions as one, texts without padding). Norms,
// activations, sums and the optimizer are left out, as is usual where utilisation is told. A backward pass takes a product
// for the gradient of each of the forward one's factors, so twice as many; once where one factor needs no gradient.

// product is the operations of a product of matrices [m, k] and [k, n].
func product(m, k, n int64) float64 { return 2 * float64(m) * float64(k) * float64(n) }

// visualOps are the operations of the image encoder's forward pass on one image.
type visualOps struct {
	first float64 // its first convolution, whose input needs no gradient
	maps  float64 // stem and stages, the first convolution included
	pool  float64 // from the last map to the embedding
}

// ops counts what Visual computes.
func (c VisualConfig) ops() visualOps {
	var o visualOps
	half := func(n int64) int64 { return n / 2 }
	if c.Form == FormResNet {
		half = func(n int64) int64 { return (n + 1) / 2 } // of a strided convolution or maximum, padded
	}
	h, w := (c.Height+1)/2, (c.Px+1)/2 // after the first convolution
	if c.Form == FormResNet {
		o.first = product(h*w, 3*7*7, c.Width)
		o.maps = o.first
	} else {
		o.first = product(h*w, 3*3*3, c.Width/2)
		o.maps = o.first + product(h*w, c.Width/2*9, c.Width/2) + product(h*w, c.Width/2*9, c.Width)
	}
	h, w = half(h), half(w)
	in := c.Width
	for i, blocks := range c.Layers {
		planes := c.Width << i
		for k := range blocks {
			inner := h * w // of the 3x3 convolution: CLIP's form averages after it, the other one strides in it
			o.maps += product(h*w, in, planes)
			if i > 0 && k == 0 {
				h, w = half(h), half(w)
			}
			if c.Form == FormResNet {
				inner = h * w
			}
			o.maps += product(inner, planes*9, planes) + product(h*w, planes, 4*planes)
			if k == 0 { // the shortcut brings the channels to the stage's
				o.maps += product(h*w, in, 4*planes)
			}
			in = 4 * planes
		}
	}
	if c.Pool != PoolAttention {
		o.pool = product(1, in, c.Dim)
		return o
	}
	l := h*w + 1
	o.pool = 2*product(l, in, in) + product(1, in, in) + 2*product(1, in, l) + product(1, in, c.Dim)
	return o
}

// layerOps are the operations of one layer's forward pass on texts of the given lengths.
func (c TextConfig) layerOps(lengths []int64) (ops float64) {
	for _, l := range lengths {
		ops += 4*product(l, c.Width, c.Width) + 2*product(l, c.Width, l) + 2*product(l, c.Width, c.Inner)
	}
	return ops
}

// colorizeOps are the operations of the colouriser's forward pass on n images.
func (c Config) colorizeOps(n int64) (ops float64) {
	h, w, m := c.Visual.Height/4, c.Visual.Px/4, c.Colorize.Channels
	hi, wi := h, w
	for _, in := range c.Visual.Channels() {
		ops += product(hi*wi, in, m)
		hi, wi = hi/2, wi/2
	}
	in := 4 * m
	for _, channels := range []int64{in, m} { // gates
		ops += product(1, channels+c.Text.Width, channels) + product(1, channels, channels)
	}
	ops += product(1, in*taps, m)                      // means of the map in between
	ops += product(in*taps, m, 3*taps)                 // the joint kernel
	ops += product(h*w, in, 3*jointTaps)               // its deconvolution
	ops += product(3, taps, jointScale*h*jointScale*w) // the first one's bias
	return float64(n) * ops
}

// attributeOps are the operations of the attribute head's forward pass on n captions of l tokens each, padding included,
// of which so many are masked in all.
func (c Config) attributeOps(n, l, masked int64) float64 {
	if c.Attributes.Fusion == FusionConcat {
		l++
	}
	d := c.Text.Width
	return float64(n)*(4*product(l, d, d)+2*product(l, d, l)+2*product(l, d, 4*d)) + product(masked, d, c.Text.Vocab)
}

// contrastOps are the operations of comparing n images with n texts, forward.
func (c Config) contrastOps(n int64) float64 {
	products := 1.0
	if c.Contrast.Kind == ContrastCMPM {
		products = 2
	}
	return products * product(n, c.Visual.Dim, n)
}

// stageOps are the operations of one step by its stages. lengths are those of the captions and of the masked ones, in
// tokens, and frozen of those whose frozen layers are computed; of the masked ones there are masked.n with
// len(masked.places) masked tokens. all is the images that the contrast compares.
func (c Config) stageOps(lengths, frozen []int64, captions tokens, masked maskedTokens, all int64) (ops [numStages]float64) {
	n, v := captions.n, c.Visual.ops()
	image := float64(n) * (v.maps + v.pool)
	ops[stageImage] = image
	ops[stageBackwardImage] = 2*image - float64(n)*v.first
	heads := 0.0
	if c.Loss.TIC > 0 {
		gray := float64(n) * v.maps
		ops[stageGray], ops[stageColorize] = gray, c.colorizeOps(n)
		ops[stageBackwardImage] += 2*gray - float64(n)*v.first
		heads += ops[stageColorize]
	}
	trained := float64(c.Text.Layers-c.Text.FrozenLayers) * c.Text.layerOps(lengths)
	ops[stageText] = float64(c.Text.FrozenLayers)*c.Text.layerOps(frozen) + trained
	ops[stageBackwardText] = 2 * trained
	if c.Text.Pool == PoolPooler {
		pooler := product(int64(len(lengths)), c.Text.Width, c.Text.Width)
		ops[stageText] += pooler
		ops[stageBackwardText] += 2 * pooler
	}
	if c.Loss.IVLC > 0 {
		ops[stageContrast] = c.contrastOps(all)
		heads += ops[stageContrast]
	}
	if c.Loss.IAP > 0 && masked.n > 0 {
		ops[stageAttributes] = c.attributeOps(masked.n, masked.l, int64(len(masked.places)))
		heads += ops[stageAttributes]
	}
	ops[stageBackwardHeads] = 2 * heads
	return ops
}

// count adds one step's operations, of which the encoders' are done, to what is profiled. Probing computes its features elsewhere, and is not counted.
func (t *training) count(in batch) {
	w := t.model.clock
	if w == nil || t.features != nil {
		return
	}
	lengths := append(in.captions.lengths(), in.masked.lengths()...)
	frozen, all := lengths, in.captions.n
	if cache := t.model.Text.cache; cache != nil {
		frozen = cache.computed
	}
	if in.share.ranks != nil && t.config.Gather {
		all *= int64(t.ranks())
	}
	for s, ops := range t.config.stageOps(lengths, frozen, in.captions, in.masked, all) {
		w.ops[s] += ops
	}
}
