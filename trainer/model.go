package trainer

import (
	"errors"
	"fmt"
	"strings"

	"plip/internal/nn"
	"plip/internal/tensor"
)

// Model is PLIP: both encoders and the heads of the pretext tasks over one store, in which they are "visual.*", "text.*",
// "tic.*" and "iap.*", after fine-tuning also "cmpc.*" or "probe.*". It is for one goroutine at a time.
type Model struct {
	Config     Config
	Words      *Vocabulary
	Store      *nn.Store
	Visual     *Visual
	Text       *Text
	Colorizer  *Colorizer     // nil without loss.tic
	Gray       *Visual        // Visual for gray images: itself, or with statistics of its own (colorize.statistics)
	Attributes *AttributeHead // nil without loss.iap
	clock      *stopwatch     // of a training that is profiled
	Classifier *Classifier    // nil without finetune.cmpc
	Probe      *Probe         // nil without finetune.probe
}

// NewModel makes a model with fresh parameters drawn from the configuration's seed. The configuration's vocabulary
// must have room for words.
func NewModel(device tensor.Device, c Config, words *Vocabulary) (*Model, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Precision == PrecisionFP16 && device == tensor.CPU {
		return nil, errors.New("precision fp16: want a CUDA device, got cpu")
	}
	if int64(words.Size()) > c.Text.Vocab {
		return nil, fmt.Errorf("text.vocab: want the vocabulary's %d tokens or more, got %d", words.Size(), c.Text.Vocab)
	}
	m := &Model{Config: c, Words: words, Store: nn.NewStore(device)}
	err := tensor.Do(func(*tensor.Scope) error {
		tensor.Seed(c.Seed)
		root := m.Store.Root()
		m.Visual = NewVisual(root.Sub("visual"), c.Visual)
		m.Text = NewText(root.Sub("text"), c.Text)
		m.Gray = m.Visual
		if c.Loss.TIC > 0 && c.Colorize.Statistics == StatisticsOwn {
			m.Gray = m.Visual.Twin(root.Sub("tic").Sub("visual"))
		}
		if c.Loss.TIC > 0 {
			m.Colorizer = NewColorizer(root.Sub("tic"), c.Colorize, c.Visual.Channels(), c.Text.Width)
		}
		if c.Loss.IAP > 0 {
			m.Attributes = NewAttributeHead(root.Sub("iap"), c.Attributes, c.Text.Width, c.Text.Vocab)
		}
		if f := c.Finetune; f != nil && f.CMPC > 0 {
			m.Classifier = NewClassifier(root.Sub("cmpc"), c.Visual.Dim, f.Classes)
		}
		if f := c.Finetune; f != nil && f.Probe != ProbeNone {
			m.Probe = NewProbe(root.Sub("probe"), c.Visual.Dim, f.Probe)
		}
		return nil
	})
	if err == nil {
		err = m.Store.Freeze(m.frozen)
	}
	if err != nil {
		m.Store.Close()
		return nil, err
	}
	return m, nil
}

// LoadModel makes the model of a checkpoint, of the best or else the last checkpoint in a run's folder, or of a file of
// the Python release with vocab.txt beside it (LoadRelease). With
// untrained its parameters stay as the training began with them, but for hub weights: what chance is for its figures.
func LoadModel(device tensor.Device, path string, untrained bool) (*Model, error) {
	from, err := findWeights(path)
	if err != nil {
		return nil, err
	}
	c, err := from.config()
	if err != nil {
		return nil, err
	}
	words, err := from.vocabulary()
	if err != nil {
		return nil, err
	}
	m, err := NewModel(device, c, words)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if untrained {
		return m, nil
	}
	if err := from.load(m); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// LoadHub overwrites the text encoder by the weights of a hub folder.
func (m *Model) LoadHub(dir string) error { return m.Text.LoadHub(m.Store.Root().Sub("text"), dir) }

// frozen tells which parameters do not train.
func (m *Model) frozen(name string) bool {
	if m.Probe != nil {
		return !strings.HasPrefix(name, "probe.")
	}
	inner, ok := strings.CutPrefix(name, "text.")
	return ok && m.Config.Text.Frozen(inner)
}

// EncoderSize is how many numbers both encoders have, buffers included.
func (m *Model) EncoderSize() (n int64) {
	for _, p := range m.Store.Params() {
		if strings.HasPrefix(p.Name, "visual.") || strings.HasPrefix(p.Name, "text.") {
			n += p.Tensor.NumElements()
		}
	}
	return n
}

// Close frees the parameters.
func (m *Model) Close() { m.Store.Close() }

// autocast puts the configuration's precision in force for this thread; the function it returns ends that. The encoders
// may run side by side, and the image encoder runs twice in a step.
func (m *Model) autocast() (restore func()) {
	device, dtype := m.Store.Device(), tensor.Float32
	switch m.Config.Precision {
	case PrecisionFP32:
		return tensor.Autocast(device, dtype)
	case PrecisionBF16:
		dtype = tensor.BFloat16
	case PrecisionFP16:
		dtype = tensor.Float16
	}
	cache, cast := tensor.NoAutocastCache(), tensor.Autocast(device, dtype)
	return func() {
		cast()
		cache()
	}
}
