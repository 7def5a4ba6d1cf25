package trainer

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"plip/internal/feed"
	"plip/internal/runlog"
	"plip/internal/tensor"
)

func TestLossScale(t *testing.T) {
	s := lossScale{Scale: 8, Kept: 5}
	for _, norm := range []float64{math.Inf(1), math.NaN()} {
		if s.update(norm) {
			t.Errorf("gradients of norm %v: want them left unused", norm)
		}
	}
	if s.Scale != 2 || s.Kept != 0 {
		t.Errorf("want half the scale after each of two overflows, got %+v", s)
	}
	for range scaleInterval {
		if !s.update(1) {
			t.Fatal("want finite gradients used")
		}
	}
	if s.Scale != 4 || s.Kept != 0 {
		t.Errorf("want twice the scale after %d updates, got %+v", scaleInterval, s)
	}
	s = lossScale{Scale: greatestScale, Kept: scaleInterval - 1}
	if s.update(0); s.Scale != greatestScale {
		t.Errorf("want a scale of %d at most, got %v", greatestScale, s.Scale)
	}
}

// TestScaledLossTrainsTheSame trains in float32, where a scale that is a power of two changes no digit, with a scale, and
// with one so great that the first steps overflow: those leave the model as it was.
func TestScaledLossTrainsTheSame(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 2, nil)
	train := func(scale float64) (losses []float64, at State) {
		c := tinyConfig(t)
		c.MaxSteps, c.Schedule.Epochs, c.Text.Dropout, c.Text.AttentionDropout = 4, 10, 0, 0
		run := tinyRun(t, t.TempDir(), ds)
		training, err := newTraining(context.Background(), c, run)
		if err != nil {
			t.Fatal(err)
		}
		defer training.close()
		training.at.Scale.Scale = scale
		for !training.finished() {
			training.batches = training.loader.Batches(training.at.Epoch)
			err := training.loader.Epoch(context.Background(), training.at.Epoch, training.at.Batch, func(b *feed.Batch) error {
				return training.step(context.Background(), b)
			})
			if err != nil && err != errEnough {
				t.Fatal(err)
			}
			training.at.Epoch, training.at.Batch = training.at.Epoch+1, 0
		}
		records, err := runlog.ReadMetrics(run.Dir + "/" + runlog.MetricsFile)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			loss, _ := r.Get("loss")
			losses = append(losses, loss)
		}
		return losses, training.at
	}
	want, _ := train(0)
	got, at := train(firstScale)
	if !slices.Equal(want, got) || at.Scale.Kept != 4 {
		t.Errorf("want the losses %v of no scale after 4 updates, got %v, %+v", want, got, at.Scale)
	}
	_, at = train(math.Ldexp(1, 130)) // beyond float32
	if !(at.Scale.Scale < math.Ldexp(1, 130)) || at.Scale.Kept == 4 {
		t.Errorf("want a smaller scale after an overflow, got %+v", at.Scale)
	}
}

func TestFloat16NeedsCUDA(t *testing.T) {
	c := tinyConfig(t)
	c.Precision = PrecisionFP16
	run := tinyRun(t, t.TempDir(), colourDataset(t, t.TempDir(), 2, nil))
	if _, err := Train(context.Background(), c, run); err == nil || !strings.Contains(err.Error(), "precision fp16: want a CUDA device, got cpu") {
		t.Errorf("want float16 refused on %v, got %v", tensor.CPU, err)
	}
}
