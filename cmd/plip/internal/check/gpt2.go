package check

import (
	"fmt"
	"path/filepath"

	"plip/internal/nn"
	"plip/internal/tensor"
	"plip/internal/text"
	"plip/spac"
)

// checkGPT2 runs the generator after each of the metadata's prefix lengths P (pP.*): logits (rows with mask 0 are zeroed
// in the file, so they are here), loss, gradients, greedy and beam decoding. Then both hub folders beside the fixture
// must give the same logits, and their vocabularies the same end of text.
func checkGPT2(f *tensorFixture) error {
	c := spac.DefaultGPT2Config()
	c.Dropout = 0
	var size struct {
		Width     int64 `json:"n_embd"`
		Layers    int64 `json:"n_layer"`
		Heads     int64 `json:"n_head"`
		Positions int64 `json:"n_positions"`
		Vocab     int64 `json:"vocab_size"`
	}
	var prefixes []int
	if err := f.configs(map[string]any{"config": &size, "layer_norm_epsilon": &c.Eps, "prefixes": &prefixes}); err != nil {
		return err
	}
	c.Width, c.Layers, c.Heads, c.Positions, c.Vocab = size.Width, size.Layers, size.Heads, size.Positions, size.Vocab
	if err := c.Validate(); err != nil {
		return err
	}
	store := nn.NewStore(tensor.CPU)
	defer store.Close()
	return tensor.Do(func(*tensor.Scope) error {
		g := spac.NewGPT2(store.Root().Sub("transformer"), c)
		if err := f.load(store, "param."); err != nil {
			return err
		}
		for _, p := range prefixes {
			at := fmt.Sprintf("p%d.", p)
			f.gpt2Logits(g, at, at+"out.logits")
			f.gpt2Loss(g, store, at)
			if err := f.gpt2Decode(g, at); err != nil {
				return err
			}
		}
		for _, dir := range []string{"gpt2-hub", "gpt2-hub-old"} {
			if err := f.gpt2Hub(dir, prefixes); err != nil {
				return fmt.Errorf("%s: %w", dir, err)
			}
		}
		return nil
	})
}

func (f *tensorFixture) gpt2Logits(g *spac.GPT2, at, group string) {
	defer tensor.NoGrad()()
	prefix, ids, mask := f.input(at+"input.prefix"), f.input(at+"input.ids"), f.input(at+"input.mask")
	n, p, _ := prefix.Dims3()
	rows := tensor.Cat(1, tensor.Full(tensor.CPU, tensor.Float32, 1, n, p), mask.As(tensor.Float32)) // [N, P+T]
	logits := g.Logits(g.Hidden(prefix, ids, false))                                                 // [N, P+T, V]
	f.compare(group, at+"out.logits", logits.Mul(rows.Unsqueeze(2)), outputs)
}

func (f *tensorFixture) gpt2Loss(g *spac.GPT2, store *nn.Store, at string) {
	prefix := f.input(at + "input.prefix").RequireGrad(true)
	loss := g.Loss(prefix, f.input(at+"input.ids"), f.input(at+"input.mask"), true)
	f.compare(at+"out.loss", at+"out.loss", loss, outputs)
	loss.Backward()
	f.compare(at+"grad", at+"grad.prefix", prefix.Grad(), gradients)
	var all []tensor.Tensor
	for _, p := range store.Params() {
		f.compare(at+"grad", at+"grad."+p.Name, p.Tensor.Grad(), gradients)
		all = append(all, p.Tensor)
	}
	tensor.ZeroGrads(all)
}

// gpt2Decode compares greedy decoding (12 new tokens, the end of text counted in the length and filling the rest) and
// beam search (the k best, best first).
func (f *tensorFixture) gpt2Decode(g *spac.GPT2, at string) error {
	var eos int64
	var limit int
	if err := f.configs(map[string]any{"eos": &eos, "new_tokens": &limit}); err != nil {
		return err
	}
	fill := func(ids []int32) []float64 {
		out := make([]float64, limit)
		for i := range out {
			out[i] = float64(eos)
			if i < len(ids) {
				out[i] = float64(ids[i])
			}
		}
		return out
	}
	prefix := f.input(at + "input.prefix")
	var greedy, lengths []float64
	d, err := g.NewDecoder(spac.FP32)
	if err != nil {
		return err
	}
	defer d.Close()
	prompts := []spac.Prompt{{Prefix: prefix, Limit: limit}}
	for _, s := range d.Greedy(prompts, eos) {
		length := len(s.IDs)
		if s.Ended {
			length++
		}
		greedy, lengths = append(greedy, fill(s.IDs)...), append(lengths, float64(length))
	}
	want, _ := f.expected(at + "greedy")
	f.values(at+"greedy", at+"greedy", want, greedy, exact)
	want, _ = f.expected(at + "greedy_length")
	f.values(at+"greedy", at+"greedy_length", want, lengths, exact)

	wantBeam, shape := f.expected(at + "beam") // [N, k, limit]
	if len(shape) != 3 {
		return fmt.Errorf("%sbeam: want [N, beams, tokens], got shape %v", at, shape)
	}
	var beams, scores []float64
	for _, hypotheses := range d.Beam(prompts, eos, int(shape[1]), 1) {
		for _, h := range hypotheses {
			beams, scores = append(beams, fill(h.IDs)...), append(scores, h.Score)
		}
	}
	f.values(at+"beam", at+"beam", wantBeam, beams, exact)
	want, _ = f.expected(at + "beam_score")
	f.values(at+"beam_score", at+"beam_score", want, scores, outputs)
	return nil
}

// gpt2Hub loads a hub folder; its weights and vocabulary must be the fixture's.
func (f *tensorFixture) gpt2Hub(dir string, prefixes []int) error {
	folder := filepath.Join(f.dir, dir)
	var eos int
	if err := f.config("eos", &eos); err != nil {
		return err
	}
	words, err := text.LoadBPE(filepath.Join(folder, "vocab.json"), filepath.Join(folder, "merges.txt"))
	if err != nil {
		return err
	}
	c := spac.DefaultGPT2Config()
	if err := c.ReadHubConfig(filepath.Join(folder, "config.json")); err != nil {
		return err
	}
	f.values(dir+" vocabulary", "size and end of text", []float64{float64(c.Vocab), float64(eos)}, []float64{float64(words.Size()), float64(words.EOS())}, exact)
	store := nn.NewStore(tensor.CPU)
	defer store.Close()
	path := store.Root().Sub("transformer")
	g := spac.NewGPT2(path, c)
	if err := g.LoadHub(path, folder); err != nil {
		return err
	}
	for _, p := range store.Params() {
		f.compare(dir+" weights", "param."+p.Name, p.Tensor, exact)
	}
	for _, p := range prefixes {
		f.gpt2Logits(g, fmt.Sprintf("p%d.", p), dir+" logits")
	}
	return nil
}
