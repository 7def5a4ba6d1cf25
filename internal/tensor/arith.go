package tensor

// #include "shim/shim.h"
import "C"

import "github.com/sugarme/gotch/libtch"

// Add is t + u, broadcast.
func (t Tensor) Add(u Tensor) Tensor {
	th := current()
	libtch.AtgAdd(th.out, t.g(), u.g())
	return th.result("add", t, u)
}

// Sub is t - u, broadcast.
func (t Tensor) Sub(u Tensor) Tensor {
	th := current()
	libtch.AtgSub(th.out, t.g(), u.g())
	return th.result("sub", t, u)
}

// Mul is the product element by element, broadcast.
func (t Tensor) Mul(u Tensor) Tensor {
	th := current()
	libtch.AtgMul(th.out, t.g(), u.g())
	return th.result("mul", t, u)
}

// Div is the quotient element by element, broadcast.
func (t Tensor) Div(u Tensor) Tensor {
	th := current()
	libtch.AtgDiv(th.out, t.g(), u.g())
	return th.result("div", t, u)
}

// Plus adds a number to every element.
func (t Tensor) Plus(v float64) Tensor {
	th := current()
	return th.made("plus", C.lt_add_scalar(th.o(), t.c(), C.double(v)), t)
}

// Scale multiplies every element by a number.
func (t Tensor) Scale(v float64) Tensor {
	th := current()
	return th.made("scale", C.lt_mul_scalar(th.o(), t.c(), C.double(v)), t)
}

// Pow raises every element to a number.
func (t Tensor) Pow(v float64) Tensor {
	th := current()
	return th.made("pow", C.lt_pow_scalar(th.o(), t.c(), C.double(v)), t)
}

// ClampMin raises every element to at least v.
func (t Tensor) ClampMin(v float64) Tensor {
	th := current()
	return th.made("clamp", C.lt_clamp_min(th.o(), t.c(), C.double(v)), t)
}

// Neg is -t.
func (t Tensor) Neg() Tensor { return t.Scale(-1) }

// Exp is e^t.
func (t Tensor) Exp() Tensor {
	th := current()
	libtch.AtgExp(th.out, t.g())
	return th.result("exp", t)
}

// Log is the natural logarithm.
func (t Tensor) Log() Tensor {
	th := current()
	libtch.AtgLog(th.out, t.g())
	return th.result("log", t)
}

// Sqrt is the square root.
func (t Tensor) Sqrt() Tensor {
	th := current()
	libtch.AtgSqrt(th.out, t.g())
	return th.result("sqrt", t)
}

// Square is t times t.
func (t Tensor) Square() Tensor { return t.Mul(t) }

// Abs is the magnitude.
func (t Tensor) Abs() Tensor {
	th := current()
	libtch.AtgAbs(th.out, t.g())
	return th.result("abs", t)
}

// MatMul is the matrix product over the last two dimensions, batched over the others.
func (t Tensor) MatMul(u Tensor) Tensor {
	th := current()
	libtch.AtgMatmul(th.out, t.g(), u.g())
	return th.result("matmul", t, u)
}

// Eq is true where the elements are equal, broadcast.
func (t Tensor) Eq(u Tensor) Tensor { // bool
	th := current()
	libtch.AtgEqTensor(th.out, t.g(), u.g())
	return th.result("eq", t, u)
}

// EqNumber is true where the elements equal a number.
func (t Tensor) EqNumber(v float64) Tensor { // bool
	th := current()
	return th.made("eq", C.lt_eq_scalar(th.o(), t.c(), C.double(v)), t)
}

// Greater is true where t > u, broadcast.
func (t Tensor) Greater(u Tensor) Tensor { // bool
	th := current()
	libtch.AtgGtTensor(th.out, t.g(), u.g())
	return th.result("greater", t, u)
}

// Not is true where t is false.
func (t Tensor) Not() Tensor { // bool
	th := current()
	libtch.AtgLogicalNot(th.out, t.g())
	return th.result("not", t)
}

// And is true where both are.
func (t Tensor) And(u Tensor) Tensor { // bool
	th := current()
	libtch.AtgLogicalAnd(th.out, t.g(), u.g())
	return th.result("and", t, u)
}

// MaskedFill is v where mask is true, t elsewhere.
func (t Tensor) MaskedFill(mask Tensor, v float64) Tensor {
	th := current()
	return th.made("masked fill", C.lt_masked_fill(th.o(), t.c(), mask.c(), C.double(v)), t, mask)
}

// Where is t where cond is true, u elsewhere.
func (t Tensor) Where(cond, u Tensor) Tensor {
	th := current()
	libtch.AtgWhereSelf(th.out, cond.g(), t.g(), u.g())
	return th.result("where", cond, t, u)
}

// In place: the receiver is changed and returned.

// Add_ adds u times alpha to t.
func (t Tensor) Add_(u Tensor, alpha float64) Tensor {
	done("add in place", C.lt_add_(t.c(), u.c(), C.double(alpha)), t, u)
	return t
}

// Scale_ multiplies t by a number.
func (t Tensor) Scale_(v float64) Tensor {
	done("scale in place", C.lt_mul_scalar_(t.c(), C.double(v)), t)
	return t
}

// Copy_ overwrites t by u, converted to t's type and device.
func (t Tensor) Copy_(u Tensor) Tensor {
	done("copy", C.lt_copy_(t.c(), u.c()), t, u)
	return t
}

// Fill_ sets every element to v.
func (t Tensor) Fill_(v float64) Tensor {
	done("fill", C.lt_fill_(t.c(), C.double(v)), t)
	return t
}

// Normal_ draws every element from a normal distribution.
func (t Tensor) Normal_(mean, std float64) Tensor {
	done("normal", C.lt_normal_(t.c(), C.double(mean), C.double(std)), t)
	return t
}

// Uniform_ draws every element uniformly from [from, to).
func (t Tensor) Uniform_(from, to float64) Tensor {
	done("uniform", C.lt_uniform_(t.c(), C.double(from), C.double(to)), t)
	return t
}

// Increment_ adds 1 to every element, outside of the autograd graph.
func (t Tensor) Increment_() Tensor {
	done("increment", C.lt_increment_(t.c()), t)
	return t
}
