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
