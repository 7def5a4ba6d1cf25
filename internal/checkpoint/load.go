package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"go.yaml.in/yaml/v3"

	"plip/internal/nn"
	"plip/internal/optim"
	"plip/internal/runlog"
	"plip/internal/tensor"
	"plip/internal/weights"
)

// LoadModel copies the weights of the checkpoint at path over a store's. Every difference in names and shapes is one
// *nn.MismatchError.
func LoadModel(path string, store *nn.Store) error {
	return withFile(path, ModelFile, func(f *weights.StateDict) error { return store.Load(f, nn.LoadOptions{}) })
}

// LoadTraining restores everything a run goes on with: the weights, the optimizer's states and steps, and last
// libtorch's generator, so that nothing may draw from it in between. Both must have been made by the same configuration.
func LoadTraining(path string, store *nn.Store, o *optim.Optimizer) error {
	if err := LoadModel(path, store); err != nil {
		return err
	}
	err := withFile(path, OptimizerFile, func(f *weights.StateDict) error {
		steps, err := strconv.ParseInt(f.Metadata()[stepsKey], 10, 64)
		if err != nil || steps < 0 {
			return fmt.Errorf("metadata %q: want a number of steps, got %q", stepsKey, f.Metadata()[stepsKey])
		}
		return o.Restore(f, steps)
	})
	if err != nil {
		return err
	}
	return withFile(path, RNGFile, func(f *weights.StateDict) error {
		state, err := f.Tensor("cpu")
		if err != nil {
			return err
		}
		return tensor.Do(func(*tensor.Scope) error {
			x, err := nn.FromWeights(tensor.CPU, state)
			if err != nil {
				return err
			}
			tensor.SetRNGState(x)
			return nil
		})
	})
}

// ReadConfig reads the configuration of the checkpoint at path. A key that to has no field for is an error: it changed
// the run, and this version would not know how.
func ReadConfig(path string, to any) error {
	file := filepath.Join(path, ConfigFile)
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}

// ReadState reads where the training of the checkpoint at path stood.
func ReadState(path string, to any) error { return runlog.ReadJSON(filepath.Join(path, StateFile), to) }

// withFile opens a file of weights for the time of f.
func withFile(path, name string, f func(*weights.StateDict) error) (err error) {
	file := filepath.Join(path, name)
	d, err := weights.Load(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := f(d); err != nil {
		return fmt.Errorf("load %s: %w", file, err)
	}
	return nil
}
