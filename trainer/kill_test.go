package trainer

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"plip/internal/tensor"
	"plip/parquet"
)

// killedRun is what the killed process trains, pre-training with all tasks or fine-tuning: a checkpoint after every step, so
// that many kills hit one being written.
func killedRun(dir string, ds *parquet.Dataset, c Config, finetune bool) (Config, Run) {
	if finetune {
		finetuned(&c)
	} else {
		threeTasks(&c)
	}
	c.SaveEvery, c.Schedule.Epochs, c.Keep = 1, 6, 1
	return c, Run{Dir: dir, Data: ds, Device: tensor.CPU, Workers: 1, Validate: byStep}
}

// TestKilledProcess is the process that the tests below kill.
func TestKilledProcess(t *testing.T) {
	dir, data := os.Getenv("PLIP_TEST_KILLED_DIR"), os.Getenv("PLIP_TEST_KILLED_DATA")
	if dir == "" {
		t.Skip("run by TestKilledRunGoesOn and TestKilledFinetuningGoesOn")
	}
	ds, err := parquet.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	tensor.SetThreads(1)
	c, run := killedRun(dir, ds, tinyConfig(t), os.Getenv("PLIP_TEST_KILLED_FINETUNE") != "")
	if _, err := Train(context.Background(), c, run); err != nil {
		t.Fatal(err)
	}
}

// killCount is how often a training is killed: PLIP_TRAINING_KILLS, or a number that tests have time for.
func killCount(t *testing.T, short int) int {
	t.Helper()
	s := os.Getenv("PLIP_TRAINING_KILLS")
	if s == "" {
		return short
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("PLIP_TRAINING_KILLS: want a number from 1, got %q", s)
	}
	return n
}

// TestKilledRunGoesOn kills trainings at random moments, and compares each that has come to its end with an undisturbed
// one.
func TestKilledRunGoesOn(t *testing.T) { killAndGoOn(t, killCount(t, 12), 4, false) }

// TestKilledFinetuningGoesOn is the same of CMPM/C with its classifier.
func TestKilledFinetuningGoesOn(t *testing.T) {
	t.Setenv("PLIP_TEST_KILLED_FINETUNE", "1")
	killAndGoOn(t, killCount(t, 6), 1, true)
}

// killAndGoOn kills at moments spread over the share 1/part of the time that the training takes. A training that ended
// before its kill is compared, and another begun.
func killAndGoOn(t *testing.T, kills int, part time.Duration, finetune bool) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a dozen processes")
	}
	data := t.TempDir()
	ds := colourDataset(t, data, 5, nil)
	threads := tensor.Threads()
	tensor.SetThreads(1)
	defer tensor.SetThreads(threads)
	c, whole := killedRun(t.TempDir(), ds, tinyConfig(t), finetune)
	began := time.Now()
	if _, err := Train(context.Background(), c, whole); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)/part + time.Second/4 // most kills come before the end
	compare := func(dir string) {
		if w, g := metricsOf(t, whole.Dir), metricsOf(t, dir); w != g {
			t.Errorf("metrics.jsonl: want\n%sgot\n%s", w, g)
		}
		sameModel(t, whole.Dir, dir)
	}
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(uint64(began.UnixNano()), 0))
	for kill := 0; kill < kills; {
		if !killAfter(t, dir, data, time.Duration(random.Int64N(int64(took)))) {
			compare(dir)
			dir = t.TempDir()
			continue
		}
		kill++
		t.Logf("kill %d: left %s", kill, strings.Join(leftSteps(t, dir), " "))
	}
	if killAfter(t, dir, data, 5*time.Minute) {
		t.Fatal("the last process did not come to its end in five minutes")
	}
	compare(dir)
}

// leftSteps are the checkpoints in a folder, whole and half-written.
func leftSteps(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*step-*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	return names
}

// killAfter starts the training and kills it after d, unless it has ended before.
func killAfter(t *testing.T, dir, data string, d time.Duration) (killed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestKilledProcess$")
	cmd.Env = append(os.Environ(), "PLIP_TEST_KILLED_DIR="+dir, "PLIP_TEST_KILLED_DATA="+data)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return true
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return false
}
