package weights

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ResolveHub finds the weights that name stands for. A file or folder is taken as it is. Any other name without a path
// ("gpt2", "bert-base-uncased", "org/name") is looked up in the local hub cache: HF_HUB_CACHE, else HF_HOME/hub, else
// the hub's folder below XDG_CACHE_HOME or HOME/.cache. There it gives the snapshot that refs/main names, or else the
// newest. Nothing is downloaded: the error says which files to put where. env looks up environment variables.
func ResolveHub(name string, env func(string) string) (dir string, err error) {
	if name == "" {
		return "", errors.New("find weights: want a file, a folder or a name of the hub, got an empty name")
	}
	switch _, err := os.Stat(name); {
	case err == nil:
		return name, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("find weights: %w", err)
	}
	if !hubName(name) {
		return "", fmt.Errorf("find weights: no file or folder %s", name)
	}
	cache := hubCache(env)
	if cache == "" {
		return "", fmt.Errorf("find weights: no file or folder %q, and none of HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME and HOME says where the hub cache is", name)
	}
	var problems []string
	for _, repository := range hubRepositories(name) {
		folder := filepath.Join(cache, "models--"+strings.ReplaceAll(repository, "/", "--"))
		snapshot, err := hubSnapshot(folder)
		if err == nil {
			return snapshot, nil
		}
		problems = append(problems, err.Error())
	}
	return "", fmt.Errorf("find weights %q: %s; nothing is downloaded: put %s into one folder and give its path instead of the name, or fill the cache %s",
		name, strings.Join(problems, ", "), hubFiles(name), cache)
}

// hubName says whether name is NAME or ORG/NAME of the hub: letters, digits and "-_." only, so that it cannot leave
// the cache.
func hubName(name string) bool {
	parts := strings.Split(name, "/")
	for _, part := range parts {
		if part == "" || part[0] == '.' || strings.Contains(part, "--") {
			return false
		}
		for _, c := range part {
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.", c) {
				return false
			}
		}
	}
	return len(parts) <= 2
}

// hubCache is the folder of the models--ORG--NAME folders, "" if the environment does not say.
func hubCache(env func(string) string) string {
	if dir := env("HF_HUB_CACHE"); dir != "" {
		return dir
	}
	if dir := env("HF_HOME"); dir != "" {
		return filepath.Join(dir, "hub")
	}
	if dir := env("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "huggingface", "hub")
	}
	if dir := env("HOME"); dir != "" {
		return filepath.Join(dir, ".cache", "huggingface", "hub")
	}
	return ""
}

// hubRepositories are the repositories to try for a name: the hub moved the old names without organisation, and caches
// hold either.
func hubRepositories(name string) []string {
	if strings.Contains(name, "/") {
		return []string{name}
	}
	if strings.HasPrefix(name, "gpt2") {
		return []string{name, "openai-community/" + name}
	}
	if strings.HasPrefix(name, "bert-") {
		return []string{name, "google-bert/" + name}
	}
	return []string{name}
}

// hubFiles says what a folder must hold.
func hubFiles(name string) string {
	const weights = "config.json, model.safetensors (or pytorch_model.bin)"
	switch {
	case strings.Contains(name, "gpt2"):
		return weights + ", vocab.json and merges.txt"
	case strings.Contains(name, "bert"):
		return weights + " and vocab.txt"
	}
	return weights + " and the vocabulary (vocab.txt of BERT, or vocab.json and merges.txt of GPT-2)"
}

// hubSnapshot finds the snapshot of a models--ORG--NAME folder that has a config.json: an interrupted download leaves
// snapshots without.
func hubSnapshot(folder string) (string, error) {
	entries, err := os.ReadDir(filepath.Join(folder, "snapshots"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("no folder %s", filepath.Join(folder, "snapshots"))
	}
	if err != nil {
		return "", err
	}
	main, err := os.ReadFile(filepath.Join(folder, "refs", "main"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	type snapshot struct {
		dir  string
		main bool
		time time.Time
	}
	var found []snapshot
	for _, entry := range entries { // sorted by name, so equal times have a fixed order
		dir := filepath.Join(folder, "snapshots", entry.Name())
		info, err := os.Stat(dir)
		if err != nil || !info.IsDir() {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "config.json")); err != nil {
			continue
		}
		found = append(found, snapshot{dir, entry.Name() == strings.TrimSpace(string(main)), info.ModTime()})
	}
	if len(found) == 0 {
		return "", fmt.Errorf("%s has no snapshot with config.json", folder)
	}
	best := slices.MaxFunc(found, func(a, b snapshot) int {
		if a.main != b.main {
			if a.main {
				return 1
			}
			return -1
		}
		return a.time.Compare(b.time)
	})
	return best.dir, nil
}
