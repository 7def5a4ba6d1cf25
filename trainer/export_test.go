package trainer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
	"plip/internal/weights"
)

// releaseLike is a model that the release can compute, with a colouriser.
func releaseLike(t *testing.T) *Model {
	t.Helper()
	return newTestModel(t, func(c *Config) {
		c.Visual.Pool, c.Visual.Height, c.Text.Pool = PoolAttention, 64, PoolPooler
		c.Loss.TIC, c.Colorize.Channels = 1, 4
	})
}

// TestExportedReleaseLoads reads an export back, sizes from its shapes, and compares everything.
func TestExportedReleaseLoads(t *testing.T) {
	m := releaseLike(t)
	for _, ids := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "out")
		if err := m.ExportRelease(dir, 12, ids); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, ReleaseFile)
		got, err := LoadModel(tensor.CPU, file, false)
		if err != nil {
			t.Fatal(err)
		}
		want := m.Config.Text
		want.Dropout, want.AttentionDropout = got.Config.Text.Dropout, got.Config.Text.AttentionDropout
		v := m.Config.Visual
		if got.Config.Text != want || got.Config.Visual.Height != v.Height || got.Config.Visual.Px != v.Px || !slices.Equal(got.Config.Visual.Layers, v.Layers) {
			t.Errorf("want the sizes %+v and %+v, got %+v and %+v", v, want, got.Config.Visual, got.Config.Text)
		}
		if diff := differing(t, got.Store, m.Store); len(diff) > 0 {
			t.Errorf("%v differ", diff)
		}
		got.Close()
		src, err := weights.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		if src.Has("TxtEncoder_state_dict.encoder.embeddings.position_ids") != ids {
			t.Errorf("position_ids: want %v", ids)
		}
		if n := src.Sub(releaseDecoder).Len(); n == 0 {
			t.Error("want the colouriser in the file")
		}
		src.Close()
		other := releaseLike(t)
		nntest.Do(t, func() {
			defer tensor.NoGrad()()
			for _, p := range other.Store.Params() {
				p.Tensor.Fill_(0)
			}
		})
		if err := other.loadRelease(file); err != nil {
			t.Fatal(err)
		}
		if diff := differing(t, other.Store, m.Store); len(diff) > 0 {
			t.Errorf("with a colouriser: %v differ", diff)
		}
		if err := m.ExportRelease(dir, 12, ids); !errors.Is(err, fs.ErrExist) {
			t.Errorf("want a folder with files refused, got %v", err)
		}
	}
}

func TestExportHubLoads(t *testing.T) {
	m := releaseLike(t)
	dir := filepath.Join(t.TempDir(), "a", "hub")
	if err := m.ExportHub(dir); err != nil {
		t.Fatal(err)
	}
	c := DefaultTextConfig()
	if err := c.ReadHubConfig(filepath.Join(dir, HubConfigFile)); err != nil {
		t.Fatal(err)
	}
	c.Pool, c.MaxLength = m.Config.Text.Pool, m.Config.Text.MaxLength
	if c != m.Config.Text {
		t.Errorf("config.json: want %+v, got %+v", m.Config.Text, c)
	}
	s := nn.NewStore(tensor.CPU)
	t.Cleanup(s.Close)
	nntest.Do(t, func() {
		text := NewText(s.Root().Sub("text"), c)
		if err := text.LoadHub(s.Root().Sub("text"), dir); err != nil {
			t.Fatal(err)
		}
		v := NewVisual(s.Root().Sub("visual"), m.Config.Visual)
		if _, err := v.LoadBackbone(s.Root().Sub("visual"), Backbone{File: filepath.Join(dir, VisualFile)}); err != nil {
			t.Fatal(err)
		}
	})
	if diff := differing(t, s, m.Store); len(diff) > 0 {
		t.Errorf("%v differ", diff)
	}
	words, err := LoadVocabulary(dir)
	if err != nil || words.Size() != m.Words.Size() {
		t.Errorf("vocabulary: want %d tokens, got %v", m.Words.Size(), err)
	}
}

func TestExportRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	plain := newTestModel(t, nil)
	if err := plain.ExportRelease(dir, 0, false); err == nil || !strings.Contains(err.Error(), "got clip, max and mean") {
		t.Errorf("want other poolings refused, got %v", err)
	}
	probed := newTestModel(t, func(c *Config) { c.Finetune = DefaultProbe().Finetune })
	for _, export := range []func() error{func() error { return probed.ExportHub(dir) }, func() error { return probed.ExportRelease(dir, 0, false) }} {
		if err := export(); err == nil || !strings.Contains(err.Error(), "want a model without a probe") {
			t.Errorf("want a probe refused, got %v", err)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want no folder after a refusal, got %v", err)
	}
}

// TestReleaseWithoutItsVocabulary says what is missing and where.
func TestReleaseWithoutItsVocabulary(t *testing.T) {
	m := releaseLike(t)
	dir := filepath.Join(t.TempDir(), "out")
	if err := m.ExportRelease(dir, 0, false); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, VocabularyFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadModel(tensor.CPU, filepath.Join(dir, ReleaseFile), false); err == nil || !strings.Contains(err.Error(), "want its vocabulary beside it, vocab.txt") {
		t.Errorf("want the missing file named, got %v", err)
	}
	if _, err := LoadModel(tensor.CPU, "testdata/fixtures/visual-tiny.safetensors", false); err == nil || !strings.Contains(err.Error(), `ImgEncoder_state_dict: want a tensor "conv3.weight", got none`) {
		t.Errorf("want a file of another layout refused, got %v", err)
	}
}
