package dist

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"plip/internal/tensor"
)

const (
	beatEvery = 2 * time.Second
	silence   = 30 * time.Second // without a sign of life a rank is taken for dead
	findTime  = 3 * beatEvery    // how long a broken connection is looked into
	lingering = 5 * time.Second  // that the store stays for the others to read the end
	parting   = 20 * time.Second // that a process has to end after another rank's end, where devices are connected
)

// Keys of the store.
const (
	failedKey = "failed" // why the run ends: the first rank's reason
	beatKey   = "beat/"  // and a rank: its signs of life, counted
	leftKey   = "left/"  // and a rank: it needs the store no longer
)

// watch shows this rank's signs of life and looks for those of the next rank.
type watch struct {
	world  World
	store  *tensor.Store
	abort  func(why string)
	cancel context.CancelFunc
	done   chan struct{} // closed when the watch has ended
	lost   chan struct{} // closed when another rank has ended the run
	parted lastResort

	mu  sync.Mutex
	why string
}

func newWatch(w World, s *tensor.Store, abort func(string)) *watch {
	ctx, cancel := context.WithCancel(context.Background())
	v := &watch{world: w, store: s, abort: abort, cancel: cancel, done: make(chan struct{}), lost: make(chan struct{}),
		parted: lastResort{after: parting, ended: make(chan struct{}), kill: killSelf}}
	go v.run(ctx)
	return v
}

// run beats and looks until the watch is ended, or another rank's end is found.
func (v *watch) run(ctx context.Context) {
	defer close(v.done)
	next := (v.world.Rank + 1) % v.world.Size
	last, since := "", time.Now()
	for beat := int64(1); ; beat++ {
		reason, err := v.look(beat)
		if err != nil {
			reason = fmt.Sprintf("the ranks' store at %s:%d is gone, and with it rank 0 or the launcher: %v", v.world.Host, v.world.Port, err)
		}
		if reason == "" {
			switch now, _, err := v.store.Get(beatKey + strconv.Itoa(next)); {
			case err != nil: // the next look says so
			case now != last:
				last, since = now, time.Now()
			case time.Since(since) > silence:
				reason = v.announce(fmt.Sprintf("rank %d has shown no sign of life for %v", next, silence))
			}
		}
		if ctx.Err() != nil {
			return
		}
		if reason != "" {
			v.lose(reason)
			return
		}
		if !wait(ctx, beatEvery) {
			return
		}
	}
}

// look beats, and reads whether a rank has ended the run.
func (v *watch) look(beat int64) (reason string, err error) {
	if err := v.store.Set(beatKey+strconv.Itoa(v.world.Rank), strconv.FormatInt(beat, 10)); err != nil {
		return "", err
	}
	reason, _, err = v.store.Get(failedKey)
	return reason, err
}

// announce tells the other ranks why the run ends, unless one has told already; it returns the reason that stands.
func (v *watch) announce(reason string) string {
	if told, ok, err := v.store.Get(failedKey); err == nil && ok {
		return told
	}
	if err := v.store.Set(failedKey, reason); err != nil {
		return reason + " (and the store is gone)"
	}
	return reason
}

// lose records the reason and wakes what waits.
func (v *watch) lose(reason string) {
	v.mu.Lock()
	v.why = reason
	v.mu.Unlock()
	close(v.lost)
	v.abort(reason)
	if v.parted.armed.Load() {
		go v.parted.wait(reason)
	}
}

// lastResort ends a process that another rank's end has not ended: one that waits for its device, which waits for a dead
// rank although its collectives were aborted. No error can be returned from there.
type lastResort struct {
	armed atomic.Bool
	after time.Duration
	ended chan struct{} // closed when the process ends by itself
	kill  func(reason string)
}

func (l *lastResort) wait(reason string) {
	select {
	case <-l.ended:
	case <-time.After(l.after):
		l.kill(reason)
	}
}

func killSelf(reason string) {
	fmt.Fprintf(os.Stderr, "killed, since the device did not come back from a collective within %v after this: %s\n", parting, reason)
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // no way to fail is left
}

// reason is why another rank ended the run, "" where none did as far as is known.
func (v *watch) reason() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.why
}

// find looks for the reason of a broken connection: what a rank announces, or who shows no sign of life.
func (v *watch) find(broken error) string {
	before := v.beats()
	for deadline := time.Now().Add(findTime); time.Now().Before(deadline); {
		select {
		case <-v.lost:
			return v.reason()
		case <-time.After(beatEvery / 10):
		}
	}
	after := v.beats()
	var silent []string
	for r := range after {
		if r != v.world.Rank && after[r] == before[r] {
			silent = append(silent, strconv.Itoa(r))
		}
	}
	reason := fmt.Sprintf("a connection between the ranks broke: %v", broken)
	if len(silent) > 0 && after[v.world.Rank] != before[v.world.Rank] {
		reason = fmt.Sprintf("rank %s of %d ended without a word, as a killed process does: %v", strings.Join(silent, ", "), v.world.Size, broken)
	}
	return v.announce(reason)
}

// beats are the ranks' counts of signs of life, "" where the store does not answer.
func (v *watch) beats() []string {
	out := make([]string, v.world.Size)
	for r := range out {
		beat, _, err := v.store.Get(beatKey + strconv.Itoa(r))
		if err != nil {
			return out
		}
		out[r] = beat
	}
	return out
}

// end stops the watch. An error of this rank is told to the others, who read it at the store; where this rank serves it,
// it waits for them.
func (v *watch) end(err error) {
	close(v.parted.ended)
	var lost *LostError
	var stop *StopError
	if err != nil && !errors.As(err, &lost) && !errors.As(err, &stop) {
		v.announce(fmt.Sprintf("rank %d failed: %v", v.world.Rank, err))
	}
	v.cancel()
	<-v.done
	if e := v.store.Set(leftKey+strconv.Itoa(v.world.Rank), "yes"); e == nil && v.world.Serve {
		deadline := time.Now().Add(lingering)
		for r := 0; r < v.world.Size && time.Now().Before(deadline); {
			if _, ok, err := v.store.Get(leftKey + strconv.Itoa(r)); err == nil && ok {
				r++
				continue
			}
			time.Sleep(beatEvery / 20)
		}
	}
	v.store.Close()
}
