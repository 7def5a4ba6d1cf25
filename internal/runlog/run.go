package runlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// RunFile is the name of the configuration in a run's folder.
const RunFile = "run.json"

// Run is what run.json holds.
type Run struct {
	Command string            `json:"command"` // such as "pretrain"
	Config  map[string]string `json:"config"`  // resolved settings; no time, host or absolute path
}

// MismatchError is a folder that another configuration began.
type MismatchError struct {
	Dir         string
	Differences []string // "KEY: want VALUE, got VALUE", sorted; want is what the folder has
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("%s was begun with another configuration: %s", e.Dir, strings.Join(e.Differences, "; "))
}

// Begin makes the folder dir and writes run.json into it. When there is one
// already, it must be equal: then begun is true and the run is to be continued;
// else the error is a *MismatchError and nothing has changed.
func Begin(dir string, r Run) (begun bool, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return false, err
	}
	path := filepath.Join(dir, RunFile)
	var old Run
	switch err := ReadJSON(path, &old); {
	case err == nil:
		if d := differences(old, r); len(d) > 0 {
			return true, &MismatchError{dir, d}
		}
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, WriteJSON(path, r)
	default:
		return false, err
	}
}

// differences lists what differs between the run of a folder and a new one.
func differences(old, new Run) []string {
	var d []string
	if old.Command != new.Command {
		d = append(d, fmt.Sprintf("command: want %q, got %q", old.Command, new.Command))
	}
	keys := map[string]bool{}
	for _, m := range []map[string]string{old.Config, new.Config} {
		for k := range m {
			keys[k] = true
		}
	}
	var settings []string
	for k := range keys {
		want, inOld := old.Config[k]
		got, inNew := new.Config[k]
		switch {
		case !inOld:
			settings = append(settings, fmt.Sprintf("%s: want none, got %q", k, got))
		case !inNew:
			settings = append(settings, fmt.Sprintf("%s: want %q, got none", k, want))
		case want != got:
			settings = append(settings, fmt.Sprintf("%s: want %q, got %q", k, want, got))
		}
	}
	sort.Strings(settings)
	return append(d, settings...)
}
