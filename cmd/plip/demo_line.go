//go:build cgo

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"plip/internal/runlog"
)

// line runs commands of this program one after the other, each in a process of its own, and remembers which are done:
// a line that is run again goes on with the first that is not. What a command leaves half done it resumes itself.
type line struct {
	c      *call
	dir    string
	state  lineState
	locked *os.File
}

// lineState is what line.json holds.
type lineState struct {
	Settings map[string]string    `json:"settings"`
	Done     map[string]*doneStep `json:"done"`
}

// doneStep is a command that ended well, or was interrupted.
type doneStep struct {
	Args      []string        `json:"args"`
	Seconds   float64         `json:"seconds"` // over all tries
	PeakBytes int64           `json:"peak_bytes"`
	Result    json.RawMessage `json:"result"` // what --json printed; null while unfinished
}

// finished tells whether the command ended well. A null of the file reads as the four letters, not as nil.
func (d *doneStep) finished() bool {
	return d != nil && len(d.Result) > 0 && string(d.Result) != "null"
}

// openLine takes the folder for this process. A folder of other settings is refused unless force empties it.
func openLine(dir string, c *call, settings map[string]string, force bool) (*line, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	l := &line{c: c, dir: dir, state: lineState{Settings: settings, Done: map[string]*doneStep{}}}
	lock, err := os.OpenFile(filepath.Join(dir, "line.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: another run is going on there", dir), lock.Close())
	}
	l.locked = lock
	if force {
		if err := l.empty(); err != nil {
			return nil, errors.Join(err, lock.Close())
		}
		return l, nil
	}
	var saved lineState
	switch err := runlog.ReadJSON(l.file(), &saved); {
	case errors.Is(err, fs.ErrNotExist):
		return l, nil
	case err != nil:
		return nil, errors.Join(err, lock.Close())
	}
	if want, got := fmt.Sprint(settings), fmt.Sprint(saved.Settings); want != got {
		return nil, errors.Join(&usageError{fmt.Errorf("%s was begun with other settings: want %s, got %s (--force starts anew)", dir, want, got)}, lock.Close())
	}
	if saved.Done != nil {
		l.state.Done = saved.Done
	}
	return l, nil
}

func (l *line) close() {
	if err := l.locked.Close(); err != nil {
		l.c.logf("unlock %s: %v", l.dir, err)
	}
}

func (l *line) file() string { return filepath.Join(l.dir, "line.json") }

// empty removes what an earlier line left, but the lock.
func (l *line) empty() error {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == "line.lock" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(l.dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// run makes sure that a step was done and decodes what its command printed into result, which may be nil.
func (l *line) run(ctx context.Context, step string, result any, args ...string) error {
	done := l.state.Done[step]
	if !done.finished() {
		if done == nil {
			done = &doneStep{Args: args}
			l.state.Done[step] = done
		}
		fmt.Fprintf(l.c.err, "\n$ plip %s\n", strings.Join(args, " "))
		if err := l.command(ctx, done, args); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", step, err), l.save())
		}
		if err := l.save(); err != nil {
			return err
		}
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(done.Result, result); err != nil {
		return fmt.Errorf("%s: result of plip %s: %w", step, args[0], err)
	}
	return nil
}

func (l *line) save() error { return runlog.WriteJSON(l.file(), l.state) }

// withoutJob leaves the variables of array jobs and of ranks out: a line is one run, also as a task of a job.
func withoutJob(env []string) []string {
	return slices.DeleteFunc(env, func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "SLURM_ARRAY_") || slices.Contains([]string{"JOB_COMPLETION_INDEX", "RANK", "WORLD_SIZE", "SLURM_PROCID"}, name)
	})
}

// command runs the program again with other arguments. An interrupt reaches the whole process group: the command stops
// by itself, and is waited for. When this process dies it is told to stop.
func (l *line) command(ctx context.Context, done *doneStep, args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, self, append(args, "--json")...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = withoutJob(os.Environ())
	cmd.Stdout, cmd.Stderr = &out, l.c.err
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = time.Minute
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	runtime.LockOSThread() // the signal on our death is bound to this thread
	defer runtime.UnlockOSThread()
	began := time.Now()
	err = cmd.Run()
	done.Seconds += time.Since(began).Seconds()
	if cmd.ProcessState != nil { // it was started
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			done.PeakBytes = max(done.PeakBytes, usage.Maxrss*1024)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("plip %s: %w", args[0], err)
	}
	done.Result = json.RawMessage(bytes.TrimSpace(out.Bytes()))
	return nil
}
