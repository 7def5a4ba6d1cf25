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
			inOneOrder(t, "testdata/fixtures/cmpmc-steps.safetensors", sideBySide, func(r *nntest.Reference, _ *Model, by int64) batch {
				rgb, ids := rotated(r, "rgb", by), rotated(r, "ids", by)
				n, h, w, _ := rgb.Dims4()
				size := int(3 * h * w)
				planes := make([]float32, int(n)*size) // [N, 3, H, W]
				for i := range int(n) {
					pixels.PLIP().CHW(planes[i*size:(i+1)*size], rgb.Bytes()[i*size:(i+1)*size], int(w), int(h), false)
				}
				return batch{image: tensor.FromFloat32(tensor.CPU, planes, n, 3, h, w), ids: rotated(r, "identities", by), labels: rotated(r, "labels", by),
					captions: tokens{n, ids.Dim(1), ids.Int64s(), rotated(r, "mask", by).Int64s()}}
			})
		})
	}
}
