package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"plip/internal/runlog"
	"plip/trainer"
)

func TestStepLine(t *testing.T) {
	p := trainer.Progress{Step: 100, Left: 150 * time.Second, Loss: 3.25, Parts: []runlog.Field{{Name: "ivlc", Value: 3}, {Name: "tic", Value: 0.25}}, LR: 0.002, ImagesPerSecond: 64, DataWait: 0.034}
	want := regexp.MustCompile(`^step +100  loss 3\.25  ivlc 3  tic 0\.25  lr 0\.002  images/s 64  data wait % 3  peak MB [0-9]+  left 2m30s$`)
	if got := stepLine(p); !want.MatchString(got) {
		t.Errorf("want %s, got %q", want, got)
	}
}

func TestProfileTable(t *testing.T) {
	p := trainer.Profile{Steps: 2, Seconds: 4, Flops: 8e9, Stages: []trainer.ProfileStage{{Name: "forward image", Seconds: 2, Share: 0.5, Flops: 8e9}, {Name: "optimizer", Seconds: 1, Share: 0.25}}}
	for peak, want := range map[float64]string{0: "", 0.1: ", 2.00 % of 0.1 TFLOP/s"} {
		var out strings.Builder
		if err := profileTable(&out, p, peak); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		var got []string
		for _, l := range lines {
			got = append(got, strings.Join(strings.Fields(l), " "))
		}
		if want := []string{"where 2 steps went ms a step % GFLOP/s", "forward image 1000.0 50.0 4.0", "optimizer 500.0 25.0", "all 2000.0 100 2.0",
			"4 GFLOP a step (matrix products and convolutions, forward and backward)" + want}; !slices.Equal(got, want) {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}
