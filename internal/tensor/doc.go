// Package tensor is a handle over libtorch's tensors with one explicit owner and no finalizers.
//
// It stands on gotch's C layer (github.com/sugarme/gotch/libtch) and a shim beside it for what that layer lacks. gotch's
// own Go types are not used: their finalizers free tensors inside running C calls, and their errors end the process.
//
// # Lifetime
//
// Tensors are C memory, which the collector does not see. Every operation's result belongs to the scope in force:
//
//	err := tensor.Do(func(s *tensor.Scope) error {
//		p := q.MatMul(k.Transpose(-2, -1)).Scale(1 / math.Sqrt(e)).Softmax(-1) // [N, A, L, L]
//		y = s.Give(p.MatMul(v))                                                // [N, A, L, E]
//		return nil
//	})
//
// Do opens a scope, and frees all that it holds on every path; Give names what leaves: it goes to the enclosing scope,
// or to the caller when there is none. Block is the same for one result and reads as an expression. Keep takes a tensor
// out of every scope for a long life (parameters, optimizer state): its owner calls Free. The autograd graph holds its
// own references, so scopes may close before Backward.
//
// # Errors
//
// A failed operation unwinds by a private panic that Do turns into an *OpError (operation, shapes, libtorch's first
// line) and never lets out. Model code has no error plumbing, and still nothing crashes and nothing leaks.
//
// # Threads
//
// Do locks the goroutine to its OS thread while the outermost scope is open: grad mode, autocast and the current scope
// are the thread's. A tensor may be used by another thread's scope, not by two at a time.
package tensor
