package trainer

import (
	"fmt"
	"testing"

	"plip/internal/nn/nntest"
	"plip/internal/pixels"
	"plip/internal/tensor"
)

// TestCMPMCSteps holds the whole step of fine-tuning against the release's network, loss and optimizer in PyTorch.
func TestCMPMCSteps(t *testing.T) {
	for _, sideBySide := range []bool{false, true} {
		t.Run(fmt.Sprintf("side by side=%v", sideBySide), func(t *testing.T) {
			r := nntest.Open(t, "testdata/fixtures/cmpmc-steps.safetensors")
			m := referenceModel(t, r, func(c *Config) { c.SideBySide = sideBySide })
			tenSteps(t, r, m, func() batch {
				rgb, ids := r.Tensor("input.rgb"), r.Tensor("input.ids")
				n, h, w, _ := rgb.Dims4()
				size := int(3 * h * w)
				planes := make([]float32, int(n)*size) // [N, 3, H, W]
				for i := range int(n) {
					pixels.PLIP().CHW(planes[i*size:(i+1)*size], rgb.Bytes()[i*size:(i+1)*size], int(w), int(h), false)
				}
				return batch{image: tensor.FromFloat32(tensor.CPU, planes, n, 3, h, w), ids: r.Tensor("input.identities"), labels: r.Tensor("input.labels"),
					captions: tokens{n, ids.Dim(1), ids.Int64s(), r.Tensor("input.mask").Int64s()}}
			})
		})
	}
}
