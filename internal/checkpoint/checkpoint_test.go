package checkpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"plip/internal/nn"
	"plip/internal/optim"
	"plip/internal/tensor"
)

// run is the smallest training that uses all that a checkpoint holds: weights, optimizer states and random numbers.
type run struct {
	store *nn.Store
	layer *nn.Linear
	optim *optim.Optimizer
}

type config struct {
	Width int64  `yaml:"width"`
	Name  string `yaml:"name"`
}

type state struct {
	Step int64 `json:"step"`
}

func newRun(t *testing.T, kind string, seed int64) *run {
	t.Helper()
	r := &run{store: nn.NewStore(tensor.CPU)}
	err := tensor.Do(func(*tensor.Scope) error {
		tensor.Seed(seed)
		r.layer = nn.NewLinear(r.store.Root().Sub("fc"), 5, 3)
		return nil
	})
	if err == nil {
		r.optim, err = optim.New(optim.DefaultConfig(kind), []optim.Group{{Params: r.store.Trainable(), Scale: 1}})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.optim.Close(); r.store.Close() })
	return r
}

// steps takes n steps on random input and returns their losses.
func (r *run) steps(t *testing.T, n int) []float64 {
	t.Helper()
	var losses []float64
	for range n {
		err := tensor.Do(func(*tensor.Scope) error {
			x := tensor.Empty(tensor.CPU, tensor.Float32, 4, 5).Normal_(0, 1)
			loss := r.layer.Forward(x).Square().Mean()
			losses = append(losses, loss.Item())
			r.optim.ZeroGrad()
			loss.Backward()
			r.optim.Step(0.01)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return losses
}

func (r *run) content(step int64) Content {
	return Content{Store: r.store, Optimizer: r.optim, Config: config{5, "tiny"}, State: state{step}, Files: map[string][]byte{"vocab.txt": []byte("a\n")}}
}

func TestResumedRunEqualsTheUndisturbedOne(t *testing.T) {
	for _, kind := range []string{optim.Adan, optim.AdamW} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			r := newRun(t, kind, 1)
			r.steps(t, 3)
			path, err := Save(dir, StepName(3), r.content(3))
			if err != nil {
				t.Fatal(err)
			}
			want := r.steps(t, 5)
			other := newRun(t, kind, 99)
			other.steps(t, 2)
			if err := LoadTraining(path, other.store, other.optim); err != nil {
				t.Fatal(err)
			}
			if got := other.steps(t, 5); !slices.Equal(got, want) {
				t.Errorf("losses after the checkpoint: want %v, got %v", want, got)
			}
			var c config
			var s state
			if err := errors.Join(ReadConfig(path, &c), ReadState(path, &s)); err != nil || c != (config{5, "tiny"}) || s.Step != 3 {
				t.Errorf("got %v, %v, %v", c, s, err)
			}
			if b, err := os.ReadFile(filepath.Join(path, "vocab.txt")); err != nil || string(b) != "a\n" {
				t.Errorf("companion: got %q, %v", b, err)
			}
		})
	}
}

func TestSaveIsWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	r := newRun(t, optim.AdamW, 1)
	if _, err := Save(dir, StepName(1), r.content(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := Save(dir, StepName(1), r.content(1)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second save: want fs.ErrExist, got %v", err)
	}
	bad := r.content(2)
	bad.Files = map[string][]byte{"no/such/folder": nil} // fails after the weights were written
	if _, err := Save(dir, StepName(2), bad); err == nil {
		t.Error("want an error for a companion that cannot be written")
	}
	if names := entries(t, dir); !slices.Equal(names, []string{"step-00000001"}) {
		t.Errorf("after a failed save: %v", names)
	}
	// A kill leaves the hidden folder at any stage of its life; it is no checkpoint, and the next save replaces it.
	left := hidden(dir, StepName(2))
	if err := errors.Join(os.Mkdir(left, 0o777), os.WriteFile(filepath.Join(left, ModelFile), []byte("half"), 0o666)); err != nil {
		t.Fatal(err)
	}
	if path, err := Latest(dir); err != nil || filepath.Base(path) != StepName(1) {
		t.Errorf("latest: got %q, %v", path, err)
	}
	path, err := Save(dir, StepName(2), r.content(2))
	if err != nil {
		t.Fatal(err)
	}
	if err := LoadTraining(path, r.store, r.optim); err != nil {
		t.Error(err)
	}
}

func TestPruneKeepsTheLastAndTheBest(t *testing.T) {
	dir := t.TempDir()
	r := newRun(t, optim.AdamW, 1)
	for step := range int64(5) {
		if _, err := Save(dir, StepName(step), r.content(step)); err != nil {
			t.Fatal(err)
		}
	}
	leftover := hidden(dir, StepName(9))
	if err := errors.Join(SetBest(dir, StepName(1)), os.Mkdir(leftover, 0o777), Prune(dir, 2)); err != nil {
		t.Fatal(err)
	}
	if got, want := entries(t, dir), []string{bestFile, StepName(1), StepName(3), StepName(4)}; !slices.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
	for given, want := range map[string]string{dir: StepName(1), filepath.Join(dir, StepName(3)): StepName(3)} {
		if got, err := Resolve(given); err != nil || got != filepath.Join(dir, want) {
			t.Errorf("resolve %s: want %s, got %s, %v", given, want, got, err)
		}
	}
	if err := Remove(dir); err != nil || len(entries(t, dir)) > 0 {
		t.Errorf("after Remove: %v, %v", entries(t, dir), err)
	}
	if _, err := Resolve(t.TempDir()); err == nil {
		t.Error("want an error for a folder without a checkpoint")
	}
}

func TestReadConfigRefusesUnknownKeys(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ConfigFile), []byte("width: 5\nheigth: 3\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var c config
	if err := ReadConfig(dir, &c); err == nil {
		t.Error("want an error for the key heigth")
	}
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}
