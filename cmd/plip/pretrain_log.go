//go:build cgo

package main

import (
	"fmt"
	"io"
	"math"
	"syscall"
	"text/tabwriter"
	"time"

	"plip/internal/runlog"
	"plip/trainer"
)

// stepLine is the line that a person reads of a step: the loss and each task's, speed, share of the
// time spent waiting for data, learning rate, the most memory so far, and the time left.
func stepLine(p trainer.Progress) string {
	fields := append([]runlog.Field{{Name: "loss", Value: p.Loss}}, p.Parts...)
	fields = append(fields, runlog.Field{Name: "lr", Value: p.LR}, runlog.Field{Name: "images/s", Value: math.Round(p.ImagesPerSecond)},
		runlog.Field{Name: "data wait %", Value: math.Round(100 * p.DataWait)})
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err == nil {
		fields = append(fields, runlog.Field{Name: "peak MB", Value: math.Round(float64(usage.Maxrss) * 1024 / 1e6)})
	}
	line := runlog.Line(p.Step, fields...)
	if p.Left > 0 {
		line += "  left " + p.Left.Round(time.Second).String()
	}
	return line
}

// profileTable writes a profile for people, with the share of the peak where it is given, in 10^12 operations a second.
func profileTable(out io.Writer, p trainer.Profile, peakTFLOPS float64) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', tabwriter.AlignRight)
	steps := float64(max(p.Steps, 1))
	fmt.Fprintf(w, "where %d steps went\tms a step\t%%\tGFLOP/s\t\n", p.Steps)
	for _, s := range p.Stages {
		fmt.Fprintf(w, "%s\t%.1f\t%.1f\t%s\t\n", s.Name, 1000*s.Seconds/steps, 100*s.Share, giga(s.Rate()))
	}
	fmt.Fprintf(w, "all\t%.1f\t100\t%s\t\n", 1000*p.Seconds/steps, giga(p.Rate()))
	if err := w.Flush(); err != nil || p.Flops == 0 {
		return err
	}
	_, err := fmt.Fprintf(out, "%.4g GFLOP a step (matrix products and convolutions, forward and backward)%s\n", p.Flops/steps/1e9, utilisation(p, peakTFLOPS))
	return err
}

// giga is a rate in 10^9 operations a second, nothing where none were counted.
func giga(rate float64) string {
	if rate == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", rate/1e9)
}

// utilisation is the share of the hardware's peak, nothing where that is not given.
func utilisation(p trainer.Profile, peakTFLOPS float64) string {
	if peakTFLOPS == 0 {
		return ""
	}
	return fmt.Sprintf(", %.2f %% of %g TFLOP/s", 100*p.Rate()/(peakTFLOPS*1e12), peakTFLOPS)
}
