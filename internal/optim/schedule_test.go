package optim

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

func TestStepSchedule(t *testing.T) {
	data, err := os.ReadFile("testdata/fixtures/schedule.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Pretrain struct {
			BERTFactor float64 `json:"bert_factor"`
			LR         [][2]float64
		}
		Finetune struct {
			Base [2]float64
			LR   [][2]float64
		}
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	near := func(what string, e int, want, got float64) {
		t.Helper()
		if math.Abs(want-got) > 1e-12*want {
			t.Errorf("%s, epoch %d: want %v, got %v", what, e, want, got)
		}
	}
	s := DefaultSchedule()
	if len(want.Pretrain.LR) != s.Epochs {
		t.Fatalf("want %d epochs in the reference, got %d", s.Epochs, len(want.Pretrain.LR))
	}
	for e, lr := range want.Pretrain.LR {
		near("visual", e, lr[0], s.Rate(e, 0))
		near("visual, inside the epoch", e, lr[0], s.Rate(e, 0.7))
		near("bert", e, lr[1], s.Rate(e, 0)*want.Pretrain.BERTFactor)
	}
	fine := Schedule{Kind: ScheduleStep, Base: want.Finetune.Base[1], Warmup: 5, Milestones: []int{20}, Factor: 0.1, Epochs: 30}
	for e, lr := range want.Finetune.LR {
		near("fine-tuning", e, lr[1], fine.Rate(e, 0))
	}
}

func TestCosineSchedule(t *testing.T) {
	s := Schedule{Kind: ScheduleCosine, Base: 0.01, Warmup: 2, Epochs: 10}
	for _, c := range []struct {
		e      int
		within float64
		want   float64
	}{{0, 0, 0}, {1, 0, 0.005}, {1, 0.5, 0.0075}, {2, 0, 0.01}, {6, 0, 0.005}, {10, 0, 0}, {11, 0, 0}} {
		if got := s.Rate(c.e, c.within); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("epoch %v: want %v, got %v", float64(c.e)+c.within, c.want, got)
		}
	}
	s.Kind = ScheduleFixed
	if got := s.Rate(9, 0.9); got != 0.01 {
		t.Errorf("fixed: want 0.01, got %v", got)
	}
}

func TestScheduleProblems(t *testing.T) {
	err := Schedule{Kind: "poly", Base: 0, Warmup: -1}.Validate()
	for _, want := range []string{`got "poly"`, "lr: want more than 0", "warmup and epochs"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q among the problems, got %v", want, err)
		}
	}
}
