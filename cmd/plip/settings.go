package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/pflag"

	"plip/trainer/presets"
)

// settings are the settings of one command. The flag set is their only
// registry: the name of a flag is the key of the configuration file, its dots
// being levels of YAML. A value comes from the command line, else from the
// file of --config, else from --preset, else it is the flag's default.
type settings struct {
	flags   *pflag.FlagSet
	presets fs.FS

	config      string
	preset      string
	printConfig bool
	seed        int64
	json        bool
	timeLimit   time.Duration // of commands that resume
}

// Annotations of flags, kept in pflag.Flag.Annotations.
const (
	shellOnly  = "plip:shell"      // steers the shell; not a key of the configuration
	unrecorded = "plip:unrecorded" // cannot change a result; not kept with outputs
)

// newSettings defines the flags that every command has.
func newSettings(f *pflag.FlagSet, presets fs.FS) *settings {
	s := &settings{flags: f, presets: presets}
	f.StringVar(&s.config, "config", "", "read settings from this YAML `file`; flags win over it")
	f.BoolVar(&s.printConfig, "print-config", false, "print the settings in force as YAML and stop")
	annotate(f, shellOnly, "config", "print-config")
	if presets != nil {
		f.StringVar(&s.preset, "preset", "", "start from these settings, one `of` "+strings.Join(presetFamilies(presets), ", "))
		annotate(f, shellOnly, "preset")
	}
	f.Int64Var(&s.seed, "seed", 1, "seed of everything random")
	f.BoolVar(&s.json, "json", false, "print the result as one JSON object")
	annotate(f, unrecorded, "json")
	return s
}

// annotate marks flags of f.
func annotate(f *pflag.FlagSet, mark string, names ...string) {
	for _, name := range names {
		flag := f.Lookup(name)
		if flag.Annotations == nil {
			flag.Annotations = map[string][]string{}
		}
		flag.Annotations[mark] = nil
	}
}

// marked reports whether annotate marked the flag.
func marked(flag *pflag.Flag, mark string) bool {
	_, ok := flag.Annotations[mark]
	return ok
}

// keys visits the flags that are keys of the configuration, sorted by name.
func (s *settings) keys(visit func(*pflag.Flag)) {
	s.flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Name != "help" && !marked(flag, shellOnly) {
			visit(flag)
		}
	})
}

// load merges the preset and the configuration file into the flags that the
// command line left alone. It reports every wrong key and value, not the first.
func (s *settings) load() error {
	values := map[string]setting{}
	var problems []error
	if s.preset != "" {
		if !slices.Contains(presetNames(s.presets), s.preset) {
			return newUnknownName("preset", s.preset, presetNames(s.presets))
		}
		for _, file := range presets.Layers(s.preset) {
			data, err := fs.ReadFile(s.presets, file)
			if err != nil {
				return fmt.Errorf("preset %s: %w", s.preset, err)
			}
			problems = append(problems, readYAML("preset "+strings.TrimSuffix(file, ".yaml"), data, values))
		}
	}
	if s.config != "" {
		data, err := os.ReadFile(s.config)
		if err != nil {
			return fmt.Errorf("read configuration: %w", err)
		}
		problems = append(problems, readYAML(s.config, data, values))
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	problems = append(problems, s.checkKeys(values))
	s.keys(func(flag *pflag.Flag) {
		if v, ok := values[flag.Name]; ok && !flag.Changed {
			if err := v.assign(flag); err != nil {
				problems = append(problems, err)
			}
		}
	})
	return errors.Join(problems...)
}

// checkKeys reports the keys that are no settings of the command.
func (s *settings) checkKeys(values map[string]setting) error {
	var known []string
	s.keys(func(flag *pflag.Flag) { known = append(known, flag.Name) })
	var unknown []error
	for _, key := range sortedKeys(values) {
		i := sort.SearchStrings(known, key)
		if i == len(known) || known[i] != key {
			unknown = append(unknown, fmt.Errorf("%s: %w", values[key].where, newUnknownName("key", key, known)))
		}
	}
	return errors.Join(unknown...)
}

// recorded is the configuration to keep with outputs: every setting that can
// change a result, without the directories of absolute paths.
func (s *settings) recorded() map[string]string {
	m := map[string]string{}
	s.keys(func(flag *pflag.Flag) {
		if marked(flag, unrecorded) {
			return
		}
		var values []string
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		} else {
			values = []string{flag.Value.String()}
		}
		for i, v := range values {
			if path.IsAbs(v) {
				values[i] = path.Base(v)
			}
		}
		m[flag.Name] = strings.Join(values, ",")
	})
	return m
}

// validate checks the settings that every command has.
func (s *settings) validate() error {
	if s.timeLimit < 0 {
		return fmt.Errorf("--time-limit: want 0 or more, got %s", s.timeLimit)
	}
	return nil
}

// presetNames lists the presets of a command, sorted, those of folders last.
func presetNames(presets fs.FS) []string {
	var names []string
	for _, pattern := range []string{"*.yaml", "*/*.yaml"} {
		files, err := fs.Glob(presets, pattern)
		if err != nil {
			return nil // the patterns are constant and well formed
		}
		for _, f := range files {
			names = append(names, strings.TrimSuffix(f, ".yaml"))
		}
	}
	return names
}

// presetFamilies lists the presets of a command, those of a folder as one.
func presetFamilies(presets fs.FS) []string {
	names := presetNames(presets)
	for i, name := range names {
		if folder := path.Dir(name); folder != "." {
			names[i] = folder + "/..."
		}
	}
	return slices.Compact(names)
}

// newUnknownName returns the error for a name outside known, which it compares
// by edit distance; of equally near names the first in order wins.
func newUnknownName(what, name string, known []string) error {
	e := &unknownNameError{what: what, name: name}
	best := -1
	for _, k := range known {
		if d := levenshtein.ComputeDistance(name, k); best < 0 || d < best {
			best, e.nearest = d, k
		}
	}
	return e
}

// sortedKeys returns the keys of m in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
