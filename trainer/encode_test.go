package trainer

import (
	"fmt"
	"testing"

	"plip/internal/nn"
	"plip/internal/tensor"
)

// threeTasks turns every task on, at the size of tests.
func threeTasks(c *Config) {
	c.Loss, c.Colorize.Channels = LossWeights{IVLC: 1, TIC: 0.5, IAP: 0.25}, 4
	c.Attributes.Difficulty = Difficulty{Kind: DifficultyConstant, Constant: 0.5}
}

// newTestBatch is three captioned images, of which the first and the last have masked tokens.
func newTestBatch(m *Model) batch {
	c := m.Config.Visual
	words := m.Words.WordPiece
	captions := []string{"a person in red jeans", "a person in blue", "dressed all over in a red shirt and blue jeans"}
	b := batch{captions: tokenize(words, captions, 64), ids: tensor.FromInt64(tensor.CPU, []int64{1, 2, 1}, 3)}
	x := tensor.FromFloat32(tensor.CPU, randomImages(m, 6), 2, 3, 3, c.Height, c.Px)
	b.image = x.Select(0, 0)
	if c := m.Config.Loss; c.TIC > 0 {
		b.gray = x.Select(0, 1)
	}
	if c := m.Config.Loss; c.IAP > 0 {
		l := b.captions.l
		b.masked = maskedTokens{rows: []int64{0, 2}, places: []int64{4, 5, l + 6, l + 9, l + 10}}
		b.masked.tokens = tokens{2, l, append(append([]int64(nil), b.captions.ids[:l]...), b.captions.ids[2*l:]...),
			append(append([]int64(nil), b.captions.mask[:l]...), b.captions.mask[2*l:]...)}
		for _, p := range b.masked.places {
			b.masked.targets = append(b.masked.targets, b.masked.ids[p])
			b.masked.ids[p] = int64(words.MaskID())
		}
	}
	return b
}

// wholeLoss is the total loss in one graph over everything, all captions of a kind in a pass of their own.
func wholeLoss(m *Model, b batch) tensor.Tensor { // []
	ids, mask := b.captions.tensors(tensor.CPU)
	v, w := m.Visual.Forward(b.image.ChannelsLast(), true).Embedding, m.Text.Forward(ids, mask, true).Embedding
	loss := m.Config.Contrast.Contrast(v, w, b.ids).Scale(m.Config.Loss.IVLC)
	if m.Colorizer != nil {
		image := m.Colorizer.Forward(m.Visual.Maps(b.gray.ChannelsLast(), true), w)
		loss = loss.Add(m.Colorizer.Loss(image, b.image).Scale(m.Config.Loss.TIC))
	}
	if m.Attributes != nil {
		ids, mask = b.masked.tensors(tensor.CPU)
		rows, places, targets := b.masked.indices(tensor.CPU)
		logits := m.Attributes.Forward(m.Text.Forward(ids, mask, true).Hidden, mask, v.IndexSelect(0, rows), places)
		loss = loss.Add(m.Attributes.Loss(logits, targets).Scale(m.Config.Loss.IAP))
	}
	return loss
}

// TestBranchesGiveTheGradientsOfTheWhole compares the gradients that come through the cuts between encoders and losses
// with those of one graph over all.
func TestBranchesGiveTheGradientsOfTheWhole(t *testing.T) {
	for _, c := range []struct {
		name  string
		tasks func(c *Config)
	}{
		{"ivlc", func(*Config) {}},
		{"ivlc, tic, iap", threeTasks},
		{"tic, concat iap", func(c *Config) {
			threeTasks(c)
			c.Loss.IVLC, c.Attributes.Fusion, c.Colorize.Distance = 0, FusionConcat, DistanceL1
		}},
		{"frozen text", func(c *Config) {
			threeTasks(c)
			c.Text.FrozenLayers = c.Text.Layers
		}},
	} {
		for _, sideBySide := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/side by side=%v", c.name, sideBySide), func(t *testing.T) {
				cut := newTestModel(t, func(x *Config) { c.tasks(x); x.SideBySide = sideBySide })
				whole := newTestModel(t, c.tasks)
				before := tensor.Live()
				err := tensor.Do(func(*tensor.Scope) error {
					b := newTestBatch(cut)
					e, err := cut.encode(b)
					defer e.free()
					if err != nil {
						return err
					}
					loss := total(cut.losses(b, e.features))
					loss.Backward()
					if err := e.backward(cut); err != nil {
						return err
					}
					want := wholeLoss(whole, b)
					want.Backward()
					// Masked captions share a pass of the text encoder with the others: sums in another order.
					compareGradients(t, "loss", want.Float32s(), loss.Float32s())
					sameGradients(t, whole.Store, cut.Store)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if got := tensor.Live() - before; got != 0 {
					t.Errorf("%d tensor handles left alive", got)
				}
			})
		}
	}
}

// sameGradients compares the gradients of two stores of one model; running statistics too.
func sameGradients(t *testing.T, want, got *nn.Store) {
	t.Helper()
	for i, p := range want.Params() {
		q := got.Params()[i]
		if p.Buffer {
			compareGradients(t, p.Name, p.Tensor.Float32s(), q.Tensor.Float32s())
			continue
		}
		w, g := p.Tensor.Grad(), q.Tensor.Grad()
		if w.Defined() != g.Defined() {
			t.Errorf("%s: want a gradient: %v, got one: %v", p.Name, w.Defined(), g.Defined())
			continue
		}
		if w.Defined() {
			compareGradients(t, p.Name, w.Float32s(), g.Float32s())
		}
	}
}

// TestNothingMasked is a batch whose captions have no attribute: the task's loss is 0 and its head gets no gradient.
func TestNothingMasked(t *testing.T) {
	m := newTestModel(t, threeTasks)
	err := tensor.Do(func(*tensor.Scope) error {
		b := newTestBatch(m)
		b.masked = maskedTokens{}
		e, err := m.encode(b)
		defer e.free()
		if err != nil {
			return err
		}
		parts := m.losses(b, e.features)
		if last := parts[len(parts)-1]; len(parts) != 3 || last.name != "iap" || last.value.Item() != 0 {
			t.Errorf("want three parts, the last 0, got %d, the last %s %v", len(parts), last.name, last.value.Item())
		}
		total(parts).Backward()
		if err := e.backward(m); err != nil {
			return err
		}
		for name, want := range map[string]bool{"iap.vocab.weight": false, "tic.reduce.0.weight": true, "visual.conv1.weight": true, "text.embeddings.word_embeddings.weight": true} {
			p, ok := m.Store.Lookup(name)
			if !ok {
				t.Fatalf("no parameter %s", name)
			}
			if p.Tensor.Grad().Defined() != want {
				t.Errorf("%s: want a gradient: %v", name, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTasksThatAreOffCostNothing holds that a model of one task has no parameter, and a step of it no tensor, of the
// others.
func TestTasksThatAreOffCostNothing(t *testing.T) {
	m := newTestModel(t, nil)
	if m.Colorizer != nil || m.Attributes != nil {
		t.Error("want no head for tasks that are off")
	}
	err := tensor.Do(func(*tensor.Scope) error {
		b := newTestBatch(m)
		e, err := m.encode(b)
		defer e.free()
		if err != nil {
			return err
		}
		if v, w, parts := len(e.visual.outs), len(e.textual.outs), m.losses(b, e.features); v != 1 || w != 1 || len(parts) != 1 {
			t.Errorf("want one result of each encoder and one loss, got %d, %d and %d", v, w, len(parts))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
