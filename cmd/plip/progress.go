package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// plainInterval is the time between two lines of progress where standard
// error is not a terminal.
const plainInterval = 10 * time.Second

// progress shows how far a stage is: a bar with rate and remaining time on a
// terminal, else one plain line every ten seconds. One stage runs at a time.
// All methods are safe for concurrent use.
type progress struct {
	w        io.Writer
	terminal bool
	now      func() time.Time

	mu       sync.Mutex
	bar      *progressbar.ProgressBar // nil when idle or not on a terminal
	stage    string                   // empty when idle
	unit     string
	done     int64
	total    int64 // 0 when unknown
	started  time.Time
	lastLine time.Time
}

// newProgress returns an idle progress display on w.
func newProgress(w io.Writer) *progress {
	p := &progress{w: w, now: time.Now}
	if f, ok := w.(*os.File); ok {
		p.terminal = term.IsTerminal(int(f.Fd()))
	}
	return p
}

// Start begins a stage of total units, such as "images"; 0 when the total is
// not known. It ends the stage before.
func (p *progress) Start(stage string, total int64, unit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finish()
	p.stage, p.total, p.unit, p.done = stage, total, unit, 0
	p.started = p.now()
	p.lastLine = p.started
	if p.terminal {
		p.bar = p.newBar()
	}
}

// Add counts n more units.
func (p *progress) Add(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(p.done + n)
}

// Callback returns a function of units done and their total for stages that
// report that way; its first call begins the stage.
func (p *progress) Callback(stage, unit string) func(done, total int64) {
	started := false
	return func(done, total int64) {
		if !started {
			p.Start(stage, total, unit)
			started = true
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.set(done)
	}
}

// Done ends the stage. Without a stage it does nothing.
func (p *progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finish()
}

// Printf writes one line to the same stream, above the bar if there is one.
func (p *progress) Printf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.check(p.bar.Clear())
	}
	fmt.Fprintf(p.w, format+"\n", args...)
	if p.bar != nil {
		p.check(p.bar.RenderBlank())
	}
}

// set moves the stage to done units; p.mu is held.
func (p *progress) set(done int64) {
	p.done = done
	switch {
	case p.stage == "":
	case p.bar != nil:
		p.check(p.bar.Set64(done))
	case p.now().Sub(p.lastLine) >= plainInterval:
		p.lastLine = p.now()
		fmt.Fprintln(p.w, p.line())
	}
}

// finish ends the stage; p.mu is held. A stage that was visible leaves one
// line with its total and rate.
func (p *progress) finish() {
	if p.stage == "" {
		return
	}
	if p.bar != nil {
		p.check(p.bar.Clear())
	}
	if p.bar != nil || p.lastLine.After(p.started) {
		elapsed := p.now().Sub(p.started)
		fmt.Fprintf(p.w, "%s: %d %s in %s, %s\n", p.stage, p.done, p.unit, round(elapsed), rate(p.done, elapsed, p.unit))
	}
	p.stage, p.bar = "", nil
}

// check drops the bar when its stream fails: progress must not end a run.
func (p *progress) check(err error) {
	if err != nil {
		p.bar = nil
	}
}

// line is the plain line for the present state.
func (p *progress) line() string {
	elapsed := p.now().Sub(p.started)
	s := fmt.Sprintf("%s: %d", p.stage, p.done)
	if p.total > 0 {
		s += fmt.Sprintf("/%d %s, %d%%", p.total, p.unit, 100*p.done/p.total)
	} else {
		s += " " + p.unit
	}
	s += ", " + rate(p.done, elapsed, p.unit)
	if p.total > p.done && p.done > 0 {
		left := time.Duration(float64(elapsed) / float64(p.done) * float64(p.total-p.done))
		s += fmt.Sprintf(", %s left", round(left))
	}
	return s
}

// newBar draws the bar of the stage.
func (p *progress) newBar() *progressbar.ProgressBar {
	total := p.total
	if total <= 0 {
		total = -1 // a spinner
	}
	return progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(p.w),
		progressbar.OptionSetDescription(p.stage),
		progressbar.OptionSetItsString(p.unit),
		progressbar.OptionShowIts(),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetRenderBlankState(true),
	)
}

// rate is units per second, in three digits where that is enough.
func rate(n int64, elapsed time.Duration, unit string) string {
	if elapsed <= 0 {
		return "0 " + unit + "/s"
	}
	r := float64(n) / elapsed.Seconds()
	if r >= 100 {
		return fmt.Sprintf("%.0f %s/s", r, unit)
	}
	return fmt.Sprintf("%.3g %s/s", r, unit)
}

// round cuts a duration to what a reader can use.
func round(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}
