package check

import (
	"errors"
	"path/filepath"

	"plip/internal/nn"
	"plip/internal/tensor"
	"plip/internal/weights"
	"plip/trainer"
)

// releaseFile is the checkpoint beside the fixture whose encoders were run.
const releaseFile = "release.pth.tar"

// checkRelease runs both encoders of a checkpoint of the Python release, without training: attention pool and pooler.
func checkRelease(f *tensorFixture) error {
	var size struct {
		Width, Out, Heads, H, W, Hidden int64
		Layers                          []int
		BERTLayers                      int64 `json:"bert_layers"`
	}
	if err := f.config("config", &size); err != nil {
		return err
	}
	file := filepath.Join(f.dir, releaseFile)
	v := trainer.DefaultVisualConfig()
	v.Layers, v.Width, v.Height, v.Px, v.Pool, v.Heads, v.Dim = size.Layers, size.Width, size.H, size.W, trainer.PoolAttention, size.Heads, size.Out
	t := trainer.DefaultTextConfig()
	t.Width, t.Layers, t.Heads, t.Pool, t.Dropout, t.AttentionDropout = size.Hidden, size.BERTLayers, size.Heads, trainer.PoolPooler, 0, 0
	if err := textSizes(file, &t); err != nil {
		return err
	}
	if err := errors.Join(v.Validate(), t.Validate()); err != nil {
		return err
	}
	store := nn.NewStore(tensor.CPU)
	defer store.Close()
	return tensor.Do(func(*tensor.Scope) error {
		visualPath, textPath := store.Root().Sub("visual"), store.Root().Sub("text")
		visual, words := trainer.NewVisual(visualPath, v), trainer.NewText(textPath, t)
		if err := trainer.LoadRelease(file, visualPath, textPath); err != nil {
			return err
		}
		defer tensor.NoGrad()()
		f.compare("out.image", "out.image", visual.Forward(f.input("input.image"), false).Embedding, outputs)
		ids := f.input("input.ids")                    // [N, L] int64
		mask := ids.EqNumber(0).Not().As(tensor.Int64) // [N, L] int64: 0 is [PAD]
		f.compare("out.text", "out.text", words.Forward(ids, mask, false).Embedding, outputs)
		return nil
	})
}

// textSizes takes the sizes that the fixture's configuration leaves out from the checkpoint itself.
func textSizes(file string, c *trainer.TextConfig) error {
	src, err := weights.Load(file)
	if err != nil {
		return err
	}
	defer src.Close()
	rows := func(name string) int64 {
		_, shape, _ := src.Info("TxtEncoder_state_dict.encoder." + name)
		if len(shape) == 0 {
			return 0
		}
		return shape[0]
	}
	c.Vocab, c.Positions, c.Types = rows("embeddings.word_embeddings.weight"), rows("embeddings.position_embeddings.weight"), rows("embeddings.token_type_embeddings.weight")
	c.Inner = rows("encoder.layer.0.intermediate.dense.weight")
	c.MaxLength = min(c.MaxLength, c.Positions)
	return nil
}
