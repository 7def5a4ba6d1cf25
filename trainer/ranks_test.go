package trainer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"plip/internal/checkpoint"
	"plip/internal/dist"
	"plip/internal/feed"
	"plip/internal/optim"
	"plip/internal/runlog"
	"plip/internal/tensor"
	"plip/parquet"
)

// rankedConfigs are what the tests of several processes train. All but the last have no dropout, so that the number of
// processes makes no difference.
var rankedConfigs = map[string]func(c *Config){
	"cmpm": func(c *Config) {},
	"three tasks": func(c *Config) {
		threeTasks(c)
		c.Optimizer, c.Sampler, c.SideBySide = optim.DefaultConfig(optim.Adan), "shuffle", true
	},
	"masked attributes": func(c *Config) { // few captions have some: a process may have none in a batch
		threeTasks(c)
		c.Loss = LossWeights{IAP: 1}
	},
	"own rows": func(c *Config) { c.Gather = false },
	"cmpm-c": func(c *Config) { // epochs end in a batch of 4 of 6 rows
		finetuned(c)
		c.Batch, c.Window, c.Gather, c.Finetune.Pairs = 6, 100, true, PairsImage
	},
	"captions": func(c *Config) {
		finetuned(c)
		c.Gather, c.Finetune.Short = true, false
	},
	"probe": func(c *Config) {
		finetuned(c)
		c.Batch, c.Gather, c.Finetune.Pairs = 4, true, PairsImage
		c.Finetune.CMPC, c.Finetune.Probe = 0, ProbeIdentity
	},
	"fine-tuning with dropout": func(c *Config) { // epochs end in a batch of 7 of 8 captions, which the ranks fill up
		finetuned(c)
		c.Gather, c.Text.Dropout, c.Text.AttentionDropout = false, 0.1, 0.1
	},
	"diverges": func(c *Config) { c.Schedule.Base, c.Schedule.Warmup = 1e30, 0 },
	"long":     func(c *Config) { c.MaxSteps, c.Schedule.Epochs = 100000, 100000 },
	"dropout":  func(c *Config) { c.Text.Dropout, c.Text.AttentionDropout = 0.1, 0.1 },
}

func rankedConfig(t *testing.T, name string) Config {
	c := tinyConfig(t)
	c.Text.Dropout, c.Text.AttentionDropout, c.MaxSteps, c.Schedule.Epochs, c.SaveEvery, c.ValidateEvery = 0, 0, 20, 20, 0, 2
	c.Schedule.Base = 3e-4
	rankedConfigs[name](&c)
	return c
}

// rankedDataset has noisy pictures: in flat ones the greatest value of a map is where rounding puts it.
func rankedDataset(t *testing.T, dir string) *parquet.Dataset {
	random := rand.New(rand.NewPCG(1, 1))
	return colourDataset(t, dir, 5, func(i int, r *parquet.Row) {
		m := image.NewRGBA(image.Rect(0, 0, 16, 32))
		for p := range m.Pix {
			m.Pix[p] = uint8(random.IntN(256))
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		r.Image, r.Width, r.Height = b.Bytes(), 16, 32
		if r.ID%3 == 0 {
			r.Captions = []string{"a person in a " + colours[r.ID].name + " shirt", "the man wears " + colours[r.ID].name + " jeans"}
		}
	})
}

// TestRank is one process of the tests below. It stops by itself after PLIP_TEST_STOP steps, as an interrupt would.
func TestRank(t *testing.T) {
	dir := os.Getenv("PLIP_TEST_RANK_DIR")
	if dir == "" {
		t.Skip("run by the tests of ranks")
	}
	ds, err := parquet.Open(os.Getenv("PLIP_TEST_RANK_DATA"))
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	tensor.SetThreads(1)
	run := Run{Dir: dir, Data: ds, Device: tensor.CPU, Workers: 1, Validate: byStep, Start: os.Getenv("PLIP_TEST_START")}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	world, err := dist.FromEnv(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	if world.Size > 1 {
		if run.Ranks, err = dist.Join(ctx, world); err != nil {
			t.Fatal(err)
		}
	}
	var stop int64
	if s := os.Getenv("PLIP_TEST_STOP"); s != "" {
		if _, err := fmt.Sscan(s, &stop); err != nil {
			t.Fatal(err)
		}
	}
	run.Progress = func(p Progress) {
		if p.Step == stop {
			cancel()
		}
	}
	_, err = Train(ctx, rankedConfig(t, os.Getenv("PLIP_TEST_CONFIG")), run)
	if run.Ranks != nil {
		err = run.Ranks.Close(err)
	}
	if err != nil && !(stop > 0 && errors.Is(err, context.Canceled)) {
		t.Fatal(err)
	}
}

// rankProcess is a started process of TestRank.
type rankProcess struct {
	*exec.Cmd
	out bytes.Buffer
}

// startRanks starts size processes that train a configuration into dir; one, where size is 1, alone.
func startRanks(t *testing.T, size int, config, dir, data string, stop int) []*rankProcess {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ranks := make([]*rankProcess, size)
	for r := range ranks {
		p := &rankProcess{Cmd: exec.Command(os.Args[0], "-test.run=^TestRank$")}
		p.Env = append(os.Environ(), "PLIP_TEST_RANK_DIR="+dir, "PLIP_TEST_RANK_DATA="+data, "PLIP_TEST_CONFIG="+config, fmt.Sprintf("PLIP_TEST_STOP=%d", stop))
		if size > 1 {
			p.Env = append(p.Env, fmt.Sprintf("RANK=%d", r), fmt.Sprintf("WORLD_SIZE=%d", size), "MASTER_ADDR=127.0.0.1", fmt.Sprintf("MASTER_PORT=%d", port))
		}
		p.Stdout, p.Stderr = &p.out, &p.out
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Process.Kill() })
		ranks[r] = p
	}
	return ranks
}

// trainRanks runs such processes to their end.
func trainRanks(t *testing.T, size int, config, dir, data string, stop int) {
	t.Helper()
	for r, p := range startRanks(t, size, config, dir, data, stop) {
		if err := p.Wait(); err != nil {
			t.Fatalf("rank %d of %d: %v\n%s", r, size, err, p.out.String())
		}
	}
}

// sameFigures compares the logs of two runs up to a relative difference.
func sameFigures(t *testing.T, want, got string, relative float64) {
	t.Helper()
	var logs [2][]runlog.Record
	for i, dir := range []string{want, got} {
		var err error
		if logs[i], err = runlog.ReadMetrics(filepath.Join(dir, runlog.MetricsFile)); err != nil {
			t.Fatal(err)
		}
	}
	if len(logs[0]) != len(logs[1]) || len(logs[0]) < 20 {
		t.Fatalf("want as many lines, 20 or more, got %d and %d", len(logs[0]), len(logs[1]))
	}
	for i, w := range logs[0] {
		for _, f := range w.Fields {
			g, ok := logs[1][i].Get(f.Name)
			if d := math.Abs(f.Value - g); !ok || !(d <= relative*math.Abs(f.Value)) {
				t.Errorf("step %d: %s: want %v, got %v", w.Step, f.Name, f.Value, g)
			}
		}
	}
}

// TestRanksEqualOne trains 20 steps alone and by two processes.
func TestRanksEqualOne(t *testing.T) {
	data := t.TempDir()
	rankedDataset(t, data)
	for _, name := range []string{"cmpm", "three tasks", "masked attributes"} {
		t.Run(name, func(t *testing.T) {
			one, two := t.TempDir(), t.TempDir()
			trainRanks(t, 1, name, one, data, 0)
			trainRanks(t, 2, name, two, data, 0)
			sameFigures(t, one, two, 1e-4)
			if name == "three tasks" { // the same over sockets
				t.Setenv("PLIP_RANKS", "sockets")
				far := t.TempDir()
				trainRanks(t, 2, name, far, data, 0)
				sameFigures(t, one, far, 1e-4)
			}
		})
	}
}

// TestRanksFineTuneAsOne does so with the classifier of identities, captions as samples and probing.
func TestRanksFineTuneAsOne(t *testing.T) {
	data := t.TempDir()
	start := pretrained(t, rankedDataset(t, data))
	for _, name := range []string{"cmpm-c", "captions", "probe"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PLIP_TEST_START", start)
			one, two := t.TempDir(), t.TempDir()
			trainRanks(t, 1, name, one, data, 0)
			trainRanks(t, 2, name, two, data, 0)
			sameFigures(t, one, two, 1e-4)
		})
	}
}

// TestRanksGoOn stops a run in the middle of an epoch and goes on with another number of processes.
func TestRanksGoOn(t *testing.T) {
	data := t.TempDir()
	rankedDataset(t, data)
	for _, c := range []struct {
		name     string
		from, to int
	}{{"three tasks", 2, 1}, {"three tasks", 1, 2}, {"three tasks", 2, 4}, {"cmpm-c", 2, 1}, {"cmpm-c", 1, 2}} {
		one, dir := t.TempDir(), t.TempDir()
		trainRanks(t, 1, c.name, one, data, 0)
		trainRanks(t, c.from, c.name, dir, data, 10)
		if last, err := checkpoint.Latest(dir); err != nil || filepath.Base(last) != checkpoint.StepName(10) {
			t.Errorf("%s: %d ranks stopped at step 10: want a checkpoint of it, got %s, %v", c.name, c.from, last, err)
		}
		trainRanks(t, c.to, c.name, dir, data, 0)
		sameFigures(t, one, dir, 1e-4)
	}
}

// TestRanksGoOnExactly does so with as many processes as before, dropout included: digit by digit.
func TestRanksGoOnExactly(t *testing.T) {
	data := t.TempDir()
	rankedDataset(t, data)
	for _, name := range []string{"dropout", "fine-tuning with dropout"} {
		whole, stopped := t.TempDir(), t.TempDir()
		trainRanks(t, 2, name, whole, data, 0)
		trainRanks(t, 2, name, stopped, data, 10)
		trainRanks(t, 2, name, stopped, data, 0)
		if w, g := metricsOf(t, whole), metricsOf(t, stopped); w != g {
			t.Errorf("%s: metrics.jsonl: want\n%sgot\n%s", name, w, g)
		}
		sameModel(t, whole, stopped)
	}
}

// TestRankOfOwnRows compares the first loss of two processes that contrast their own rows with the mean over both halves
// of the batch of one.
func TestRankOfOwnRows(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	ds := rankedDataset(t, data)
	trainRanks(t, 2, "own rows", dir, data, 1)
	log, err := runlog.ReadMetrics(filepath.Join(dir, runlog.MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := log[0].Get("loss")
	alone, err := newTraining(context.Background(), rankedConfig(t, "own rows"), tinyRun(t, t.TempDir(), ds))
	if err != nil {
		t.Fatal(err)
	}
	defer alone.close()
	enough := errors.New("one batch")
	err = alone.loader.Epoch(context.Background(), 0, 0, func(b *feed.Batch) error {
		var read batch
		alone.captions(b, &read)
		return errors.Join(enough, tensor.Do(func(*tensor.Scope) error {
			in := alone.inputs(b)
			in.captions = read.captions
			e, err := alone.model.encode(in)
			defer e.free()
			if err != nil {
				return err
			}
			var want float64
			for half := range int64(2) {
				rows := func(x tensor.Tensor) tensor.Tensor { return x.Narrow(0, 4*half, 4) }
				want += alone.config.Contrast.Contrast(rows(e.image), rows(e.text), rows(in.ids)).Item() / 2
			}
			if !(math.Abs(want-got) <= 1e-5*want) {
				t.Errorf("want the mean of both halves, %v, got %v", want, got)
			}
			return nil
		}))
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
}

func TestRanksStopTogetherWhereTheLossIsNoNumber(t *testing.T) {
	data := t.TempDir()
	rankedDataset(t, data)
	for r, p := range startRanks(t, 2, "diverges", t.TempDir(), data, 0) {
		if err := p.Wait(); err == nil || !strings.Contains(p.out.String(), "want a finite loss") && !strings.Contains(p.out.String(), "rank 0 failed: step") {
			t.Errorf("rank %d: want the end by a loss that is no number, got %v\n%s", r, err, p.out.String())
		}
	}
}

// TestKilledRankEndsTheOther kills either process of a run.
func TestKilledRankEndsTheOther(t *testing.T) {
	data := t.TempDir()
	rankedDataset(t, data)
	for killed, want := range []string{"the ranks' store at", "rank 1 of 2 ended without a word"} {
		dir := t.TempDir()
		ranks := startRanks(t, 2, "long", dir, data, 0)
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) { // both are in the loop
			if log, err := runlog.ReadMetrics(filepath.Join(dir, runlog.MetricsFile)); err == nil && len(log) > 5 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("no step in a minute\n%s\n%s", ranks[0].out.String(), ranks[1].out.String())
			}
		}
		if err := ranks[killed].Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		timer := time.AfterFunc(time.Minute, func() { _ = ranks[1-killed].Process.Kill() })
		err := ranks[1-killed].Wait()
		if !timer.Stop() || err == nil || !strings.Contains(ranks[1-killed].out.String(), want) {
			t.Errorf("rank %d was killed: want %q of the other within a minute, got %v after %v\n%s", killed, want, err, time.Since(began), ranks[1-killed].out.String())
		}
		t.Logf("rank %d was killed: the other ended after %v", killed, time.Since(began))
	}
}
