package parquet

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// ErrFinished says that the directory already holds the finished dataset of this
// configuration.
var ErrFinished = errors.New("the dataset is finished")

// ConfigMismatchError says that a directory was begun with another
// configuration.
type ConfigMismatchError struct {
	Dir   string
	Diffs []ConfigDiff // in key order, never empty
}

// ConfigDiff is one setting that differs. A setting that one side lacks is
// "(none)" there.
type ConfigDiff struct {
	Key, Stored, Given string
}

func (e *ConfigMismatchError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s was begun with another configuration:", e.Dir)
	for i, d := range e.Diffs {
		if i > 0 {
			b.WriteByte(';')
		}
		fmt.Fprintf(&b, " %s: want %q, got %q", d.Key, d.Stored, d.Given)
	}
	return b.String()
}

// CompareConfig returns a *ConfigMismatchError where the configuration that dir
// was begun with differs from the given one, and else nil.
func CompareConfig(dir string, stored, given map[string]string) error {
	if diffs := diffMaps(stored, given); len(diffs) > 0 {
		return &ConfigMismatchError{Dir: dir, Diffs: diffs}
	}
	return nil
}

// runFile is run.json: the configuration that a resuming run must have.
type runFile struct {
	SchemaVersion int               `json:"schema_version"`
	Config        map[string]string `json:"config"`
	Shards        map[string]string `json:"shards"` // the options that decide a shard's bytes
}

func newRunFile(o *WriterOptions) *runFile {
	return &runFile{SchemaVersion: schemaVersion, Config: o.Config, Shards: o.layoutKeys()}
}

func (r *runFile) encode() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", runName, err)
	}
	return append(b, '\n'), nil
}

// readRunFile returns fs.ErrNotExist when dir holds no run.
func readRunFile(dir string) (*runFile, error) {
	file := filepath.Join(dir, runName)
	b, err := readFileLimited(file, maxManifestBytes)
	if err != nil {
		return nil, err
	}
	r := new(runFile)
	if err := decodeStrict(b, r); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return r, nil
}

// write makes r the run of a directory.
func (r *runFile) write(dir string, create createFunc) error {
	b, err := r.encode()
	if err != nil {
		return err
	}
	return writeFileAtomic(dir, runName, b, create)
}

// cutAs reports whether both runs cut their rows into shards alike; the columns
// may differ.
func (r *runFile) cutAs(given *runFile) bool {
	for _, key := range []string{"shards.bytes", "shards.row_group_bytes", "shards.source"} {
		if r.Shards[key] != given.Shards[key] {
			return false
		}
	}
	return r.SchemaVersion == given.SchemaVersion
}

// diff lists the settings in which the stored run differs from the given one.
func (r *runFile) diff(given *runFile) []ConfigDiff {
	diffs := diffMaps(r.Config, given.Config)
	diffs = append(diffs, diffMaps(r.Shards, given.Shards)...)
	if r.SchemaVersion != given.SchemaVersion {
		diffs = append(diffs, ConfigDiff{"schema_version", fmt.Sprint(r.SchemaVersion), fmt.Sprint(given.SchemaVersion)})
	}
	return diffs
}

func diffMaps(stored, given map[string]string) []ConfigDiff {
	keys := map[string]bool{}
	for k := range stored {
		keys[k] = true
	}
	for k := range given {
		keys[k] = true
	}
	var diffs []ConfigDiff
	for k := range keys {
		s, inStored := stored[k]
		g, inGiven := given[k]
		if inStored && inGiven && s == g {
			continue
		}
		if !inStored {
			s = "(none)"
		}
		if !inGiven {
			g = "(none)"
		}
		diffs = append(diffs, ConfigDiff{k, s, g})
	}
	slices.SortFunc(diffs, func(a, b ConfigDiff) int { return strings.Compare(a.Key, b.Key) })
	return diffs
}
