package trainer

import (
	"testing"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
)

// headReference is the attribute head of the reference numbers, one fusion of it.
func headReference(t *testing.T, fusion string) (*nntest.Reference, *AttributeHead, *nn.Store) {
	t.Helper()
	r := nntest.Open(t, "testdata/fixtures/iap-tiny.safetensors")
	var size struct{ N, Length, Dim, Heads, Vocab int64 }
	r.Config("config", &size)
	store := nn.NewStore(tensor.CPU)
	t.Cleanup(store.Close)
	var h *AttributeHead
	nntest.Do(t, func() {
		h = NewAttributeHead(store.Root(), AttributesConfig{Fusion: fusion, Heads: size.Heads}, size.Dim, size.Vocab)
	})
	r.Load(store)
	return r, h, store
}

func TestAttributeHeadParity(t *testing.T) {
	for _, fusion := range []string{FusionSum, FusionConcat} {
		r, h, store := headReference(t, fusion)
		nntest.Do(t, func() {
			hidden, image := r.Tensor("input.hidden").RequireGrad(true), r.Tensor("input.image").RequireGrad(true)
			places := r.Tensor("input.masked").Reshape(-1).NonZero()
			logits := h.Forward(hidden, r.Tensor("input.mask"), image, places)
			r.Near("out."+fusion+".logits", logits, nntest.Outputs)
			loss := h.Loss(logits, r.Tensor("input.targets"))
			r.Near("out."+fusion+".loss", loss, nntest.Outputs)
			loss.Backward()
			r.Near("grad."+fusion+".input.hidden", hidden.Grad(), nntest.Gradients)
			r.Near("grad."+fusion+".input.image", image.Grad(), nntest.Gradients)
			r.Gradients(store, "grad."+fusion+".", true)
		})
	}
}

// TestAttributeHeadIgnoresPadding changes the states at padding, which must not reach a logit.
func TestAttributeHeadIgnoresPadding(t *testing.T) {
	for _, fusion := range []string{FusionSum, FusionConcat} {
		r, h, _ := headReference(t, fusion)
		nntest.Balanced(t, fusion, func() {
			defer tensor.NoGrad()()
			mask := r.Tensor("input.mask")
			hidden := r.Tensor("input.hidden")
			padding := mask.EqNumber(0).Unsqueeze(2) // [N, L, 1]
			if padding.As(tensor.Int64).Sum().Item() == 0 {
				t.Fatal("want padding in the reference, got none")
			}
			places := r.Tensor("input.masked").Reshape(-1).NonZero()
			a := h.Forward(hidden, mask, r.Tensor("input.image"), places).Float32s()
			b := h.Forward(hidden.MaskedFill(padding, 9), mask, r.Tensor("input.image"), places).Float32s()
			nntest.Near(t, fusion, a, b, 0)
		})
		nntest.Refuses(t, "want images [4 32], got [3 32]", func() {
			h.Forward(r.Tensor("input.hidden"), r.Tensor("input.mask"), tensor.Zeros(tensor.CPU, tensor.Float32, 3, 32), tensor.FromInt64(tensor.CPU, []int64{0}, 1))
		})
	}
}
