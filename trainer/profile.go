package trainer

import (
	"sync/atomic"
	"time"

	"plip/internal/tensor"
)

// stage is a part of a training step, or of what the loader does beside it.
type stage int

const (
	stageWait stage = iota
	stageTokenise
	stageInputs
	stageImage
	stageGray
	stageText
	stageContrast
	stageColorize
	stageAttributes
	stageBackwardHeads
	stageBackwardImage
	stageBackwardText
	stageUpdate
	stageRead
	stageDecode
	numStages
)

// stageNames are what people read. Those of the loader run beside the step, on goroutines of their own.
var stageNames = [numStages]string{"wait for the loader", "tokenise", "tensors of the batch", "forward image", "forward gray", "forward text", "forward contrast",
	"forward colourise", "forward attributes", "backward heads", "backward image", "backward text", "optimizer", "loader: read", "loader: decode"}

// Profile is where the time of a training's steps goes, by the clock. Encoders that run side by side are counted both,
// as are the goroutines of the loader: such stages do not add up to the whole. Validations and checkpoints are left out.
type Profile struct {
	Steps   int64          `json:"steps" doc:"measured"`
	Seconds float64        `json:"seconds" doc:"of these steps and the waits between them"`
	Flops   float64        `json:"flops" doc:"floating-point operations of matrix products and convolutions in these steps, of this process; 0 where they are not counted"`
	Stages  []ProfileStage `json:"stages" doc:"parts of the step in its order, then the loader's"`
}

// Rate is the operations a second of the whole, 0 where none were counted.
func (p Profile) Rate() float64 { return p.Flops / max(p.Seconds, 1e-9) }

// ProfileStage is one part.
type ProfileStage struct {
	Name    string  `json:"name" doc:"what was done"`
	Seconds float64 `json:"seconds" doc:"in all steps"`
	Share   float64 `json:"share" doc:"of the seconds of the steps"`
	Flops   float64 `json:"flops,omitempty" doc:"floating-point operations of its matrix products and convolutions in all steps"`
}

// Rate is the operations a second of the stage, 0 where none were counted.
func (s ProfileStage) Rate() float64 { return s.Flops / max(s.Seconds, 1e-9) }

// stopwatch adds up the time of stages. A nil one measures nothing. It is safe for concurrent use, but for ops.
type stopwatch struct {
	spent  [numStages]atomic.Int64
	ops    [numStages]float64 // counted operations (flops.go)
	device tensor.Device      // waited for at the end of a stage: CUDA's calls return before the work is done. CPU: none
}

// newStopwatch measures a training on a device. Without libplip_cuda.so a CUDA device cannot be waited for.
func newStopwatch(device tensor.Device) *stopwatch {
	if tensor.NCCL() == "" {
		device = tensor.CPU
	}
	return &stopwatch{device: device}
}

// start begins a stage; the function it returns ends it.
func (w *stopwatch) start(s stage) (stop func()) {
	if w == nil {
		return func() {}
	}
	from := time.Now()
	return func() {
		if s >= stageInputs && s <= stageUpdate {
			tensor.Synchronize(w.device)
		}
		w.spent[s].Add(int64(time.Since(from)))
	}
}

// profile is what was measured in steps of a duration in all.
func (w *stopwatch) profile(steps int64, all time.Duration) Profile {
	p := Profile{Steps: steps, Seconds: all.Seconds()}
	for s := range w.spent {
		d := time.Duration(w.spent[s].Load())
		if d == 0 {
			continue
		}
		p.Stages = append(p.Stages, ProfileStage{stageNames[s], d.Seconds(), d.Seconds() / max(all.Seconds(), 1e-9), w.ops[s]})
		p.Flops += w.ops[s]
	}
	return p
}
