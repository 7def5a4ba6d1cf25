package tensor

// #include <stdlib.h>
// #include "shim/shim.h"
// #cgo noescape lt_slot
// #cgo nocallback lt_slot
import "C"

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// maxThreads bounds how many goroutines may have a scope open at one time.
const maxThreads = 256

// thread is the scope stack of one locked OS thread. Its index is kept in the thread's own storage on the C side.
type thread struct {
	slot  int
	scope *Scope
	out   *libtch.Ctensor // C memory: where calls put their results, so that none escapes to the Go heap
	spare []*Scope        // closed scopes, used again
}

var (
	threads  [maxThreads + 1]*thread // [0] stays nil: no scope
	freeMu   sync.Mutex
	freeList []int
	used     int
	live     atomic.Int64
)

// Live is the number of tensor handles that exist now, in all threads. Tests compare it before and after.
func Live() int64 { return live.Load() }

// Scope holds the results of operations until it closes. It belongs to the thread that opened it.
type Scope struct {
	th     *thread
	parent *Scope
	held   []unsafe.Pointer
}

// Do opens a scope, runs f and frees what the scope holds, on every path. It returns f's error, or the *OpError of the
// first operation that failed. The outermost Do locks the goroutine to its OS thread while it runs.
func Do(f func(s *Scope) error) (err error) {
	th, opened := enter()
	s := th.push()
	defer func() {
		r := recover()
		s.close()
		if opened {
			th.leave()
		}
		if r == nil {
			return
		}
		op, ok := r.(*OpError)
		if !ok {
			panic(r)
		}
		err = op
	}()
	return f(s)
}

// Block runs f in a scope of its own inside the one in force and gives f's result to that: what f made on the way is
// freed. A failed operation unwinds through it to the Do outside.
func Block(f func() Tensor) Tensor {
	th := current()
	s := th.push()
	done := false
	defer func() {
		if !done { // unwinding: the outer Do reports it
			s.close()
		}
	}()
	y := s.Give(f())
	done = true
	s.close()
	return y
}

// Run is Block for what has no result.
func Run(f func()) { Block(func() Tensor { f(); return Tensor{} }) }

// Give moves a tensor of this scope to the enclosing scope, or to the caller when this is the outermost: the caller
// then frees it. A tensor that this scope does not hold is returned as it is.
func (s *Scope) Give(t Tensor) Tensor {
	if t.p != nil && s.release(t) && s.parent != nil {
		s.parent.held = append(s.parent.held, t.p)
	}
	return t
}

// Keep takes a tensor out of this scope for good: the caller owns it and calls Free.
func (s *Scope) Keep(t Tensor) Tensor {
	s.release(t)
	return t
}

// Adopt makes the scope the owner of t, which so far was the caller's.
func (s *Scope) Adopt(t Tensor) Tensor {
	s.held = append(s.held, t.p)
	return t
}

// Drop frees a tensor of this scope before the scope closes.
func (s *Scope) Drop(t Tensor) {
	if t.p != nil && s.release(t) {
		t.Free()
	}
}

// release takes t from the scope's list, from the end, where young tensors are; it reports whether it was there.
func (s *Scope) release(t Tensor) bool {
	for i := len(s.held) - 1; i >= 0; i-- {
		if s.held[i] == t.p {
			s.held = append(s.held[:i], s.held[i+1:]...)
			return true
		}
	}
	return false
}

func (s *Scope) close() {
	th := s.th
	for th.scope != s { // scopes that a panic left open above this one
		th.scope.close()
	}
	if n := len(s.held); n > 0 {
		C.lt_free_all((*C.tensor)(unsafe.Pointer(&s.held[0])), C.int(n))
		live.Add(-int64(n))
	}
	s.held = s.held[:0]
	th.scope = s.parent
	th.spare = append(th.spare, s)
}

func (th *thread) push() *Scope {
	var s *Scope
	if n := len(th.spare); n > 0 {
		s = th.spare[n-1]
		th.spare = th.spare[:n-1]
	} else {
		s = &Scope{th: th}
	}
	s.parent = th.scope
	th.scope = s
	return s
}

// enter finds the thread's scope stack, or locks the goroutine to its thread and makes one.
func enter() (th *thread, opened bool) {
	if i := C.lt_slot(); i != 0 {
		return threads[i], false
	}
	runtime.LockOSThread()
	freeMu.Lock()
	var slot int
	if n := len(freeList); n > 0 {
		slot = freeList[n-1]
		freeList = freeList[:n-1]
	} else {
		used++
		slot = used
	}
	freeMu.Unlock()
	if slot > maxThreads {
		panic("tensor: internal error: more than 256 threads with open scopes")
	}
	if threads[slot] == nil {
		threads[slot] = &thread{slot: slot, out: (*libtch.Ctensor)(C.calloc(1, C.size_t(unsafe.Sizeof(uintptr(0)))))}
	}
	C.lt_slot_set(C.int(slot))
	if n := threadsPerOp.Load(); n > 0 {
		C.lt_set_threads(C.int(n))
	}
	return threads[slot], true
}

func (th *thread) leave() {
	C.lt_slot_set(0)
	freeMu.Lock()
	freeList = append(freeList, th.slot)
	freeMu.Unlock()
	runtime.UnlockOSThread()
}

// current is the scope stack of the calling thread.
func current() *thread {
	th := threads[C.lt_slot()]
	if th == nil {
		panic("tensor: internal error: operation outside of tensor.Do")
	}
	return th
}

// result takes what a call left in th.out into the scope in force, or unwinds with the reason why it left nothing.
func (th *thread) result(op string, in ...Tensor) Tensor {
	p := unsafe.Pointer(*th.out)
	if p == nil {
		fail(op, lastError(), in)
	}
	*th.out = nil
	return th.own(p)
}

func (th *thread) own(p unsafe.Pointer) Tensor {
	live.Add(1)
	th.scope.held = append(th.scope.held, p)
	return Tensor{p}
}

// made is result for the shim's calls, which return their message.
func (th *thread) made(op string, message C.lt_error, in ...Tensor) Tensor {
	if message != nil {
		*th.out = nil
		fail(op, take(message), in)
	}
	p := unsafe.Pointer(*th.out)
	*th.out = nil
	return th.own(p)
}

// done unwinds if a call of the shim that has no result failed.
func done(op string, message C.lt_error, in ...Tensor) {
	if message != nil {
		fail(op, take(message), in)
	}
}

func take(message C.lt_error) string {
	defer C.lt_free_message(message)
	return C.GoString(message)
}

// lastError reads and clears gotch's thread-local slot.
func lastError() string {
	p := libtch.GetAndResetLastErr()
	if p == nil {
		return "unknown error"
	}
	defer C.free(unsafe.Pointer(p))
	return C.GoString((*C.char)(unsafe.Pointer(p)))
}

// asError runs f, which calls the shim outside of any scope, and returns its message as an error.
func asError(message C.lt_error) error {
	if message == nil {
		return nil
	}
	return errors.New(firstLine(take(message)))
}

// Keep takes t out of the scope in force for good: the caller owns it and calls Free.
func Keep(t Tensor) Tensor { return current().scope.Keep(t) }
