package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/spf13/pflag"
)

// testSettings has a setting of every kind and a preset "small".
func testSettings() *settings {
	presets := fstest.MapFS{
		"small.yaml": {Data: []byte("visual: {width: 16, pool: max}\nlayers: [3, 4]\n")},
		"tiny.yaml":  {Data: []byte("visual.width: 8\n")},
	}
	s := newSettings(pflag.NewFlagSet("test", pflag.ContinueOnError), presets)
	s.flags.Int("visual.width", 64, "channels")
	s.flags.String("visual.pool", "attention", "pooling")
	s.flags.IntSlice("layers", []int{3, 4, 6, 3}, "blocks")
	s.flags.Float64("rate", 0.002, "rate")
	s.flags.String("weights", "", "weights")
	addShard(s.flags, &shard{})
	return s
}

func TestPrecedence(t *testing.T) {
	const file = "visual:\n  width: 32\nrate: 1e-3\n"
	for _, test := range []struct {
		name, args, file, want string
	}{
		{"default", "", "", "64 attention 3,4,6,3 0.002"},
		{"preset", "--preset=small", "", "16 max 3,4 0.002"},
		{"dotted key", "--preset=tiny", "", "8 attention 3,4,6,3 0.002"},
		{"file over default", "", file, "32 attention 3,4,6,3 0.001"},
		{"file over preset", "--preset=small", file, "32 max 3,4 0.001"},
		{"flag over all", "--preset=small --visual.width=5 --layers=1,2", file, "5 max 1,2 0.001"},
		{"flag at its default over all", "--preset=small --visual.width=64", file, "64 max 3,4 0.001"},
		{"one-element list", "", "layers: 7", "64 attention 7 0.002"},
		{"list as a flag", "", "layers: 7,8", "64 attention 7,8 0.002"},
		{"comments alone", "", "# nothing\n", "64 attention 3,4,6,3 0.002"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := testSettings()
			args := strings.Fields(test.args)
			if test.file != "" {
				args = append(args, "--config="+writeTemp(t, test.file))
			}
			if err := s.flags.Parse(args); err != nil {
				t.Fatal(err)
			}
			if err := s.load(); err != nil {
				t.Fatal(err)
			}
			m := s.recorded()
			got := strings.Join([]string{m["visual.width"], m["visual.pool"], m["layers"], m["rate"]}, " ")
			if got != test.want {
				t.Errorf("want %s, got %s", test.want, got)
			}
		})
	}
}

func TestConfigErrors(t *testing.T) {
	for _, test := range []struct {
		name, args, file string
		want             []string // all of these
	}{
		{"unknown keys", "", "visual:\n  widht: 3\nlayer: 2", []string{
			`FILE:3: unknown key "layer", the nearest known one is "layers"`,
			`FILE:2: unknown key "visual.widht", the nearest known one is "visual.width"`}},
		{"wrong types", "", "visual: {width: abc}\nrate: x", []string{
			`FILE:1: key "visual.width": want int, got "abc"`, `FILE:2: key "rate": want float64, got "x"`}},
		{"list for one", "", "rate: [1, 2]", []string{`FILE:1: key "rate": want one float64, got a list`}},
		{"wrong element", "", "layers: [1, b]", []string{`FILE:1: key "layers": want a list of intSlice`}},
		{"set twice", "", "visual: {width: 1}\nvisual.width: 2", []string{`FILE:2: key "visual.width" is set a second time, first in line 1`}},
		{"nothing", "", "rate:", []string{`FILE:1: key "rate": want a value, got nothing`}},
		{"alias", "", "rate: &r 1\nweights: *r", []string{`FILE:2: key "weights": want a value, got an alias`}},
		{"no mapping", "", "- 1", []string{`FILE:1: want keys with values, got a list`}},
		{"shell key", "", "config: x", []string{`FILE:1: unknown key "config"`}},
		{"no YAML", "", "a: [", []string{`FILE: yaml: `}},
		{"preset", "--preset=smal", "", []string{`unknown preset "smal", the nearest known one is "small"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := testSettings()
			args := strings.Fields(test.args)
			path := writeTemp(t, test.file)
			if test.file != "" {
				args = append(args, "--config="+path)
			}
			if err := s.flags.Parse(args); err != nil {
				t.Fatal(err)
			}
			err := s.load()
			if err == nil {
				t.Fatal("want an error, got none")
			}
			got := strings.ReplaceAll(err.Error(), path, "FILE")
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("want %q in %q", want, got)
				}
			}
		})
	}
}

// TestRecorded checks what is kept with outputs: no place, no way of running.
func TestRecorded(t *testing.T) {
	s := testSettings()
	if err := s.flags.Parse([]string{"--weights=/data/hub/bert", "--json", "--shard=1/2", "--seed=7"}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"visual.width": "64", "visual.pool": "attention", "layers": "3,4,6,3", "rate": "0.002", "weights": "bert", "seed": "7"}
	if got := s.recorded(); !reflect.DeepEqual(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
}

// FuzzConfig checks that no configuration file panics, and that one that is
// accepted prints as one that is accepted with the same values.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{"", "rate: 1", "visual: {width: 1, pool: 'a: b'}", "layers: [1, 2]", "a: &a [*a]", "? [a]\n: b", "weights: '0x10'", "weights: \"\\n\"", "!!binary x: y"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := testSettings()
		s.config = writeTemp(t, string(data))
		if s.load() != nil {
			return
		}
		text, err := s.yaml()
		if err != nil {
			t.Fatal(err)
		}
		again := testSettings()
		again.config = writeTemp(t, string(text))
		if err := again.load(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if want, got := s.recorded(), again.recorded(); !reflect.DeepEqual(got, want) {
			t.Errorf("want %v, got %v from\n%s", want, got, text)
		}
	})
}

// writeTemp writes text to a new file and returns its path.
func writeTemp(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
