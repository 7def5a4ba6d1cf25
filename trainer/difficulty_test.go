package trainer

import (
	"math"
	"strings"
	"testing"
)

func TestDifficulty(t *testing.T) {
	for _, c := range []struct {
		kind   string
		x      float64
		want   float64
		epochs int
		epoch  int
	}{
		{DifficultySqrt, 0.25, 0.5, 5, 1},
		{DifficultyLinear, 0.25, 0.35, 5, 1},
		{DifficultySquare, 0.5, 0.35, 3, 1},
		{DifficultyConstant, 0.9, 0.4, 10, 9},
		{DifficultySqrt, 0, 0.2, 1, 0},
		{DifficultySquare, 1, 0.8, 70, 69},
	} {
		d := Difficulty{Kind: c.kind, Constant: 0.4}
		if err := d.Validate(); err != nil {
			t.Fatal(err)
		}
		if got := d.At(c.x); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%s at %v: want %v, got %v", c.kind, c.x, c.want, got)
		}
		if got := d.Epoch(c.epoch, c.epochs); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%s in epoch %d of %d: want %v, got %v", c.kind, c.epoch, c.epochs, c.want, got)
		}
	}
	if err := (Difficulty{Kind: "cubic", Constant: 2}).Validate(); err == nil || !strings.Contains(err.Error(), `got "cubic"`) || !strings.Contains(err.Error(), "got 2") {
		t.Errorf("want both problems, got %v", err)
	}
}

// TestDifficultyOfSteps has a training end within its first epoch: the difficulty still goes from one end to the other.
func TestDifficultyOfSteps(t *testing.T) {
	c := DefaultConfig()
	c.Schedule.Epochs = 3
	for _, limit := range []struct {
		maxSteps int64
		want     []float64 // after 0, 3 and 6 steps
	}{{9, []float64{0.2, 0.2 + 0.6*math.Sqrt(0.5), 0.8}}, {0, []float64{0.2, 0.2, 0.2}}} {
		c.MaxSteps = limit.maxSteps
		for i, want := range limit.want {
			run := &training{config: c, batches: 100}
			run.at.Step = int64(3 * i)
			if got := run.difficulty(); math.Abs(got-want) > 1e-12 {
				t.Errorf("after %d of %d steps: want %v, got %v", run.at.Step, limit.maxSteps, want, got)
			}
		}
	}
}
