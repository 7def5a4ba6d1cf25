package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// visitFlags calls f with a fresh flag set of every command.
func visitFlags(f func(path string, s *settings)) {
	walk(commands(), "plip", func(path string, c command) {
		f(path, c.newSettings(pflag.NewFlagSet(path, pflag.ContinueOnError)))
	})
}

// TestFlagsParse gives every flag of every command its own default.
func TestFlagsParse(t *testing.T) {
	visitFlags(func(path string, s *settings) {
		var args []string
		s.flags.VisitAll(func(f *pflag.Flag) {
			value := f.Value.String()
			if list, ok := f.Value.(pflag.SliceValue); ok {
				value = strings.Join(list.GetSlice(), ",")
			}
			args = append(args, "--"+f.Name+"="+value)
		})
		if err := s.flags.Parse(args); err != nil {
			t.Errorf("%s %v: %v", path, args, err)
		}
	})
}

// TestFlagsDocumented checks what `plip help config` prints of every key: a
// meaning, and no key that is also a level above another.
func TestFlagsDocumented(t *testing.T) {
	visitFlags(func(path string, s *settings) {
		s.flags.VisitAll(func(f *pflag.Flag) {
			if strings.TrimSpace(f.Usage) == "" {
				t.Errorf("%s --%s: no meaning", path, f.Name)
			}
			for level := f.Name; strings.Contains(level, "."); {
				level = level[:strings.LastIndex(level, ".")]
				if s.flags.Lookup(level) != nil {
					t.Errorf("%s: key %q is also a level above %q", path, level, f.Name)
				}
			}
		})
	})
	var help bytes.Buffer
	if err := helpConfig(&help, commands()); err != nil {
		t.Fatal(err)
	}
	visitFlags(func(path string, s *settings) {
		s.keys(func(f *pflag.Flag) {
			if !strings.Contains(help.String(), "\n  "+f.Name+" ") {
				t.Errorf("%s: key %q is missing from help config", path, f.Name)
			}
		})
	})
}

// TestPresets loads every preset of every command.
func TestPresets(t *testing.T) {
	visitFlags(func(path string, s *settings) {
		if s.presets == nil {
			return
		}
		for _, name := range presetNames(s.presets) {
			s.preset = name
			if err := s.load(); err != nil {
				t.Errorf("%s --preset %s: %v", path, name, err)
			}
		}
	})
}

// TestPrintConfigRoundTrip prints the defaults of every command and reads them
// back: nothing may change.
func TestPrintConfigRoundTrip(t *testing.T) {
	visitFlags(func(path string, s *settings) {
		text, err := s.yaml()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		want := s.recorded()
		s.config = filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(s.config, text, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := s.load(); err != nil {
			t.Errorf("%s: %v\n%s", path, err, text)
		}
		if got := s.recorded(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: want %v, got %v", path, want, got)
		}
	})
}

// TestJSONDocumented checks that every key of every result has a meaning, and
// that no meaning is left over.
func TestJSONDocumented(t *testing.T) {
	walk(commands(), "plip", func(path string, c command) {
		keys := map[string]bool{}
		for _, k := range c.jsonKeys() {
			keys[plainPath(k.path)] = true
			if k.doc == "" || strings.HasSuffix(k.path, ".") {
				t.Errorf("%s --json: key %q of %T has no json tag or no meaning", path, k.path, c.result)
			}
		}
		for key := range c.docs {
			if !keys[plainPath(key)] {
				t.Errorf("%s --json: docs has %q, which is no key of %T", path, key, c.result)
			}
		}
	})
}
