package trainer

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"plip/internal/checkpoint"
	"plip/internal/nn"
	"plip/internal/weights"
)

// weightsPlace is where a whole model can be read from: a checkpoint of ours, or a file of the Python release.
type weightsPlace struct {
	dir  string // of the checkpoint, or of the file
	file string // of the release; "" for a checkpoint
}

// findWeights finds the model that a path stands for.
func findWeights(path string) (weightsPlace, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		return weightsPlace{dir: filepath.Dir(path), file: path}, nil
	}
	dir, err := checkpoint.Resolve(path)
	return weightsPlace{dir: dir}, err
}

// config is the configuration of the model there.
func (w weightsPlace) config() (Config, error) {
	if w.file != "" {
		return readReleaseConfig(w.file)
	}
	c := checkpointConfig()
	return c, checkpoint.ReadConfig(w.dir, &c)
}

func (w weightsPlace) vocabulary() (*Vocabulary, error) {
	words, err := LoadVocabulary(w.dir)
	if err != nil && w.file != "" {
		return nil, fmt.Errorf("%s: want its vocabulary beside it, %s of bert-base-uncased: %w", w.file, VocabularyFile, err)
	}
	return words, err
}

// load overwrites every parameter of a model.
func (w weightsPlace) load(m *Model) error {
	if w.file != "" {
		return m.loadRelease(w.file)
	}
	return checkpoint.LoadModel(w.dir, m.Store)
}

// encoders overwrites both encoders of a model and leaves heads as they are.
func (w weightsPlace) encoders(m *Model) error {
	if w.file != "" {
		return m.loadRelease(w.file)
	}
	src, err := weights.Load(filepath.Join(w.dir, checkpoint.ModelFile))
	if err != nil {
		return err
	}
	defer src.Close()
	for _, part := range []string{"visual", "text"} {
		if err := m.Store.Root().Sub(part).Load(src.Sub(part), nn.LoadOptions{}); err != nil {
			return fmt.Errorf("%s: %s: %w", src.Path(), part, err)
		}
	}
	return nil
}

// adoptStart takes over the sizes of the model that a training starts from: on resuming, from its own checkpoint last.
// What training alone is about stays: dropout, frozen layers and the length of captions.
func adoptStart(c *Config, run Run, last string) error {
	if run.Start == "" {
		return nil
	}
	from, err := findWeights(cmp.Or(last, run.Start))
	if err != nil {
		return err
	}
	saved, err := from.config()
	if err != nil {
		return err
	}
	if last == "" && saved.Finetune != nil && saved.Finetune.Probe != ProbeNone {
		return fmt.Errorf("%s: want a model without a probe to start from: its linear layers are no part of the encoders", run.Start)
	}
	c.Visual = saved.Visual
	was := c.Text
	c.Text = saved.Text
	c.Text.Dropout, c.Text.AttentionDropout, c.Text.FrozenLayers = was.Dropout, was.AttentionDropout, was.FrozenLayers
	c.Text.FrozenBF16, c.Text.FrozenEval, c.Text.FrozenCache = was.FrozenBF16, was.FrozenEval, was.FrozenCache
	c.Text.MaxLength = min(was.MaxLength, saved.Text.Positions)
	return nil
}

// begin overwrites the fresh parameters by what the run starts from.
func (m *Model) begin(run Run) error {
	if run.Start != "" {
		from, err := findWeights(run.Start)
		if err != nil {
			return err
		}
		if err := from.encoders(m); err != nil {
			return err
		}
	}
	if run.Hub != "" {
		if err := m.LoadHub(run.Hub); err != nil {
			return err
		}
	}
	if run.Backbone.File == "" {
		return nil
	}
	note, err := m.Visual.LoadBackbone(m.Store.Root().Sub("visual"), run.Backbone)
	if err == nil && run.Note != nil {
		run.Note(note)
	}
	return err
}
