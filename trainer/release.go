package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"strings"

	"plip/internal/nn"
	"plip/internal/weights"
)

// The parts of a checkpoint of the Python release.
const (
	releaseImage   = "ImgEncoder_state_dict"
	releaseText    = "TxtEncoder_state_dict" // BERT below "encoder."
	releaseDecoder = "Decoder_state_dict"    // of pre-training; the release has none and tells no names: ours are tic's
)

// LoadRelease overwrites both encoders, made under the paths visual and text, by a checkpoint of the Python release: a
// PyTorch archive with ImgEncoder_state_dict and TxtEncoder_state_dict (BERT below "encoder."). Its encoders pool by
// attention and by the pooler. What else the archive holds is left aside; what does not fit comes as a
// *nn.MismatchError.
func LoadRelease(file string, visual, text nn.Path) error {
	src, err := weights.Load(file)
	if err != nil {
		return err
	}
	defer src.Close()
	for _, part := range []struct {
		prefix string
		path   nn.Path
		rename func(string) string
	}{{releaseImage, visual, nil}, {releaseText + ".encoder", text, releaseTextName}} {
		dict := src.Sub(part.prefix)
		if dict.Len() == 0 {
			return fmt.Errorf("%s: want tensors below %s, got none", file, part.prefix)
		}
		if err := part.path.Load(dict, nn.LoadOptions{Rename: part.rename}); err != nil {
			return fmt.Errorf("%s: %s: %w", file, part.prefix, err)
		}
	}
	return nil
}

// releaseTextName leaves the position numbers aside.
func releaseTextName(name string) string {
	if strings.HasSuffix(name, ".position_ids") {
		return ""
	}
	return name
}

// loadRelease overwrites both encoders, and the colouriser where model and file have one.
func (m *Model) loadRelease(file string) error {
	root := m.Store.Root()
	if err := LoadRelease(file, root.Sub("visual"), root.Sub("text")); err != nil || m.Colorizer == nil {
		return err
	}
	src, err := weights.Load(file)
	if err != nil {
		return err
	}
	defer src.Close()
	if dict := src.Sub(releaseDecoder); dict.Len() > 0 {
		if err := root.Sub("tic").Load(dict, nn.LoadOptions{}); err != nil {
			return fmt.Errorf("%s: %s: %w", file, releaseDecoder, err)
		}
	}
	return nil
}

// readReleaseConfig tells the sizes of both encoders from the shapes in a file of the release. What shapes do not tell is
// the release's: eight heads of attention pooling, pictures twice as high as wide, BERT's heads of 64 unless config.json
// beside the file says otherwise.
func readReleaseConfig(file string) (Config, error) {
	c := checkpointConfig()
	src, err := weights.Load(file)
	if err != nil {
		return c, err
	}
	defer src.Close()
	v, err := releaseVisual(src.Sub(releaseImage))
	if err != nil {
		return c, fmt.Errorf("%s: %s: %w", file, releaseImage, err)
	}
	t, err := releaseBERT(src.Sub(releaseText + ".encoder"))
	if err != nil {
		return c, fmt.Errorf("%s: %s: %w", file, releaseText, err)
	}
	if err := t.ReadHubConfig(filepath.Join(filepath.Dir(file), "config.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	c.Visual, c.Text = v, t
	if err := c.Validate(); err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

// size is one dimension of a tensor's shape.
func size(src *weights.StateDict, name string, dim int) (int64, error) {
	_, shape, ok := src.Info(name)
	if !ok {
		return 0, fmt.Errorf("want a tensor %q, got none", name)
	}
	if dim >= len(shape) {
		return 0, fmt.Errorf("%s: want %d dimensions or more, got %v", name, dim+1, shape)
	}
	return shape[dim], nil
}

// sized is a number to be read from a shape.
type sized struct {
	to   *int64
	name string
	dim  int
}

// sizes reads several at once.
func sizes(src *weights.StateDict, all ...sized) (err error) {
	for _, s := range all {
		if *s.to, err = size(src, s.name, s.dim); err != nil {
			return err
		}
	}
	return nil
}

// children counts the numbered children 0, 1, ... below a name.
func children(src *weights.StateDict, name string) (n int) {
	for src.Sub(fmt.Sprintf("%s.%d", name, n)).Len() > 0 {
		n++
	}
	return n
}

func releaseVisual(src *weights.StateDict) (VisualConfig, error) {
	c := DefaultVisualConfig()
	c.Pool = PoolAttention
	var positions int64
	if err := sizes(src, sized{&c.Width, "conv3.weight", 0}, sized{&c.Dim, "attnpool.c_proj.weight", 0}, sized{&positions, "attnpool.positional_embedding", 0}); err != nil {
		return c, err
	}
	for i := range c.Layers {
		c.Layers[i] = children(src, fmt.Sprintf("layer%d", i+1))
	}
	k := int64(math.Round(math.Sqrt(float64(positions-1) / 2)))
	if 2*k*k != positions-1 {
		return c, fmt.Errorf("attnpool.positional_embedding: want the positions of a map twice as high as wide and their mean, got %d", positions)
	}
	c.Height, c.Px = 64*k, 32*k
	return c, nil
}

func releaseBERT(src *weights.StateDict) (TextConfig, error) {
	c := DefaultTextConfig()
	c.Pool = PoolPooler
	if err := sizes(src, sized{&c.Vocab, "embeddings.word_embeddings.weight", 0}, sized{&c.Width, "embeddings.word_embeddings.weight", 1},
		sized{&c.Positions, "embeddings.position_embeddings.weight", 0}, sized{&c.Types, "embeddings.token_type_embeddings.weight", 0},
		sized{&c.Inner, "encoder.layer.0.intermediate.dense.weight", 0}); err != nil {
		return c, err
	}
	c.Layers, c.Heads = int64(children(src, "encoder.layer")), max(1, c.Width/64)
	c.MaxLength = min(c.MaxLength, c.Positions)
	return c, nil
}
