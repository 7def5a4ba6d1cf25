package dist

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"plip/internal/tensor"
)

const (
	joinTimeout  = 5 * time.Minute  // for all ranks to be there
	storeTimeout = 20 * time.Second // for the store to answer
	lanes        = 3                // of a group's reducer
)

// Group is the ranks that train together, joined.
type Group struct {
	*tensor.Group
	World World
	store *tensor.Store
	watch *watch
}

// LostError is the end of a run on this rank because another one has ended.
type LostError struct {
	Reason string // which rank, and why as far as it is known
}

func (e *LostError) Error() string { return e.Reason }

// StopError is a stop that all ranks have agreed on. It wraps context.Canceled or context.DeadlineExceeded.
type StopError struct {
	Rank int // that asked for it
	Err  error
}

func (e *StopError) Error() string { return fmt.Sprintf("asked by rank %d: %v", e.Rank, e.Err) }
func (e *StopError) Unwrap() error { return e.Err }

// Join waits until all ranks are there and connects them. It ends early when ctx does.
func Join(ctx context.Context, w World) (g *Group, err error) {
	g = &Group{World: w}
	if err := g.open(ctx); err != nil {
		return nil, fmt.Errorf("join the ranks at %s: %w", g.address(), err)
	}
	return g, nil
}

func (g *Group) address() string {
	return net.JoinHostPort(g.World.Host, strconv.Itoa(g.World.Port))
}

func (g *Group) open(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	w := g.World
	at := tensor.StoreAddress{Host: w.Host, Port: w.Port, Serve: w.Serve, Prefix: w.Prefix, Timeout: storeTimeout}
	if !w.Serve {
		if err := g.reachable(ctx); err != nil {
			return err
		}
	}
	if g.store, err = tensor.OpenStore(at); err != nil {
		return err
	}
	if err := g.meet(ctx); err != nil {
		g.store.Close()
		return err
	}
	host, err := g.ownAddress()
	if err == nil {
		g.Group, err = tensor.JoinGroup(g.store, w.Rank, w.Size, lanes, host, !w.Sockets)
	}
	if err != nil {
		g.store.Close()
		return err
	}
	at.Serve = false
	signs, err := tensor.OpenStore(at) // a connection of its own: nothing else delays the signs of life
	if err != nil {
		g.Group.Close()
		g.store.Close()
		return err
	}
	g.watch = newWatch(w, signs, g.Abort)
	return nil
}

// reachable waits until the store's port answers.
func (g *Group) reachable(ctx context.Context) error {
	var d net.Dialer
	for {
		c, err := d.DialContext(ctx, "tcp", g.address())
		if err == nil {
			return c.Close()
		}
		if !wait(ctx, 100*time.Millisecond) {
			return timedOut(ctx, fmt.Errorf("rank 0 does not answer: %w", err))
		}
	}
}

// meet waits until every rank has shown itself at the store.
func (g *Group) meet(ctx context.Context) error {
	if err := g.store.Set("here/"+strconv.Itoa(g.World.Rank), "yes"); err != nil {
		return err
	}
	for r := 0; r < g.World.Size; {
		_, ok, err := g.store.Get("here/" + strconv.Itoa(r))
		if err != nil {
			return err
		}
		if ok {
			r++
			continue
		}
		if !wait(ctx, 50*time.Millisecond) {
			return timedOut(ctx, fmt.Errorf("rank %d of %d did not come", r, g.World.Size))
		}
	}
	return nil
}

// timedOut is why waiting ended: the caller's cancellation, or what was missing after joinTimeout.
func timedOut(ctx context.Context, missing error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("within %v: %v", joinTimeout, missing) // no --time-limit, which wrapping it would look like
	}
	return ctx.Err()
}

// ownAddress is the address of this machine on the way to rank 0, or of the interface that the environment names.
func (g *Group) ownAddress() (string, error) {
	if g.World.Interface != "" {
		return interfaceAddress(g.World.Interface)
	}
	c, err := net.Dial("udp", g.address()) // sends nothing
	if err != nil {
		return "", err
	}
	defer c.Close()
	host, _, err := net.SplitHostPort(c.LocalAddr().String())
	return host, err
}

func interfaceAddress(name string) (string, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return "", fmt.Errorf("GLOO_SOCKET_IFNAME=%s: %w", name, err)
	}
	addresses, err := i.Addrs()
	if err != nil {
		return "", err
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() {
			return n.IP.String(), nil
		}
	}
	return "", fmt.Errorf("GLOO_SOCKET_IFNAME=%s: want an interface with an address, got none", name)
}

// wait sleeps, and is false when ctx ended meanwhile.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Context ends with parent, or when another rank has ended the run: for what does not wait in the group.
func (g *Group) Context(parent context.Context) context.Context {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		defer cancel()
		select {
		case <-g.watch.lost:
		case <-g.watch.done:
		case <-parent.Done():
		}
	}()
	return ctx
}

// Explain turns the error of a run into the reason why another rank ended it, where that is what it comes from. It may
// take some seconds to find out.
func (g *Group) Explain(err error) error {
	var op *tensor.OpError
	collective := errors.As(err, &op) || errors.Is(err, errCollective)
	reason := g.watch.reason()
	switch {
	case reason != "" && (collective || errors.Is(err, context.Canceled)):
		return &LostError{reason}
	case collective && isConnection(err.Error()):
		return &LostError{g.watch.find(err)}
	}
	return err
}

// errCollective marks errors of the group's own calls.
var errCollective = errors.New("collective")

type collectiveError struct{ err error }

func (e *collectiveError) Error() string   { return e.err.Error() }
func (e *collectiveError) Is(t error) bool { return t == errCollective }

// isConnection tells whether a message of Gloo, of NCCL or of the store is about the network.
func isConnection(message string) bool {
	for _, word := range []string{"Connection", "connection", "gloo", "NCCL", "Socket", "socket", "recv", "Broken pipe"} {
		if strings.Contains(message, word) {
			return true
		}
	}
	return false
}

// Sum adds up each value over the ranks, in place.
func (g *Group) Sum(values []float64) error { return collective(g.Group.Sum(values)) }

// Exchange gives every rank the values of all, by rank. All bring as many.
func (g *Group) Exchange(mine []float64) ([][]float64, error) {
	all, err := g.Group.Exchange(mine)
	return all, collective(err)
}

// Broadcast overwrites tensors by those of rank 0.
func (g *Group) Broadcast(v []tensor.Tensor) error { return collective(g.Group.Broadcast(v)) }

func collective(err error) error {
	if err == nil {
		return nil
	}
	return &collectiveError{err}
}

// Close ends the group. err is how this rank's run ended: without one it waits for the others to end as well, with one
// it tells them; a stop that all have agreed on is no failure. It returns err, or the reason why another rank ended the
// run.
func (g *Group) Close(err error) error {
	var stop *StopError
	if err == nil || errors.As(err, &stop) {
		if _, e := g.Exchange([]float64{1}); e != nil {
			err = e
		}
	}
	err = g.Explain(err)
	if err != nil && !errors.As(err, &stop) {
		g.Abort(err.Error())
	}
	g.watch.end(err)
	g.Group.Close()
	g.store.Close()
	return err
}
