package weights

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// snapshot makes a snapshot with the given files, of the given age in hours.
func snapshot(t *testing.T, folder, revision string, age int, files ...string) string {
	t.Helper()
	dir := filepath.Join(folder, "snapshots", revision)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	when := time.Unix(1_700_000_000, 0).Add(-time.Duration(age) * time.Hour)
	if err := os.Chtimes(dir, when, when); err != nil {
		t.Fatal(err)
	}
	return dir
}

func environment(pairs ...string) func(string) string {
	return func(key string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestResolveHub(t *testing.T) {
	root := t.TempDir()
	hub := filepath.Join(root, "hub")
	bert := filepath.Join(hub, "models--bert-base-uncased")
	old := snapshot(t, bert, "aaa", 5, "config.json")
	newest := snapshot(t, bert, "bbb", 1, "config.json")
	snapshot(t, bert, "ccc", 0) // an interrupted download
	gpt := snapshot(t, filepath.Join(hub, "models--openai-community--gpt2"), "ddd", 0, "config.json")
	org := snapshot(t, filepath.Join(hub, "models--some--model"), "eee", 0, "config.json")

	resolve := func(name string, env func(string) string, want string) {
		t.Helper()
		if got, err := ResolveHub(name, env); err != nil || got != want {
			t.Errorf("%s: want %s, got %s, %v", name, want, got, err)
		}
	}
	resolve("bert-base-uncased", environment("HF_HUB_CACHE", hub, "HF_HOME", "/none"), newest)
	resolve("bert-base-uncased", environment("HF_HOME", root), newest)
	resolve("gpt2", environment("HF_HOME", root), gpt)
	resolve("some/model", environment("HF_HOME", root), org)
	resolve(old, environment(), old)
	resolve(filepath.Join(old, "config.json"), environment(), filepath.Join(old, "config.json"))

	if err := os.MkdirAll(filepath.Join(bert, "refs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bert, "refs", "main"), []byte("aaa\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	resolve("bert-base-uncased", environment("HF_HOME", root), old)

	home := t.TempDir()
	cache := filepath.Join(home, ".cache", "huggingface", "hub")
	if err := os.MkdirAll(filepath.Dir(cache), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(hub, cache); err != nil {
		t.Fatal(err)
	}
	resolve("gpt2", environment("HOME", home), filepath.Join(cache, "models--openai-community--gpt2", "snapshots", "ddd"))
	resolve("gpt2", environment("XDG_CACHE_HOME", filepath.Join(home, ".cache"), "HOME", "/none"), filepath.Join(cache, "models--openai-community--gpt2", "snapshots", "ddd"))
}

func TestResolveHubErrors(t *testing.T) {
	root := t.TempDir()
	snapshot(t, filepath.Join(root, "hub", "models--bert-tiny"), "aaa", 0, "model.safetensors")
	for _, c := range []struct {
		name string
		env  func(string) string
		want []string
	}{
		{"gpt2-medium", environment("HF_HOME", root), []string{"models--gpt2-medium", "models--openai-community--gpt2-medium", "nothing is downloaded", "config.json, model.safetensors (or pytorch_model.bin), vocab.json and merges.txt"}},
		{"bert-tiny", environment("HF_HOME", root), []string{"has no snapshot with config.json", "and vocab.txt into one folder"}},
		{"gpt2", environment(), []string{"none of HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME and HOME"}},
		{"./missing/model", environment("HF_HOME", root), []string{"no file or folder ./missing/model"}},
		{"../x", environment("HF_HOME", root), []string{"no file or folder ../x"}},
		{"a/b/c", environment("HF_HOME", root), []string{"no file or folder a/b/c"}},
		{"", environment(), []string{"got an empty name"}},
	} {
		_, err := ResolveHub(c.name, c.env)
		if err == nil {
			t.Errorf("%q: want an error", c.name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: want %q in %q", c.name, want, err)
			}
		}
	}
}
