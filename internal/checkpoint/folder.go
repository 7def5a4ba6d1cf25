package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"plip/internal/runlog"
)

// bestFile names the best checkpoint of a run's folder.
const bestFile = "best.json"

type best struct {
	Name string `json:"name"`
}

// StepName is the name of the checkpoint after a step. Names sort as their steps do.
func StepName(step int64) string { return fmt.Sprintf("step-%08d", step) }

// step is the inverse of StepName.
func step(name string) (int64, bool) {
	digits, ok := strings.CutPrefix(name, "step-")
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, ok && err == nil && StepName(n) == name
}

// steps lists the checkpoints of a run's folder, oldest first. No folder has none.
func steps(dir string) ([]int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []int64
	for _, e := range entries {
		if n, ok := step(e.Name()); ok && e.IsDir() {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Latest is the path of the last checkpoint in a run's folder, or "" when there is none.
func Latest(dir string) (string, error) {
	all, err := steps(dir)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return filepath.Join(dir, StepName(all[len(all)-1])), nil
}

// SetBest makes the checkpoint of that name the folder's best.
func SetBest(dir, name string) error {
	return runlog.WriteJSON(filepath.Join(dir, bestFile), best{name})
}

// Best is the path of the best checkpoint in a run's folder, or "" when none was named.
func Best(dir string) (string, error) {
	var b best
	err := runlog.ReadJSON(filepath.Join(dir, bestFile), &b)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if _, ok := step(b.Name); !ok {
		return "", fmt.Errorf("read %s: want the name of a checkpoint, got %q", filepath.Join(dir, bestFile), b.Name)
	}
	return filepath.Join(dir, b.Name), nil
}

// Prune deletes the checkpoints of a run's folder but the last keep and the best, and what kills left of others.
func Prune(dir string, keep int) error {
	all, err := steps(dir)
	if err != nil {
		return err
	}
	top, err := Best(dir)
	if err != nil {
		return err
	}
	for _, n := range all[:max(0, len(all)-keep)] {
		name := StepName(n)
		if top != "" && filepath.Base(top) == name {
			continue
		}
		if err := os.Rename(filepath.Join(dir, name), hidden(dir, name)); err != nil {
			return err
		}
	}
	leftovers, err := filepath.Glob(hidden(dir, "step-*"))
	if err != nil {
		return err
	}
	for _, path := range leftovers {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

// Remove deletes every checkpoint of a run's folder, and the name of the best.
func Remove(dir string) error {
	if err := os.Remove(filepath.Join(dir, bestFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return Prune(dir, 0)
}

// Resolve finds the checkpoint that a path stands for: itself, or the best or else the last one of a run's folder.
func Resolve(path string) (string, error) {
	if _, err := os.Stat(filepath.Join(path, ModelFile)); err == nil {
		return path, nil
	}
	if _, err := os.Stat(path); err != nil {
		return "", err
	}
	found, err := Best(path)
	if err == nil && found == "" {
		found, err = Latest(path)
	}
	if err != nil {
		return "", err
	}
	if found == "" {
		return "", fmt.Errorf("%s: want a checkpoint (a folder with %s) or a run's folder with one, got neither", path, ModelFile)
	}
	return found, nil
}
