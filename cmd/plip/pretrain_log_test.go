package main

import (
	"regexp"
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
