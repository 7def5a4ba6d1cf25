package check

import (
	"fmt"
	"math"
	"path/filepath"

	"plip/internal/nn"
	"plip/internal/tensor"
	"plip/internal/text"
	"plip/trainer"
)

// checkBERT runs the text encoder with padding: out.hidden.K by layer (rows with mask 0 are zeroed in the file, so they
// are here), both poolings, the loss mean(pooler²) + mean(mean²) and its gradients with the lower layers frozen (grad.*:
// what is not there must keep no gradient) and with nothing frozen (full.*). Then hub.*: the texts of the metadata,
// tokenised and run through both hub folders beside the fixture.
func checkBERT(f *tensorFixture) error {
	c := trainer.DefaultTextConfig()
	c.Dropout, c.AttentionDropout, c.Pool = 0, 0, trainer.PoolPooler
	var size struct{ Hidden, Layers, Heads, Inter, Vocab, MaxPos int64 }
	if err := f.configs(map[string]any{"config": &size, "frozen_layers": &c.FrozenLayers, "layer_norm_eps": &c.Eps}); err != nil {
		return err
	}
	c.Width, c.Layers, c.Heads, c.Inner, c.Vocab, c.Positions = size.Hidden, size.Layers, size.Heads, size.Inter, size.Vocab, size.MaxPos
	c.MaxLength = min(c.MaxLength, c.Positions)
	if err := c.Validate(); err != nil {
		return err
	}
	store := nn.NewStore(tensor.CPU)
	defer store.Close()
	return tensor.Do(func(*tensor.Scope) error {
		t := trainer.NewText(store.Root(), c)
		if err := f.load(store, "param."); err != nil {
			return err
		}
		f.bertOutputs(t)
		for _, pass := range []struct {
			prefix string
			frozen func(name string) bool
		}{{"grad.", c.Frozen}, {"full.", func(string) bool { return false }}} {
			if err := store.Freeze(pass.frozen); err != nil {
				return err
			}
			f.bertLoss(t).Backward()
			f.gradients(store, pass.prefix)
			f.noOtherGradients(store, pass.prefix)
		}
		for _, dir := range []string{"bert-hub", "bert-hub-old"} {
			if err := f.bertHub(dir); err != nil {
				return fmt.Errorf("%s: %w", dir, err)
			}
		}
		return nil
	})
}

func (f *tensorFixture) bertOutputs(t *trainer.Text) {
	defer tensor.NoGrad()()
	ids, mask := f.input("input.ids"), f.input("input.mask") // [N, L] int64
	hidden := t.Hidden(ids, mask, false)                     // [N, L, D] each
	rows := mask.As(tensor.Float32).Unsqueeze(2)             // [N, L, 1]
	for i, h := range hidden {
		f.compare("out.hidden", fmt.Sprintf("out.hidden.%d", i), h.Mul(rows), outputs)
	}
	last := hidden[len(hidden)-1]
	f.compare("out.pooler", "out.pooler", t.Pooled(last), outputs)
	f.compare("out.mean", "out.mean", trainer.MeanPool(last, mask), outputs)
	f.compare("out.loss", "out.loss", f.bertLoss(t), outputs)
}

func (f *tensorFixture) bertLoss(t *trainer.Text) tensor.Tensor {
	mask := f.input("input.mask")
	out := t.Forward(f.input("input.ids"), mask, true)
	return out.Embedding.Square().Mean().Add(trainer.MeanPool(out.Hidden, mask).Square().Mean())
}

// noOtherGradients fails for gradients that the file does not hold, then drops all.
func (f *tensorFixture) noOtherGradients(s *nn.Store, prefix string) {
	var all []tensor.Tensor
	for _, p := range s.Params() {
		all = append(all, p.Tensor)
		if f.met[prefix+p.Name] || p.Buffer {
			continue
		}
		if p.Tensor.Grad().Defined() {
			f.group("frozen").fail(p.Name+": want no gradient, got one", math.MaxFloat64, 0)
		}
	}
	tensor.ZeroGrads(all)
}

// bertHub loads a hub folder and runs the texts of the metadata.
func (f *tensorFixture) bertHub(dir string) error {
	var texts []string
	var length int
	if err := f.configs(map[string]any{"hub_texts": &texts, "hub_max_length": &length}); err != nil {
		return err
	}
	folder := filepath.Join(f.dir, dir)
	words, err := text.LoadWordPiece(filepath.Join(folder, "vocab.txt"))
	if err != nil {
		return err
	}
	c := trainer.DefaultTextConfig()
	c.Pool = trainer.PoolPooler
	if err := c.ReadHubConfig(filepath.Join(folder, "config.json")); err != nil {
		return err
	}
	var ids, mask []int64
	for _, s := range texts {
		tokens, _ := words.Encode(s, length)
		for i := range length {
			id, attended := int64(words.PadID()), int64(0)
			if i < len(tokens) {
				id, attended = int64(tokens[i]), 1
			}
			ids, mask = append(ids, id), append(mask, attended)
		}
	}
	wantIDs, _ := f.expected("hub.ids")
	wantMask, _ := f.expected("hub.mask")
	f.values(dir+" tokens", "hub.ids", wantIDs, widen(ids), exact)
	f.values(dir+" tokens", "hub.mask", wantMask, widen(mask), exact)
	store := nn.NewStore(tensor.CPU)
	defer store.Close()
	t := trainer.NewText(store.Root(), c)
	if err := t.LoadHub(store.Root(), folder); err != nil {
		return err
	}
	defer tensor.NoGrad()()
	n := int64(len(texts))
	out := t.Forward(tensor.FromInt64(tensor.CPU, ids, n, int64(length)), tensor.FromInt64(tensor.CPU, mask, n, int64(length)), false)
	f.compare(dir+" pooler", "hub.pooler", out.Embedding, outputs)
	return nil
}
