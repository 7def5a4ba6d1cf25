package spac

import (
	"fmt"
	"math"
	"testing"

	"plip/internal/nn/nntest"
	"plip/internal/optim"
	"plip/internal/tensor"
)

// tinyConfig is a captioner that runs in milliseconds, without dropout.
func tinyConfig() Config {
	c := DefaultConfig()
	c.Layers, c.Width, c.Channels, c.Height, c.Px, c.Dropout = []int{1, 1, 1, 1}, 4, 8, 64, 32, 0
	c.Generator = GPT2Config{Vocab: 50, Width: 16, Layers: 2, Heads: 2, Positions: 64, Eps: 1e-5, InitStd: 0.02}
	return c
}

func newCaptioner(t *testing.T, c Config) *Captioner {
	t.Helper()
	tensor.Seed(1)
	m, err := NewCaptioner(tensor.CPU, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// allParts asks for every part of the loss.
func allParts() Weights { return Weights{Caption: 1, Attribute: 0.15, Words: 0.5} }

// tinyBatch is images with texts of several lengths; order says which images in which order.
func tinyBatch(c Config, order ...int) Batch {
	var pixels []float32
	var targets []Targets
	for _, i := range order {
		for p := range 3 * c.Height * c.Px {
			pixels = append(pixels, float32(math.Sin(float64(int64(i+1)*p)/7)))
		}
		var x Targets
		for k := range x.Attributes {
			x.Attributes[k] = []int32{int32(i + k), int32(2 * i), 49}[max(0, k%3-i%2):]
		}
		x.Captions = [][]int32{{1, int32(i), 5, 49}, {int32(7 + i), 49}}
		targets = append(targets, x)
	}
	b := NewBatch(tensor.CPU, tensor.FromFloat32(tensor.CPU, pixels, int64(len(order)), 3, c.Height, c.Px), targets)
	b.Prior = tensor.Zeros(tensor.CPU, tensor.Float32, Slots, c.Generator.Vocab)
	return b
}

func TestCaptionerNames(t *testing.T) {
	nntest.Golden(t, "testdata/names/captioner.txt", newCaptioner(t, tinyConfig()).Store)
}

// TestUnusedInTraining finds the parameters that got no gradient, at every level of the pyramid.
func TestUnusedInTraining(t *testing.T) {
	for level := range 4 {
		c := tinyConfig()
		c.Level = level
		m := newCaptioner(t, c)
		nntest.Do(t, func() {
			m.Loss(tinyBatch(c, 0, 1, 2), allParts(), true).Total.Backward()
			for _, p := range m.Store.Trainable() {
				if got, want := p.Tensor.Grad().Defined(), !m.UnusedInTraining(p.Name); got != want {
					t.Errorf("level %d: %s has a gradient: %v, want %v", level, p.Name, got, want)
				}
			}
		})
	}
}

// TestLossParts computes the loss of each style and slot by itself: captions and attributes are means over all their
// tokens, and the total weighs them.
func TestLossParts(t *testing.T) {
	c := tinyConfig()
	m := newCaptioner(t, c)
	nntest.Do(t, func() {
		defer tensor.NoGrad()()
		b, w := tinyBatch(c, 0, 1, 2), allParts()
		whole := m.Loss(b, w, false)
		sum, tokens := 0.0, 0.0
		for s := range Styles {
			one := b
			one.Captions[1-s] = Captions{}
			sum += m.Loss(one, w, false).Caption.Item() * float64(b.Captions[s].Tokens)
			tokens += float64(b.Captions[s].Tokens)
		}
		near(t, "captions", sum/tokens, whole.Caption.Item())
		near(t, "total", w.Caption*whole.Caption.Item()+w.Attribute*whole.Attribute.Item()+w.Words*whole.Words.Item(), whole.Total.Item())
		near(t, "attributes alone", whole.Attribute.Item(), m.Loss(b, Weights{Attribute: 1}, false).Total.Item())

		// The slots' prefixes meet their own texts: exchanging two slots' texts changes the loss.
		other := b
		n := int64(3)
		swap := func(x tensor.Tensor) tensor.Tensor {
			return tensor.Cat(0, x.Narrow(0, n, n), x.Narrow(0, 0, n), x.Narrow(0, 2*n, 4*n))
		}
		other.Attributes = [2]tensor.Tensor{swap(b.Attributes[0]), swap(b.Attributes[1])}
		if a, b := m.Loss(other, w, false).Attribute.Item(), whole.Attribute.Item(); math.Abs(a-b) < 1e-7 {
			t.Errorf("want another loss with exchanged slots, got %v and %v", a, b)
		}
	})
}

// TestLossIgnoresOrder permutes the images of a batch.
func TestLossIgnoresOrder(t *testing.T) {
	c := tinyConfig()
	m := newCaptioner(t, c)
	nntest.Do(t, func() {
		defer tensor.NoGrad()()
		a, b := m.Loss(tinyBatch(c, 0, 1, 2), allParts(), false), m.Loss(tinyBatch(c, 2, 0, 1), allParts(), false)
		near(t, "total", a.Total.Item(), b.Total.Item())
	})
}

func near(t *testing.T, what string, want, got float64) {
	t.Helper()
	if !(math.Abs(want-got) <= 1e-5*math.Abs(want)) {
		t.Errorf("%s: want %v, got %v", what, want, got)
	}
}

// TestEmbedIsOfLengthOne compares images alone and together, with both poolings of the branches.
func TestEmbedIsOfLengthOne(t *testing.T) {
	for pool, dim := range map[string]int{PoolAverage: 128, PoolPlaces: 96} {
		c := tinyConfig()
		c.Pool = pool
		m := newCaptioner(t, c)
		if m.EmbedDim() != dim {
			t.Errorf("%s: want %d numbers, got %d", pool, dim, m.EmbedDim())
		}
		nntest.Do(t, func() {
			images := tinyBatch(c, 0, 1, 2).Images
			together := m.Embed(images)
			if got := together.Shape(); got[0] != 3 || got[1] != int64(dim) {
				t.Errorf("%s: want [3 %d], got %v", pool, dim, got)
			}
			for i, norm := range together.NormDim(1, false).Float32s() {
				near(t, fmt.Sprintf("%s: length of %d", pool, i), 1, float64(norm))
				nntest.Near(t, fmt.Sprintf("%s: image %d", pool, i), together.Narrow(0, int64(i), 1).Float32s(), m.Embed(images.Narrow(0, int64(i), 1)).Float32s(), nntest.Outputs)
			}
			if together.RequiresGrad() {
				t.Error("want embeddings without a graph")
			}
		})
	}
}

func TestCaptionerFreesItsTensors(t *testing.T) {
	c := tinyConfig()
	c.Dropout, c.Generator.Dropout = 0.25, 0.1
	m := newCaptioner(t, c)
	o, err := optim.New(optim.DefaultConfig(optim.AdamW), []optim.Group{{Params: m.Store.Trainable(), Scale: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	nntest.Balanced(t, "training step", func() {
		m.Loss(tinyBatch(c, 0, 1, 2), allParts(), true).Total.Backward()
		o.Step(1e-3)
		o.ZeroGrad()
	})
	nntest.Refuses(t, "index out of range", func() { // id 60 of 50, in the generator, after the whole prefix encoder
		b := tinyBatch(c, 0, 1)
		b.Attributes[0].Fill_(60)
		m.Loss(b, Weights{Attribute: 1}, true)
	})
	before := tensor.Live()
	other, err := NewCaptioner(tensor.CPU, c)
	if err != nil {
		t.Fatal(err)
	}
	other.Close()
	if n := tensor.Live() - before; n != 0 {
		t.Errorf("%d handles left after Close, want 0", n)
	}
}
