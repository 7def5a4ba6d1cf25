package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// demoKills is how often the line is stopped.
const demoKills = 9

// TestKilledDemo kills and interrupts the whole line at random moments, and compares what it ends with with an
// undisturbed one: every figure but times, and every shard.
func TestKilledDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the line twice")
	}
	dir := t.TempDir()
	whole, killed := filepath.Join(dir, "whole"), filepath.Join(dir, "killed")
	began := time.Now()
	if err := runDemo(t, whole, nil, 0); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	random := rand.New(rand.NewPCG(uint64(began.UnixNano()), 0))
	for kill := range demoKills {
		after := time.Duration(random.Int64N(int64(took) / 2))
		s := stops[kill%len(stops)]
		err := runDemo(t, killed, &s, after)
		var exit *exec.ExitError
		if err != nil && !(errors.As(err, &exit) && s.is(exit)) {
			t.Fatal(err)
		}
		t.Logf("%s after %v: hit %s", s.name, after, hitStage(t, killed))
	}
	if err := runDemo(t, killed, nil, 0); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(demoFigures(t, whole), demoFigures(t, killed)); diff != "" {
		t.Errorf("figures (-whole +killed):\n%s", diff)
	}
	for _, shards := range []string{"corpus/raw", "filtered", "captioned", "balanced", "pedes/train"} {
		want, got := readShards(t, filepath.Join(whole, shards)), readShards(t, filepath.Join(killed, shards))
		if len(want) == 0 || !cmp.Equal(want, got) {
			t.Errorf("%s: want the shards of the undisturbed run, got others", shards)
		}
	}
}

// stop is a way in which a line ends early.
type stop struct {
	name   string
	signal syscall.Signal
	group  bool // its commands get the signal too, as from a terminal
}

var stops = []stop{
	{"kill", syscall.SIGKILL, true},
	{"Ctrl-C", syscall.SIGINT, true},
	{"interrupt of the line alone", syscall.SIGINT, false},
}

// is tells whether a line ended by it: by the signal before it listened, or orderly.
func (s stop) is(exit *exec.ExitError) bool {
	return exit.Sys().(syscall.WaitStatus).Signal() == s.signal || s.signal == syscall.SIGINT && exit.ExitCode() == 130
}

// runDemo runs the line in a process group of its own and stops it after a while; nil lets it end.
func runDemo(t *testing.T, dir string, s *stop, after time.Duration) error {
	t.Helper()
	plip, err := exec.LookPath("plip")
	if err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	c := exec.Command(plip, "demo", "--quick", "--threads", "1", "-o", dir)
	c.Env = append(os.Environ(), "OMP_WAIT_POLICY=passive")
	c.Stderr = &output
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if s != nil {
		timer := time.AfterFunc(after, func() {
			pid := c.Process.Pid
			if s.group {
				pid = -pid
			}
			if err := syscall.Kill(pid, s.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				t.Error(err)
			}
		})
		defer timer.Stop()
	}
	if err := c.Wait(); err != nil {
		if s == nil {
			t.Log(output.String())
		}
		return err
	}
	return nil
}

// hitStage is the first command of the line that is not done, and what it left.
func hitStage(t *testing.T, dir string) string {
	t.Helper()
	var state lineState
	data, err := os.ReadFile(filepath.Join(dir, "line.json"))
	if err == nil {
		err = json.Unmarshal(data, &state)
	}
	if err != nil {
		return "the first command: " + err.Error()
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", "*.tmp*"))
	if err != nil {
		t.Fatal(err)
	}
	d := &demoRun{o: &demoOptions{out: dir, quick: true, threads: 1}}
	for _, s := range d.stages() {
		if !state.Done[s.name].finished() {
			return s.name + ", half-written files: " + strings.Join(left, " ")
		}
	}
	return "nothing: all was done"
}

// demoFigures are report.json without times and memory.
func demoFigures(t *testing.T, dir string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var figures map[string]any
	if err := json.Unmarshal(data, &figures); err != nil {
		t.Fatal(err)
	}
	delete(figures, "stages")
	return figures
}

// readShards are the shard files of a dataset by name.
func readShards(t *testing.T, dir string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(data)
	}
	return files
}
