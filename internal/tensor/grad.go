package tensor

// #include "shim/shim.h"
import "C"

import "unsafe"

// RequireGrad switches on or off that gradients are kept for a leaf tensor.
func (t Tensor) RequireGrad(on bool) Tensor {
	done("require grad", C.lt_set_requires_grad(t.c(), flag(on)), t)
	return t
}

// RequiresGrad tells whether the tensor takes part in the autograd graph.
func (t Tensor) RequiresGrad() bool { return C.lt_requires_grad(t.c()) != 0 }

// Backward adds the gradients of a loss of one element to the leaves of its graph, and frees the graph.
func (t Tensor) Backward() { done("backward", C.lt_backward(t.c()), t) }

// BackwardFrom is Backward of a loss whose gradients at outs are grads, of the same shapes: where the loss itself was
// computed on copies that are cut off from the graph.
func BackwardFrom(outs, grads []Tensor) {
	Check(len(outs) == len(grads) && len(outs) > 0, "backward", "want a gradient for each of 1 or more outputs, got %d and %d", len(outs), len(grads))
	done("backward", C.lt_backward_from(pointers(outs), pointers(grads), C.int(len(outs))), append(append([]Tensor(nil), outs...), grads...)...)
}

// Grad is the gradient kept for a leaf; the zero Tensor where there is none.
func (t Tensor) Grad() Tensor {
	th := current()
	done("grad", C.lt_grad(th.o(), t.c()), t)
	p := unsafe.Pointer(*th.out)
	*th.out = nil
	if p == nil {
		return Tensor{}
	}
	return th.own(p)
}

// ZeroGrads drops the gradients of parameters.
func ZeroGrads(params []Tensor) {
	done("zero grads", C.lt_zero_grads(pointers(params), C.int(len(params))))
}

// GradNorm is the Euclidean norm of all gradients together.
func GradNorm(params []Tensor) float64 {
	var v C.double
	done("grad norm", C.lt_grad_norm(&v, pointers(params), C.int(len(params))))
	return float64(v)
}

// ScaleGrads multiplies all gradients in place.
func ScaleGrads(params []Tensor, factor float64) {
	done("scale grads", C.lt_scale_grads(pointers(params), C.int(len(params)), C.double(factor)))
}

// AdanStep holds the numbers of one step of Adan (arXiv 2208.06677; plip.md, section 4).
type AdanStep struct {
	LR, WeightDecay     float64
	Beta1, Beta2, Beta3 float64
	Eps                 float64
	GradScale           float64 // gradients are multiplied by it first: the clipping factor, 1 for none
	Correction          [3]float64
	First               bool // the previous gradient is the gradient itself
	NoProx              bool // decay multiplies before the step instead of dividing after it
}

// Adan updates parameters that have a gradient, in one pass over memory each. m, v, n and previous are the states, of the
// parameters' shapes.
func Adan(params, m, v, n, previous []Tensor, s AdanStep) {
	o := C.lt_adan_options{lr: C.double(s.LR), weight_decay: C.double(s.WeightDecay), beta1: C.double(s.Beta1), beta2: C.double(s.Beta2),
		beta3: C.double(s.Beta3), eps: C.double(s.Eps), grad_scale: C.double(s.GradScale), correction1: C.double(s.Correction[0]),
		correction2: C.double(s.Correction[1]), correction3: C.double(s.Correction[2]), first_step: flag(s.First), no_prox: flag(s.NoProx)}
	done("adan", C.lt_adan(pointers(params), pointers(m), pointers(v), pointers(n), pointers(previous), C.int(len(params)), &o))
}

// AdamWStep holds the numbers of one step of AdamW (arXiv 1711.05101).
type AdamWStep struct {
	LR, WeightDecay float64
	Beta1, Beta2    float64
	Eps             float64
	GradScale       float64
	Correction      [2]float64
}

// AdamW updates parameters that have a gradient, in one pass over memory each.
func AdamW(params, m, v []Tensor, s AdamWStep) {
	o := C.lt_adamw_options{lr: C.double(s.LR), weight_decay: C.double(s.WeightDecay), beta1: C.double(s.Beta1), beta2: C.double(s.Beta2),
		eps: C.double(s.Eps), grad_scale: C.double(s.GradScale), correction1: C.double(s.Correction[0]), correction2: C.double(s.Correction[1])}
	done("adamw", C.lt_adamw(pointers(params), pointers(m), pointers(v), C.int(len(params)), &o))
}

// Detach is the tensor cut off from the graph; it shares memory.
func (t Tensor) Detach() Tensor {
	defer NoGrad()()
	th := current()
	return th.made("detach", C.lt_detach(th.o(), t.c()), t)
}

// NoGrad switches gradient keeping off for this thread; the function it returns restores what was there.
func NoGrad() (restore func()) { return gradMode(false) }

func gradMode(on bool) func() {
	current() // the mode is the thread's, and a goroutine keeps its thread in a scope alone
	was := C.lt_grad_mode(flag(on))
	return func() { C.lt_grad_mode(was) }
}

// Autocast makes this thread's matrix products and convolutions on the device, or on all CUDA devices, run in dtype
// (BFloat16, or Float16 on CUDA); the function it returns restores what was there. Float32 switches it off.
func Autocast(device Device, dtype DType) (restore func()) {
	on, cuda := dtype != Float32, flag(device != CPU)
	was := C.lt_autocast(cuda, flag(on), C.int(dtype))
	return func() { C.lt_autocast(cuda, flag(was >= 0), was) }
}

// NoAutocastCache makes Autocast on this thread convert a parameter anew at each use; the function it returns restores
// what was there. The cache of converted parameters is one for all threads, and each of them empties it where its
// Autocast begins and ends: of a parameter that is used twice, that would decide whether its gradients are added in
// float32 or in BFloat16.
func NoAutocastCache() (restore func()) {
	was := C.lt_autocast_cache(0)
	return func() { C.lt_autocast_cache(was) }
}
