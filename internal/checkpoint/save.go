package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"plip/internal/nn"
	"plip/internal/optim"
	"plip/internal/runlog"
	"plip/internal/tensor"
	"plip/internal/weights"
)

// The files of a checkpoint.
const (
	ModelFile     = "model.safetensors"
	OptimizerFile = "optimizer.safetensors"
	RNGFile       = "rng.safetensors"
	ConfigFile    = "config.yaml"
	StateFile     = "state.json"
)

// stepsKey is the optimizer's number of steps, in the metadata of OptimizerFile.
const stepsKey = "steps"

// Content is what a checkpoint is made of. It stays the caller's.
type Content struct {
	Store     *nn.Store
	Optimizer *optim.Optimizer  // nil: a model that no run goes on from; then no generator state is kept either
	Config    any               // as YAML, by its yaml tags
	State     any               // as JSON; nil: none
	Files     map[string][]byte // companions by name, such as vocab.txt
	Metadata  map[string]string // of ModelFile
}

// Save writes dir/name, whole or not at all, and returns its path. A checkpoint of that name must not be there yet:
// that is fs.ErrExist. After an error, a full disk included, nothing is left of it.
func Save(dir, name string, c Content) (path string, err error) {
	path = filepath.Join(dir, name)
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("save checkpoint %s: %w", path, os.ErrExist)
	}
	tmp := hidden(dir, name)
	if err := os.RemoveAll(tmp); err != nil { // a kill's leftover
		return "", fmt.Errorf("save checkpoint %s: %w", path, err)
	}
	if err := os.MkdirAll(tmp, 0o777); err != nil {
		return "", fmt.Errorf("save checkpoint %s: %w", path, err)
	}
	err = c.write(tmp)
	if err == nil {
		err = syncDir(tmp)
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return "", fmt.Errorf("save checkpoint %s: %w", path, errors.Join(err, os.RemoveAll(tmp)))
	}
	return path, syncDir(dir)
}

// WriteState replaces the state of the checkpoint at path, atomically.
func WriteState(path string, state any) error {
	return runlog.WriteJSON(filepath.Join(path, StateFile), state)
}

// write puts the files into a folder; each is synced.
func (c Content) write(dir string) error {
	model, err := c.Store.Weights()
	if err != nil {
		return err
	}
	if err := weights.WriteSafetensors(filepath.Join(dir, ModelFile), model, c.Metadata); err != nil {
		return err
	}
	if c.Optimizer != nil {
		if err := writeTraining(dir, c.Optimizer); err != nil {
			return err
		}
	}
	config, err := yaml.Marshal(c.Config)
	if err != nil {
		return fmt.Errorf("%s: %w", ConfigFile, err)
	}
	if err := runlog.WriteFile(filepath.Join(dir, ConfigFile), config); err != nil {
		return err
	}
	var names []string
	for name := range c.Files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := runlog.WriteFile(filepath.Join(dir, name), c.Files[name]); err != nil {
			return err
		}
	}
	if c.State == nil {
		return nil
	}
	return WriteState(dir, c.State)
}

// writeTraining writes what only a resumed run needs: the optimizer's states and the generator's.
func writeTraining(dir string, o *optim.Optimizer) error {
	var states, generator []weights.Tensor
	err := tensor.Do(func(*tensor.Scope) error {
		for _, s := range o.States() {
			w, err := nn.ToWeights(s.Name, s.Tensor)
			if err != nil {
				return err
			}
			states = append(states, w)
		}
		w, err := nn.ToWeights("cpu", tensor.RNGState())
		generator = append(generator, w)
		return err
	})
	if err != nil {
		return err
	}
	meta := map[string]string{stepsKey: strconv.FormatInt(o.Steps(), 10)}
	return errors.Join(
		weights.WriteSafetensors(filepath.Join(dir, OptimizerFile), states, meta),
		weights.WriteSafetensors(filepath.Join(dir, RNGFile), generator, nil))
}

// hidden is the name of a checkpoint that is being written or deleted.
func hidden(dir, name string) string { return filepath.Join(dir, "."+name+".tmp") }

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
