package trainer

import (
	"sync/atomic"
	"time"
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
	Stages  []ProfileStage `json:"stages" doc:"parts of the step in its order, then the loader's"`
}

// ProfileStage is one part.
type ProfileStage struct {
	Name    string  `json:"name" doc:"what was done"`
	Seconds float64 `json:"seconds" doc:"in all steps"`
	Share   float64 `json:"share" doc:"of the seconds of the steps"`
}

// stopwatch adds up the time of stages. A nil one measures nothing. It is safe for concurrent use.
type stopwatch struct{ spent [numStages]atomic.Int64 }

// start begins a stage; the function it returns ends it.
func (w *stopwatch) start(s stage) (stop func()) {
	if w == nil {
		return func() {}
	}
	from := time.Now()
	return func() { w.spent[s].Add(int64(time.Since(from))) }
}

// profile is what was measured in steps of a duration in all.
func (w *stopwatch) profile(steps int64, all time.Duration) Profile {
	p := Profile{Steps: steps, Seconds: all.Seconds()}
	for s := range w.spent {
		d := time.Duration(w.spent[s].Load())
		if d == 0 {
			continue
		}
		p.Stages = append(p.Stages, ProfileStage{stageNames[s], d.Seconds(), d.Seconds() / max(all.Seconds(), 1e-9)})
	}
	return p
}
