package trainer

import (
	"strings"
	"testing"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
)

// release is a checkpoint in the layout of the Python release.
const release = "../internal/weights/testdata/pth/release.pth.tar"

// TestLoadRelease runs both encoders of the release's checkpoint as the release did.
func TestLoadRelease(t *testing.T) {
	r := nntest.Open(t, "testdata/fixtures/release-outputs.safetensors")
	store := nn.NewStore(tensor.CPU)
	t.Cleanup(store.Close)
	nntest.Do(t, func() {
		visual, text := store.Root().Sub("visual"), store.Root().Sub("text")
		v := NewVisual(visual, VisualConfig{Layers: []int{1, 1, 1, 1}, Width: 4, Height: 64, Px: 32, Pool: PoolAttention, Heads: 4, Dim: 16})
		x := NewText(text, TextConfig{Vocab: 60, Width: 16, Layers: 2, Heads: 4, Inner: 32, Positions: 24, Types: 2, Eps: 1e-12, InitStd: 0.02, Pool: PoolPooler})
		if err := LoadRelease(release, visual, text); err != nil {
			t.Fatal(err)
		}
		r.Near("out.image", v.Forward(r.Tensor("input.image"), false).Embedding, nntest.Outputs)
		ids := r.Tensor("input.ids")
		r.Near("out.text", x.Forward(ids, ids.EqNumber(0).Not().As(tensor.Int64), false).Embedding, nntest.Outputs)

		if err := LoadRelease(release, text, visual); err == nil || !strings.Contains(err.Error(), "ImgEncoder_state_dict: weights do not fit the model") {
			t.Errorf("want a mismatch of the exchanged encoders, got %v", err)
		}
		if err := LoadRelease("testdata/fixtures/visual-tiny.safetensors", visual, text); err == nil || !strings.Contains(err.Error(), "want tensors below ImgEncoder_state_dict, got none") {
			t.Errorf("want the missing part named, got %v", err)
		}
	})
}
