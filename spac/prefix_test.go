package spac

import (
	"fmt"
	"testing"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
)

func TestBranchesParity(t *testing.T) {
	r := nntest.Open(t, "testdata/fixtures/spac-branches.safetensors")
	var size struct{ C, Dim int64 }
	r.Config("config", &size)
	store := nn.NewStore(tensor.CPU)
	t.Cleanup(store.Close)
	nntest.Do(t, func() {
		b := NewBranches(store.Root(), BranchesConfig{Channels: size.C, Dim: size.Dim, AttributeTokens: AttributeTokens, Dropout: 0.25})
		r.Load(store)
		level := r.Tensor("input.level").RequireGrad(true)
		out := b.Forward(level, false)
		for k, a := range out.Attributes {
			r.Near(fmt.Sprintf("out.attribute.%d", k), a, nntest.Outputs)
		}
		r.Near("out.sentence", out.Sentence, nntest.Outputs)
		loss := tensor.Zeros(tensor.CPU, tensor.Float32)
		for s, style := range out.Styles {
			r.Near(fmt.Sprintf("out.style.%d", s), style, nntest.Outputs)
			loss = loss.Add(style.Mul(r.Tensor("input.weight")).SumDim(false, 2).Tanh().Mean().Scale(float64(s + 1)))
		}
		r.Near("out.loss", loss, nntest.Outputs)
		loss.Backward()
		r.Near("grad.input.level", level.Grad(), nntest.Gradients)
		r.Gradients(store, "grad.", true)
	})
	nntest.Golden(t, "testdata/names/branches.txt", store)
}

func TestFPNParity(t *testing.T) {
	r := nntest.Open(t, "testdata/fixtures/spac-fpn.safetensors")
	var size struct {
		Width, Out int64
		Layers     []int
	}
	r.Config("config", &size)
	store := nn.NewStore(tensor.CPU)
	t.Cleanup(store.Close)
	nntest.Do(t, func() {
		body := NewResNet(store.Root().Sub("body"), size.Layers, size.Width)
		channels := []int64{4 * size.Width, 8 * size.Width, 16 * size.Width, 32 * size.Width}
		fpn := nn.NewFPN(store.Root().Sub("fpn"), channels, size.Out)
		r.Load(store)
		image := r.Tensor("input.image").RequireGrad(true)
		stages := body.Forward(image, false)
		for i, c := range stages {
			r.Near(fmt.Sprintf("out.c%d", i+2), c, nntest.Outputs)
		}
		loss := tensor.Zeros(tensor.CPU, tensor.Float32)
		for i, p := range fpn.Forward(stages) {
			level := fmt.Sprintf("p%d", i+2)
			r.Near("out."+level, p, nntest.Outputs)
			r.Near("out."+level, fpn.Level(stages, i), nntest.Outputs)
			loss = loss.Add(p.Mul(r.Tensor("input.weight." + level)).Mean())
		}
		r.Near("out.loss", loss, nntest.Outputs)
		loss.Backward()
		r.Near("grad.input.image", image.Grad(), nntest.Gradients)
		r.Gradients(store, "grad.", true)
	})
	nntest.Golden(t, "testdata/names/fpn.txt", store)
	nntest.Refuses(t, "want [N 3 H W], got [1 1 96 32]", func() {
		other := nn.NewStore(tensor.CPU)
		defer other.Close()
		NewResNet(other.Root(), size.Layers, size.Width).Forward(tensor.Zeros(tensor.CPU, tensor.Float32, 1, 1, 96, 32), true)
	})
}

// TestPlacesBeginAsTheAverage compares branches that learn where they look with those that average, both fresh from the
// same weights, and finds that a place alone can be looked at. Sides are odd, so that both halvings round up.
func TestPlacesBeginAsTheAverage(t *testing.T) {
	c := BranchesConfig{Channels: 4, Dim: 8, AttributeTokens: 3, LevelHeight: 11, LevelWidth: 5}
	nntest.Do(t, func() {
		level := tensor.Full(tensor.CPU, tensor.Float32, 0, 2, 4, 11, 5).Normal_(0, 1)
		stores, outs := [2]*nn.Store{}, [2]Prefixes{}
		branches := [2]*Branches{}
		for i := range stores {
			c.Places = i == 1
			stores[i] = nn.NewStore(tensor.CPU)
			defer stores[i].Close()
			branches[i] = NewBranches(stores[i].Root(), c)
		}
		for _, p := range stores[0].Params() {
			same, ok := stores[1].Lookup(p.Name)
			if !ok {
				t.Fatalf("%s is missing", p.Name)
			}
			restore := tensor.NoGrad()
			same.Tensor.Copy_(p.Tensor)
			restore()
		}
		for i, b := range branches {
			outs[i] = b.Forward(level, false)
		}
		for s := range Styles {
			nntest.Near(t, fmt.Sprintf("style %d", s), outs[0].Styles[s].Float32s(), outs[1].Styles[s].Float32s(), nntest.Outputs)
		}
		if got, want := fmt.Sprint(branches[1].attributes[0].places.Shape(), branches[1].sentence.places.Shape()), "[4 6 3] [4 3 2]"; got != want {
			t.Errorf("places: want %s, got %s", want, got)
		}
		branches[1].attributes[0].forward(level, true).Sum().Backward()
		if !branches[1].attributes[0].places.Grad().Defined() {
			t.Error("want a gradient of the places")
		}
	})
}

// TestPlainStyles leaves the style encoders out: both styles get what the branches gave.
func TestPlainStyles(t *testing.T) {
	c := tinyConfig()
	c.PlainStyles, c.AttributeTokens = true, 1
	m := newCaptioner(t, c)
	if _, ok := m.Store.Lookup("styles.0.weight"); ok {
		t.Error("want no style encoders")
	}
	nntest.Balanced(t, "loss", func() {
		defer tensor.NoGrad()()
		_, p := m.encode(tinyBatch(c, 0, 1).Images, allParts(), false)
		all := tensor.Cat(1, append(p.Attributes[:], p.Sentence)...) // [N, 11, D]
		for s := range Styles {
			nntest.Near(t, "style", all.Float32s(), p.Styles[s].Float32s(), nntest.Outputs)
		}
		m.Loss(tinyBatch(c, 0, 1), allParts(), true)
	})
}
