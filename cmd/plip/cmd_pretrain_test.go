package main

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"plip/trainer"
)

// TestPretrainHasEverySetting compares the flags of pretrain with the keys of a checkpoint's config.yaml.
func TestPretrainHasEverySetting(t *testing.T) {
	text, err := yaml.Marshal(trainer.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]setting{}
	if err := readYAML("config.yaml", text, values); err != nil {
		t.Fatal(err)
	}
	flags := pflag.NewFlagSet("pretrain", pflag.ContinueOnError)
	newSettings(flags, nil)
	(&pretrainOptions{}).addFlags(flags)
	for key := range values {
		if key != "betas" && flags.Lookup(key) == nil {
			t.Errorf("config.yaml has the key %q, pretrain no flag for it", key)
		}
	}
	var c trainer.Config
	of := pflag.NewFlagSet("config", pflag.ContinueOnError)
	addTrainerConfig(of, &c)
	keys := sortedKeys(values)
	of.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(keys, f.Name) {
			t.Errorf("pretrain has the flag --%s, config.yaml no key for it", f.Name)
		}
	})
}

// TestPretrainPresetsAreTheTrainers compares a preset as the command merges it with the trainer's own reading.
func TestPretrainPresetsAreTheTrainers(t *testing.T) {
	for _, name := range presetNames(pretrainCommand().presets) {
		o := &pretrainOptions{out: "o", data: "d"}
		c := pretrainCommand()
		c.options = o
		s := c.newSettings(pflag.NewFlagSet("pretrain", pflag.ContinueOnError))
		s.preset = name
		if err := s.load(); err != nil {
			t.Fatal(err)
		}
		o.out, o.data = "o", "d"
		if err := o.validate(nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want, err := trainer.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		o.config.Precision = want.Precision // the command asks the device
		w, err := yaml.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		g, err := yaml.Marshal(o.config)
		if err != nil {
			t.Fatal(err)
		}
		if string(w) != string(g) {
			t.Errorf("%s: want\n%sgot\n%s", name, w, g)
		}
	}
}
