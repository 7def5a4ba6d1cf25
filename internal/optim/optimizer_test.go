package optim

import (
	"fmt"
	"strings"
	"testing"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
	"plip/internal/weights"
)

// problem is a store with parameters that a reference file drives.
type problem struct {
	r     *nntest.Reference
	store *nn.Store
	steps int
}

// newProblem makes p0, p1, ... as they are at first.
func newProblem(t *testing.T, file string) *problem {
	t.Helper()
	p := &problem{r: nntest.Open(t, "testdata/fixtures/"+file), store: nn.NewStore(tensor.CPU)}
	t.Cleanup(p.store.Close)
	p.steps = len(p.r.Names("p0.")) - 1
	nntest.Do(t, func() {
		for i := 0; len(p.r.Names(fmt.Sprintf("p%d.", i))) > 0; i++ {
			at := p.r.Tensor(fmt.Sprintf("p%d.step0", i))
			p.store.Root().Param(fmt.Sprintf("p%d", i), func(x tensor.Tensor) { x.Copy_(at) }, at.Shape()...)
		}
	})
	return p
}

// gradients gives every parameter the gradient of a step: that of sum(p g) is g.
func (p *problem) gradients(step int) {
	for i, param := range p.store.Params() {
		param.Tensor.Mul(p.r.Tensor(fmt.Sprintf("g%d.step%d", i, step))).Sum().Backward()
	}
}

func newOptimizer(t *testing.T, c Config, params []*nn.Param) *Optimizer {
	t.Helper()
	o, err := New(c, []Group{{Params: params, Scale: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

// TestParity compares every step with the release's Adan and PyTorch's AdamW.
func TestParity(t *testing.T) {
	adan := func(decay float64, change func(*Config)) Config {
		c := DefaultConfig(Adan)
		c.WeightDecay = decay
		change(&c)
		return c
	}
	same := func(*Config) {}
	for _, x := range []struct {
		file string
		c    Config
	}{
		{"adan-plain", adan(0, same)},
		{"adan-decay", adan(0.02, same)},
		{"adan-noprox", adan(0.1, func(c *Config) { c.NoProx = true })},
		{"adan-clip", adan(0.02, func(c *Config) { c.MaxGradNorm = 1 })},
		{"adamw-plain", Config{Kind: AdamW, Eps: 1e-8}},
		{"adamw-decay", Config{Kind: AdamW, Eps: 1e-8}},
		{"adamw-clip", Config{Kind: AdamW, Eps: 1e-8}},
	} {
		t.Run(x.file, func(t *testing.T) {
			p := newProblem(t, x.file+".safetensors")
			var lr float64
			p.r.Config("lr", &lr)
			if x.c.Kind == AdamW {
				var betas [2]float64
				p.r.Config("betas", &betas)
				x.c.Betas = [3]float64{betas[0], betas[1], 0}
				p.r.Config("weight_decay", &x.c.WeightDecay)
				p.r.Config("max_grad_norm", &x.c.MaxGradNorm)
			}
			o := newOptimizer(t, x.c, p.store.Params())
			if p.steps < 6 {
				t.Fatalf("want 6 steps or more, got %d", p.steps)
			}
			nntest.Do(t, func() {
				for step := 1; step <= p.steps; step++ {
					p.gradients(step)
					norm := o.Step(lr)
					if (norm > 0) != (x.c.MaxGradNorm > 0) {
						t.Errorf("step %d: norm %v with clipping at %v", step, norm, x.c.MaxGradNorm)
					}
					o.ZeroGrad()
					for i, param := range p.store.Params() {
						p.r.Near(fmt.Sprintf("p%d.step%d", i, step), param.Tensor, nntest.Updates)
					}
				}
			})
			if o.Steps() != int64(p.steps) {
				t.Errorf("want %d steps counted, got %d", p.steps, o.Steps())
			}
		})
	}
}

// kept holds the states of an optimizer as a checkpoint does.
type kept map[string]weights.Tensor

func (k kept) Names() []string {
	var out []string
	for n := range k {
		out = append(out, n)
	}
	return out
}

func (k kept) Tensor(name string) (weights.Tensor, error) { return k[name], nil }

func keep(t *testing.T, o *Optimizer) kept {
	t.Helper()
	k := kept{}
	nntest.Do(t, func() {
		for _, s := range o.States() {
			w, err := nn.ToWeights(s.Name, s.Tensor)
			if err != nil {
				t.Fatal(err)
			}
			k[s.Name] = w
		}
	})
	return k
}

// TestRestore stops after three steps and goes on with another optimizer: every bit as without the stop.
func TestRestore(t *testing.T) {
	for kind, file := range map[string]string{Adan: "adan-decay.safetensors", AdamW: "adamw-decay.safetensors"} {
		c := DefaultConfig(kind)
		var want [][]float32
		for _, stop := range []bool{false, true} {
			p := newProblem(t, file)
			o := newOptimizer(t, c, p.store.Params())
			var got [][]float32
			nntest.Do(t, func() {
				for step := 1; step <= p.steps; step++ {
					if stop && step == 4 {
						states := keep(t, o)
						o = newOptimizer(t, c, p.store.Params())
						if err := o.Restore(states, 3); err != nil {
							t.Fatal(err)
						}
					}
					p.gradients(step)
					o.Step(0.01)
					o.ZeroGrad()
				}
				for _, param := range p.store.Params() {
					got = append(got, param.Tensor.Float32s())
				}
			})
			if !stop {
				want = got
				continue
			}
			for i := range want {
				for j := range want[i] {
					if want[i][j] != got[i][j] {
						t.Fatalf("%s: p%d[%d]: want %v, got %v", kind, i, j, want[i][j], got[i][j])
					}
				}
			}
		}
	}
	p := newProblem(t, "adan-decay.safetensors")
	o := newOptimizer(t, DefaultConfig(Adan), p.store.Params())
	states := keep(t, o)
	delete(states, "p1/previous")
	if err := o.Restore(states, 1); err == nil || err.Error() != `optimizer state "p1/previous" is missing` {
		t.Errorf("want the missing state named, got %v", err)
	}
}

// TestGroups gives one group a tenth of the rate, and leaves what has no gradient alone.
func TestGroups(t *testing.T) {
	step := func(scale float64) (moved, still []float32) {
		p := newProblem(t, "adan-plain.safetensors")
		params := p.store.Params()
		c := DefaultConfig(AdamW)
		c.WeightDecay = 0
		o, err := New(c, []Group{{params[:1], scale}, {params[1:], 1}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(o.Close)
		nntest.Do(t, func() {
			start := params[0].Tensor.Detach().Plus(0)
			params[0].Tensor.Mul(p.r.Tensor("g0.step1")).Sum().Backward()
			o.Step(0.01)
			moved = params[0].Tensor.Detach().Sub(start).Float32s()
			still = params[1].Tensor.Detach().Sub(p.r.Tensor("p1.step0")).Abs().Float32s()
		})
		return moved, still
	}
	whole, still := step(1)
	tenth, _ := step(0.1)
	for i := range whole {
		whole[i] /= 10
	}
	nntest.Near(t, "a tenth of the step", whole, tenth, 1e-4)
	for i, v := range still {
		if v != 0 {
			t.Errorf("parameter without gradient: element %d moved by %v", i, v)
		}
	}
}

// TestUpdateOfManyIsThatOfEach holds that numbers updated several at once, as instructions allow, become to the last bit
// what each becomes by itself: 19 in one parameter, and in parameters of one.
func TestUpdateOfManyIsThatOfEach(t *testing.T) {
	const n = 19
	for _, c := range []Config{DefaultConfig(Adan), {Kind: Adan, Betas: [3]float64{0.98, 0.92, 0.99}, Eps: 1e-8, WeightDecay: 0.1, NoProx: true}, DefaultConfig(AdamW)} {
		store := nn.NewStore(tensor.CPU)
		t.Cleanup(store.Close)
		nntest.Do(t, func() {
			tensor.Seed(4)
			start := tensor.Empty(tensor.CPU, tensor.Float32, n).Normal_(0, 1)
			many := store.Root().Param("many", func(x tensor.Tensor) { x.Copy_(start) }, n)
			var each []tensor.Tensor
			for i := range int64(n) {
				each = append(each, store.Root().Param(fmt.Sprintf("each%d", i), func(x tensor.Tensor) { x.Copy_(start.Narrow(0, i, 1)) }, 1))
			}
			o := newOptimizer(t, c, store.Params())
			for range 5 {
				g := tensor.Empty(tensor.CPU, tensor.Float32, n).Normal_(0, 1)
				many.Mul(g).Sum().Backward()
				for i, x := range each {
					x.Mul(g.Narrow(0, int64(i), 1)).Sum().Backward()
				}
				o.Step(0.01)
				o.ZeroGrad()
			}
			nntest.Near(t, c.Kind, tensor.Cat(0, each...).Float32s(), many.Float32s(), 0)
			if many.Float32s()[n-1] == start.Float32s()[n-1] {
				t.Errorf("%s: want the last number updated", c.Kind)
			}
		})
	}
}

func TestStepFreesItsTensors(t *testing.T) {
	for _, kind := range []string{Adan, AdamW} {
		p := newProblem(t, "adan-decay.safetensors")
		c := DefaultConfig(kind)
		c.MaxGradNorm = 1
		o := newOptimizer(t, c, p.store.Params())
		nntest.Balanced(t, kind, func() {
			p.gradients(1)
			o.Step(0.01)
			o.ZeroGrad()
		})
	}
	before := tensor.Live()
	p := newProblem(t, "adan-decay.safetensors")
	o, err := New(DefaultConfig(Adan), []Group{{p.store.Params(), 1}})
	if err != nil {
		t.Fatal(err)
	}
	o.Close()
	o.Close() // twice does no harm
	if n := tensor.Live() - before - int64(len(p.store.Params())); n != 0 {
		t.Errorf("%d handles left after Close, want 0", n)
	}
}

func TestConfigProblems(t *testing.T) {
	c := Config{Kind: "sgd", Betas: [3]float64{1, -0.1, 0.5}, Eps: 0, WeightDecay: -1}
	err := c.Validate()
	for _, want := range []string{`got "sgd"`, "beta 1", "beta 2", "eps: want more than 0", "weight decay"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q among the problems, got %v", want, err)
		}
	}
	if _, err := New(c, nil); err == nil {
		t.Error("want New to validate")
	}
}
