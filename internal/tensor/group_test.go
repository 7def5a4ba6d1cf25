package tensor

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// freePort is a port that nobody listened on just now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func joinTestGroup(port, rank, size int, share bool) (*Group, *Store, error) {
	s, err := OpenStore(StoreAddress{Host: "127.0.0.1", Port: port, Serve: rank == 0, Prefix: "test", Timeout: time.Minute})
	if err != nil {
		return nil, nil, err
	}
	g, err := JoinGroup(s, rank, size, 2, "127.0.0.1", share)
	if err == nil && g.Shares() != share {
		err = fmt.Errorf("want shared memory %v, got %v", share, g.Shares())
	}
	return g, s, err
}

// inGroup runs f as each rank of a group, on goroutines of this process: through memory, over sockets, and by what CUDA
// tensors take, over sockets in the place of NCCL.
func inGroup(t *testing.T, size int, f func(g *Group, rank int) error) {
	for _, share := range []bool{true, false} {
		t.Run(fmt.Sprintf("share=%v", share), func(t *testing.T) { inOneGroup(t, size, share, f) })
	}
	t.Run("devices", func(t *testing.T) {
		inOneGroup(t, size, true, func(g *Group, rank int) error {
			if err := g.standIn(); err != nil {
				return err
			}
			return f(g, rank)
		})
	})
}

func inOneGroup(t *testing.T, size int, share bool, f func(g *Group, rank int) error) {
	t.Helper()
	port := freePort(t)
	errs := make([]error, size)
	var wait, done sync.WaitGroup
	done.Add(size)
	for rank := range size {
		wait.Go(func() {
			g, s, err := joinTestGroup(port, rank, size, share)
			if err == nil {
				err = Do(func(*Scope) error { return f(g, rank) })
				if err != nil {
					g.Abort("test failed")
				}
			}
			errs[rank] = err
			done.Done()
			done.Wait() // the first one serves the store
			if g != nil && g.p != nil {
				g.Close()
				s.Close()
			}
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestGroupExchanges(t *testing.T) {
	inGroup(t, 3, func(g *Group, rank int) error {
		r := float64(rank)
		sum := []float64{1, r, 10 * r}
		if err := g.Sum(sum); err != nil || !slices.Equal(sum, []float64{3, 3, 30}) {
			return fmt.Errorf("sum: got %v, %v", sum, err)
		}
		all, err := g.Exchange([]float64{r, 1 << 40})
		if err != nil || len(all) != 3 || !slices.Equal(all[2], []float64{2, 1 << 40}) {
			return fmt.Errorf("exchange: got %v, %v", all, err)
		}
		x := Full(CPU, Int64, r+5, 2)
		if err := g.Broadcast([]Tensor{x}); err != nil || !slices.Equal(x.Int64s(), []int64{5, 5}) {
			return fmt.Errorf("broadcast: got %v, %v", x.Int64s(), err)
		}
		// Every rank computes the loss of all rows, sum over i of (i+1) x_i, and has its own rows' gradients.
		own := Full(CPU, Float32, r, 2).RequireGrad(true)
		rows := g.Gather(own)
		if !slices.Equal(rows.Float32s(), []float32{0, 0, 1, 1, 2, 2}) {
			return fmt.Errorf("gather: got %v", rows.Float32s())
		}
		rows.Mul(Arange(CPU, 6).As(Float32).Plus(1)).Sum().Backward()
		if got, want := own.Grad().Float32s(), []float32{float32(2*rank + 1), float32(2*rank + 2)}; !slices.Equal(got, want) {
			return fmt.Errorf("gradient of gathered rows: want %v, got %v", want, got)
		}
		return nil
	})
}

// TestReducerSums sums gradients of parameters of which some ranks, or all, have none, over several steps and buckets.
func TestReducerSums(t *testing.T) {
	inGroup(t, 2, func(g *Group, rank int) error {
		var params []Tensor
		for i := range 4 {
			params = append(params, Full(CPU, Float32, float64(i+1), 3).RequireGrad(true))
		}
		columns := Empty(CPU, Float32, 2, 3, 4, 5).Normal_(0, 1).ChannelsLast().RequireGrad(true)
		r, err := g.NewReducer([][]Tensor{{columns, params[0], params[1]}, {params[2], params[3]}}, 16)
		if err != nil {
			return err
		}
		defer r.Close()
		for step := 1; step <= 3; step++ {
			ZeroGrads(append(params, columns))
			loss := params[0].Scale(float64(step * (rank + 1))).Sum().Add(columns.Scale(float64(rank + 2)).Sum())
			if rank == 1 {
				loss = loss.Add(params[2].Sum()) // of the other's parameters one, and of 1 and 3 nobody
			}
			loss.Backward()
			r.Finish()
			if got, want := params[0].Grad().Float32s(), float32(3*step); !slices.Equal(got, []float32{want, want, want}) {
				return fmt.Errorf("step %d: want %v of both ranks, got %v", step, want, got)
			}
			if got := params[2].Grad().Float32s(); !slices.Equal(got, []float32{1, 1, 1}) {
				return fmt.Errorf("step %d: want 1 of one rank, got %v", step, got)
			}
			if got := columns.Grad().Float32s(); slices.Min(got) != 5 || slices.Max(got) != 5 || len(got) != 120 {
				return fmt.Errorf("step %d: want 5 everywhere, got %v", step, got)
			}
			if params[1].Grad().Defined() || params[3].Grad().Defined() {
				return fmt.Errorf("step %d: want no gradient where no rank has one", step)
			}
		}
		return nil
	})
}

// TestAbortEndsWaitingForDevices has a rank that never comes to a sum between the devices.
func TestAbortEndsWaitingForDevices(t *testing.T) {
	inOneGroup(t, 2, true, func(g *Group, rank int) error {
		if err := g.standIn(); err != nil || rank == 1 {
			return err
		}
		timer := time.AfterFunc(50*time.Millisecond, func() { g.Abort("rank 1 is asleep") })
		defer timer.Stop()
		err := Do(func(*Scope) error { g.Gather(Full(CPU, Float32, 1, 2)); return nil })
		if err == nil || !strings.Contains(err.Error(), "rank 1 is asleep") {
			return fmt.Errorf("want the reason of the abort, got %v", err)
		}
		return nil
	})
}

// TestReducerOfDevicesTakesLanesInOneOrder has ranks whose lanes are done in another order: one order serves both, and
// any number of lanes.
func TestReducerOfDevicesTakesLanesInOneOrder(t *testing.T) {
	inOneGroup(t, 2, true, func(g *Group, rank int) error {
		if err := g.standIn(); err != nil {
			return err
		}
		a, b, c := Full(CPU, Float32, 1, 3).RequireGrad(true), Full(CPU, Float32, 2, 3).RequireGrad(true), Full(CPU, Float32, 0, 3).RequireGrad(true)
		r, err := g.NewReducer([][]Tensor{{a}, {b}, {c}}, 4)
		if err != nil {
			return err
		}
		defer r.Close()
		first, second := a, b
		if rank == 1 {
			first, second = b, a
		}
		for _, p := range []Tensor{first, second} {
			p.Scale(float64(rank + 1)).Sum().Backward()
		}
		r.Finish()
		for _, p := range []Tensor{a, b} {
			if got := p.Grad().Float32s(); !slices.Equal(got, []float32{3, 3, 3}) {
				return fmt.Errorf("want 3 of both ranks, got %v", got)
			}
		}
		return nil
	})
}

// TestConnectDevicesWithoutThem is what a machine without CUDA says.
func TestConnectDevicesWithoutThem(t *testing.T) {
	inOneGroup(t, 2, true, func(g *Group, rank int) error {
		if err := g.ConnectDevices(0); err == nil || !strings.Contains(err.Error(), "libplip_cuda.so is not open") {
			return fmt.Errorf("want what is missing, got %v", err)
		}
		return nil
	})
}

func TestAbortEndsWaiting(t *testing.T) {
	inGroup(t, 2, func(g *Group, rank int) error {
		if rank == 1 {
			_, err := g.Exchange([]float64{1}) // and leaves the other alone
			return err
		}
		if _, err := g.Exchange([]float64{1}); err != nil {
			return err
		}
		timer := time.AfterFunc(50*time.Millisecond, func() { g.Abort("rank 1 is asleep") })
		defer timer.Stop()
		if err := g.Sum([]float64{1}); err == nil || !strings.Contains(err.Error(), "rank 1 is asleep") {
			return fmt.Errorf("want the reason of the abort, got %v", err)
		}
		return nil
	})
}

// TestNormRank is one rank of TestNormOfRanks, in a process of its own: the switch is for a whole process.
func TestNormRank(t *testing.T) {
	var port, rank int
	if _, err := fmt.Sscan(os.Getenv("PLIP_TEST_NORM_RANK"), &port, &rank); err != nil {
		t.Skip("run by TestNormOfRanks")
	}
	g, s, err := joinTestGroup(port, rank, 2, true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	defer g.Close()
	for _, devices := range []bool{false, true} { // through host memory, then as between devices
		if devices {
			if err := g.standIn(); err != nil {
				t.Fatal(err)
			}
		}
		for _, last := range []bool{true, false} {
			if err := Do(func(*Scope) error { normOfRanks(t, g, int64(rank), last); return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := g.Exchange([]float64{0}); err != nil { // the first one serves the store
		t.Fatal(err)
	}
}

// normOfRanks compares this rank's half of a batch with the whole batch of one process.
func normOfRanks(t *testing.T, g *Group, rank int64, last bool) {
	Seed(3)
	draw := func(shape ...int64) Tensor { return Empty(CPU, Float32, shape...).Normal_(0.3, 1.5) }
	x, r, m, w, b := draw(6, 5, 4, 3), draw(6, 5, 4, 3), draw(6, 5, 4, 3), draw(5), draw(5)
	run := func(from, n int64) (own []Tensor, sums []Tensor, mean, variance Tensor) {
		half := func(t Tensor) Tensor {
			t = t.Narrow(0, from, n).Contiguous()
			if last {
				t = t.ChannelsLast()
			}
			return t.Detach()
		}
		x, r := half(x).RequireGrad(true), half(r).RequireGrad(true)
		w, b := w.Detach().RequireGrad(true), b.Detach().RequireGrad(true)
		mean, variance = Full(CPU, Float32, 0.5, 5), Full(CPU, Float32, 2, 5)
		y := x.BatchNormReLU(r, w, b, mean, variance, true, 0.1, 1e-5, true)
		y.Mul(half(m)).Sum().Backward()
		return []Tensor{y.Detach(), x.Grad(), r.Grad()}, []Tensor{w.Grad(), b.Grad()}, mean, variance
	}
	whole, wholeSums, wholeMean, wholeVariance := run(0, 6)
	g.SynchronizeNorm(true)
	own, sums, mean, variance := run(3*rank, 3)
	g.SynchronizeNorm(false)
	for i, name := range []string{"output", "input's gradient", "residual's gradient"} {
		near(t, name, whole[i].Narrow(0, 3*rank, 3).Float32s(), own[i].Float32s(), 1e-5, 0)
	}
	for i, name := range []string{"weight's gradient", "bias' gradient"} {
		near(t, name, wholeSums[i].Float32s(), g.Gather(sums[i].Unsqueeze(0)).SumDim(false, 0).Float32s(), 1e-5, 0)
	}
	near(t, "running mean", wholeMean.Float32s(), mean.Float32s(), 1e-6, 0)
	near(t, "running variance", wholeVariance.Float32s(), variance.Float32s(), 1e-6, 0)
}

// TestNormOfRanks normalises a batch by halves in two processes, by the kernels and by what stands in for them.
func TestNormOfRanks(t *testing.T) {
	port := freePort(t)
	var wait sync.WaitGroup
	for rank := range 2 {
		wait.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestNormRank$", "-test.v")
			cmd.Env = append(os.Environ(), fmt.Sprintf("PLIP_TEST_NORM_RANK=%d %d", port, rank))
			if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS: TestNormRank") {
				t.Errorf("rank %d: %v\n%s", rank, err, out)
			}
		})
	}
	wait.Wait()
}
