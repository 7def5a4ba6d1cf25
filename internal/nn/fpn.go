package nn

import (
	"strconv"

	"plip/internal/tensor"
)

// FPN is the feature pyramid network (arXiv 1612.03144) with torchvision's names: inner_blocks.I.0 brings stage I to a
// common width, layer_blocks.I.0 smooths the sum with the level above.
type FPN struct{ inner, layer []*Conv2d }

// NewFPN takes the channels of the stages, finest first.
func NewFPN(path Path, channels []int64, out int64) *FPN {
	f := &FPN{}
	for i, c := range channels {
		f.inner = append(f.inner, NewConv2d(path.Sub("inner_blocks").Sub(strconv.Itoa(i)).Sub("0"), c, out, 1, 1, 0, true))
	}
	for i := range channels {
		f.layer = append(f.layer, NewConv2d(path.Sub("layer_blocks").Sub(strconv.Itoa(i)).Sub("0"), out, out, 3, 1, 1, true))
	}
	return f
}

// Forward maps the stages' outputs, finest first, to the pyramid's levels.
func (f *FPN) Forward(stages []tensor.Tensor) (levels []tensor.Tensor) { // [N, out, H/2^i, W/2^i]
	levels = make([]tensor.Tensor, len(stages))
	top := tensor.Tensor{}
	for i := len(stages) - 1; i >= 0; i-- {
		top = f.merge(stages, i, top)
		levels[i] = f.layer[i].Forward(top)
	}
	return levels
}

// Level is level i of Forward alone.
func (f *FPN) Level(stages []tensor.Tensor, i int) tensor.Tensor { // [N, out, H/2^i, W/2^i]
	top := tensor.Tensor{}
	for k := len(stages) - 1; k >= i; k-- {
		top = f.merge(stages, k, top)
	}
	return f.layer[i].Forward(top)
}

// merge brings stage i to the common width and adds the level above, enlarged.
func (f *FPN) merge(stages []tensor.Tensor, i int, above tensor.Tensor) tensor.Tensor { // [N, out, H/2^i, W/2^i]
	tensor.Check(len(stages) == len(f.inner), "fpn", "want %d stages, got %d", len(f.inner), len(stages))
	inner := f.inner[i].Forward(stages[i])
	if !above.Defined() {
		return inner
	}
	_, _, h, w := inner.Dims4()
	return inner.Add(above.UpsampleNearest(h, w))
}
