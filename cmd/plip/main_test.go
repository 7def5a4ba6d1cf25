package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plip/internal/runlog"
	"plip/parquet"
)

func TestExitStatus(t *testing.T) {
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("disk on fire"), 1},
		{&commandError{err: errors.New("disk on fire")}, 1},
		{usagef("no such thing"), 2},
		{&commandError{err: fmt.Errorf("start: %w", usagef("no such thing"))}, 2},
		{fmt.Errorf("start: %w", &parquet.ConfigMismatchError{}), 2},
		{fmt.Errorf("start: %w", &runlog.MismatchError{}), 2},
		{fmt.Errorf("row 3: %w", context.Canceled), 130},
		{&commandError{err: fmt.Errorf("row 3: %w", context.DeadlineExceeded)}, 130},
	} {
		if got := exitStatus(test.err); got != test.want {
			t.Errorf("%v: want status %d, got %d", test.err, test.want, got)
		}
	}
}

func TestHints(t *testing.T) {
	mismatch := &parquet.ConfigMismatchError{}
	for _, test := range []struct {
		name string
		err  error
		want []string
	}{
		{"failure", &commandError{err: errors.New("x"), path: "plip split", resumes: true, force: true}, nil},
		{"interruption", &commandError{err: context.Canceled, resumes: true}, []string{"the same command continues where this one stopped"}},
		{"interruption of what cannot resume", &commandError{err: context.Canceled}, nil},
		{"mismatch", &commandError{err: mismatch, force: true}, []string{"use the same settings, another -o, or --force to start anew"}},
		{"mismatch without --force", &commandError{err: mismatch}, nil},
		{"usage", &commandError{err: usagef("x"), path: "plip split"}, []string{"plip split --help shows an example"}},
		{"exists", &commandError{err: &outputExistsError{"a"}, force: true}, []string{"--force replaces it"}},
		{"unfinished", &commandError{err: parquet.ErrUnfinished}, []string{"the command that began it continues it"}},
	} {
		if got := hints(test.err); strings.Join(got, "|") != strings.Join(test.want, "|") {
			t.Errorf("%s: want %q, got %q", test.name, test.want, got)
		}
	}
}

// TestInterrupt cancels a run at its first line of progress, as a signal does,
// and continues it: the shards are those of the uninterrupted run.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	args := func(out string) []string {
		return strings.Fields("ingest demo --captioned 40 --raw 1 --valid 1 --test 1 --cameras 2 -o " + filepath.Join(dir, out))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := run(ctx, args("stopped"), strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{})
	if exitStatus(err) != 130 || !strings.HasPrefix(err.Error(), "interrupted: ") {
		t.Fatalf("want an interruption, got %v", err)
	}
	var outputs [2]bytes.Buffer
	for i, out := range []string{"stopped", "whole"} {
		if err := run(t.Context(), args(out), strings.NewReader(""), &outputs[i], &bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
		if err := run(t.Context(), []string{"verify", filepath.Join(dir, out, "captioned")}, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}); err != nil {
			t.Error(err)
		}
	}
	if got, want := strings.ReplaceAll(outputs[0].String(), "stopped", "whole"), outputs[1].String(); got != want {
		t.Errorf("want\n%sgot\n%s", want, got)
	}
}

// TestOneWishTwoSignals sends an interrupt twice at once, as a terminal and a parent do together: the run stops cleanly.
func TestOneWishTwoSignals(t *testing.T) {
	plip, err := exec.LookPath("plip")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := exec.Command(plip, "ingest", "demo", "-o", dir, "--captioned", "20000", "--raw", "1", "--valid", "1", "--test", "1")
	var output bytes.Buffer
	c.Stderr = &output
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	begun := filepath.Join(dir, "captioned", "run.json")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(begun); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Error("want a run that began, got none within a minute")
			break
		}
	}
	for range 2 {
		if err := c.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	}
	if err := c.Wait(); c.ProcessState.ExitCode() != 130 {
		t.Errorf("want exit status 130, got %v\n%s", err, output.String())
	}
}
