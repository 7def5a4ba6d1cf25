package trainer

import (
	"strings"
	"testing"

	"plip/internal/nn/nntest"
	"plip/internal/tensor"
)

// contrasts are the losses of the reference by name.
func contrasts() map[string]ContrastConfig {
	with := func(change func(*ContrastConfig)) ContrastConfig {
		c := DefaultContrastConfig()
		change(&c)
		return c
	}
	return map[string]ContrastConfig{
		"cmpm_l2":     DefaultContrastConfig(),
		"cmpm_sum":    with(func(c *ContrastConfig) { c.Norm = NormSum }),
		"sdm":         with(func(c *ContrastConfig) { c.Kind = ContrastSDM }),
		"infonce":     with(func(c *ContrastConfig) { c.Kind, c.Temperature = ContrastInfoNCE, 0.07 }),
		"infonce_002": with(func(c *ContrastConfig) { c.Kind = ContrastInfoNCE }),
	}
}

func TestContrastParity(t *testing.T) {
	r := nntest.Open(t, "testdata/fixtures/plip-losses-a.safetensors")
	if got := len(r.Names("out.")); got != len(contrasts()) {
		t.Errorf("want %d losses in the reference, got %d", len(contrasts()), got)
	}
	for name, c := range contrasts() {
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		nntest.Do(t, func() {
			v, x := r.Tensor("input.v").RequireGrad(true), r.Tensor("input.t").RequireGrad(true)
			loss := c.Contrast(v, x, r.Tensor("input.labels"))
			r.Near("out."+name, loss, nntest.Outputs)
			loss.Backward()
			r.Near("grad."+name+".v", v.Grad(), nntest.Gradients)
			r.Near("grad."+name+".t", x.Grad(), nntest.Gradients)
		})
	}
}

// TestContrastIgnoresOrder reverses the batch.
func TestContrastIgnoresOrder(t *testing.T) {
	r := nntest.Open(t, "testdata/fixtures/plip-losses-a.safetensors")
	for name, c := range contrasts() {
		nntest.Do(t, func() {
			loss := c.Contrast(r.Tensor("input.v").Flip(0), r.Tensor("input.t").Flip(0), r.Tensor("input.labels").Flip(0))
			r.Near("out."+name, loss, nntest.Outputs)
		})
	}
}

func TestCMPCParity(t *testing.T) {
	r := nntest.Open(t, "testdata/fixtures/cmpmc-a.safetensors")
	nntest.Do(t, func() {
		v, x, w := r.Tensor("image").RequireGrad(true), r.Tensor("text").RequireGrad(true), r.Tensor("W").RequireGrad(true)
		labels := r.Tensor("labels")
		cmpm := DefaultContrastConfig().Contrast(v, x, labels)
		cmpc, imagePrecision, textPrecision := CMPC(v, x, labels, w)
		r.Near("cmpm", cmpm, nntest.Outputs)
		r.Near("cmpc", cmpc, nntest.Outputs)
		r.Near("image_precision", imagePrecision, 0)
		r.Near("text_precision", textPrecision, 0)
		total := cmpm.Add(cmpc)
		r.Near("total", total, nntest.Outputs)
		total.Backward()
		r.Near("grad_image", v.Grad(), nntest.Gradients)
		r.Near("grad_text", x.Grad(), nntest.Gradients)
		r.Near("grad_W", w.Grad(), nntest.Gradients)
	})
}

func TestContrastFreesItsTensors(t *testing.T) {
	r := nntest.Open(t, "testdata/fixtures/plip-losses-a.safetensors")
	for name, c := range contrasts() {
		nntest.Balanced(t, name, func() {
			c.Contrast(r.Tensor("input.v").RequireGrad(true), r.Tensor("input.t").RequireGrad(true), r.Tensor("input.labels")).Backward()
		})
		nntest.Refuses(t, "matmul of [8 16] and [4 8]", func() {
			c.Contrast(r.Tensor("input.v"), tensor.Zeros(tensor.CPU, tensor.Float32, 8, 4), r.Tensor("input.labels"))
		})
	}
}

func TestContrastConfigProblems(t *testing.T) {
	for want, change := range map[string]func(*ContrastConfig){
		"want cmpm, sdm or infonce": func(c *ContrastConfig) { c.Kind = "triplet" },
		"want l2 or sum":            func(c *ContrastConfig) { c.Norm = "l1" },
		"epsilon: want more than 0": func(c *ContrastConfig) { c.Epsilon = 0 },
		"temperature: want more":    func(c *ContrastConfig) { c.Kind, c.Temperature = ContrastSDM, 0 },
	} {
		c := DefaultContrastConfig()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
