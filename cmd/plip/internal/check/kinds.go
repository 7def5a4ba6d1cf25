package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"plip/internal/weights"
)

// kind is the way to check one kind of fixture; one of the two is set.
type kind struct {
	tensors func(*tensorFixture) error // a safetensors file
	json    func(*jsonFixture) error   // a JSON file
}

// table holds every kind that is built.
var table = map[string]kind{
	"adan":            {tensors: checkAdan},
	"bert":            {tensors: checkBERT},
	"bpe":             {json: checkBPE},
	"caption-metrics": {json: checkCaptionMetrics},
	"cmpmc":           {tensors: checkCMPMC},
	"gpt2":            {tensors: checkGPT2},
	"iap":             {tensors: checkAttributeHead},
	"plip-losses":     {tensors: checkLosses},
	"preprocess":      {tensors: checkPreprocess},
	"pth":             {json: checkArchives},
	"rank":            {tensors: checkRank},
	"reid":            {tensors: checkReid},
	"release-outputs": {tensors: checkRelease},
	"rerank":          {tensors: checkRerank},
	"schedule":        {json: checkSchedule},
	"spac-branches":   {tensors: checkBranches},
	"spac-fpn":        {tensors: checkFPN},
	"tic":             {tensors: checkColorizer},
	"visual":          {tensors: checkVisual},
	"wordpiece":       {json: checkWordPiece},
}

// Kinds lists the kinds that are built, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(table)) }

// kindOf reads the kind that a file names, "" for none.
func kindOf(path string) (string, error) {
	if filepath.Ext(path) == ".safetensors" {
		f, err := weights.OpenSafetensors(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		return f.Metadata()["kind"], nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var top struct {
		Kind json.RawMessage `json:"kind"`
	}
	if err := json.Unmarshal(data, &top); err != nil {
		// An array is JSON without a kind: a companion such as a merge list.
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
			return "", nil
		}
		return "", fmt.Errorf("read fixture: %w", err)
	}
	var name string
	if json.Unmarshal(top.Kind, &name) != nil {
		return "", nil // vocab.json may hold a token "kind"
	}
	return name, nil
}

// check opens the fixture, runs it and closes it.
func (k kind) check(ctx context.Context, path string) ([]Group, error) {
	c := comparison{ctx: ctx}
	if k.json != nil {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		f := &jsonFixture{comparison: c, dir: filepath.Dir(path), data: data}
		err = k.json(f)
		return f.groups, err
	}
	file, err := weights.OpenSafetensors(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	f := &tensorFixture{comparison: c, dir: filepath.Dir(path), file: file, met: map[string]bool{}}
	err = k.tensors(f)
	return f.groups, errors.Join(err, f.leftover(err))
}
