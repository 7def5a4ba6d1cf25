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

// profileTable writes a profile for people.
func profileTable(out io.Writer, p trainer.Profile) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', tabwriter.AlignRight)
	steps := float64(max(p.Steps, 1))
	fmt.Fprintf(w, "where %d steps went\tms a step\t%%\t\n", p.Steps)
	for _, s := range p.Stages {
		fmt.Fprintf(w, "%s\t%.1f\t%.1f\t\n", s.Name, 1000*s.Seconds/steps, 100*s.Share)
	}
	fmt.Fprintf(w, "all\t%.1f\t100\t\n", 1000*p.Seconds/steps)
	return w.Flush()
}
