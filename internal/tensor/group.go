package tensor

// #include <stdlib.h>
// #include "c10d/c10d.h"
import "C"

import (
	"time"
	"unsafe"

	_ "plip/internal/tensor/c10d" // links the C++ that c10d.h declares
)

// StoreAddress is where processes that train together meet.
type StoreAddress struct {
	Host    string
	Port    int
	Serve   bool          // by this process; the others wait for it
	Prefix  string        // before every key
	Timeout time.Duration // of each call
}

// Store is a connection to the key-value store at which processes meet. It is safe for concurrent use; calls wait for
// each other.
type Store struct{ p *C.lt_store }

// OpenStore connects to the store, after it has opened it where this process is to serve it.
func OpenStore(a StoreAddress) (*Store, error) {
	host, prefix := C.CString(a.Host), C.CString(a.Prefix)
	defer C.free(unsafe.Pointer(host))
	defer C.free(unsafe.Pointer(prefix))
	s := &Store{}
	return s, asError(C.lt_store_open(&s.p, host, C.int(a.Port), flag(a.Serve), prefix, C.int64_t(a.Timeout.Milliseconds())))
}

// Set gives a key a value.
func (s *Store) Set(key, value string) error {
	k, v := C.CString(key), C.CString(value)
	defer C.free(unsafe.Pointer(k))
	defer C.free(unsafe.Pointer(v))
	return asError(C.lt_store_set(s.p, k, v))
}

// Get is the value of a key; ok is false where it has none yet.
func (s *Store) Get(key string) (value string, ok bool, err error) {
	k := C.CString(key)
	defer C.free(unsafe.Pointer(k))
	var v *C.char
	if err := asError(C.lt_store_get(s.p, k, &v)); err != nil || v == nil {
		return "", false, err
	}
	return take(v), true, nil
}

// Close ends the connection, and the store where this process serves it.
func (s *Store) Close() {
	C.lt_store_free(s.p)
	s.p = nil
}

// Group is processes that compute together over libtorch's Gloo, where all are on one machine through its memory (the
// sums of numbers, and those of a Reducer of CPU parameters), and once their devices are connected over NCCL. All make the same calls in the same order, each on one
// thread at a time; a reducer's hooks run beside. A call that cannot be completed unwinds, or returns an error where it
// has one.
type Group struct {
	p    *C.lt_group
	size int
}

// JoinGroup makes this process the rank-th of size, which meet at the store; host is the address of the interface that
// the others reach it by. A group has room for so many lanes of a Reducer. All say the same of share, whether memory is
// used where it can be.
func JoinGroup(s *Store, rank, size, lanes int, host string, share bool) (*Group, error) {
	h := C.CString(host)
	defer C.free(unsafe.Pointer(h))
	g := &Group{size: size}
	return g, asError(C.lt_group_join(&g.p, s.p, C.int(rank), C.int(size), C.int(lanes), h, flag(share)))
}

// Shares tells whether sums go through shared memory, because all processes are on this machine.
func (g *Group) Shares() bool { return C.lt_group_shares(g.p) != 0 }

// ConnectDevices makes broadcasts, gathers, the statistics of batch norms and the sums of a Reducer of later on go between
// the processes' CUDA devices over NCCL; it connects them. OpenCUDAExtra must have been called, and each process has a
// device of its own.
func (g *Group) ConnectDevices(d Device) error { return asError(C.lt_group_devices(g.p, C.int(d))) }

// standIn puts Gloo between CPU tensors in the place of NCCL between CUDA tensors: what there is to test without devices.
func (g *Group) standIn() error { return asError(C.lt_group_devices(g.p, -1)) }

// Abort makes whatever waits in the group, now or later, fail with a reason. It is safe for concurrent use.
func (g *Group) Abort(why string) {
	w := C.CString(why)
	defer C.free(unsafe.Pointer(w))
	C.lt_group_abort(g.p, w)
}

// Close leaves the group.
func (g *Group) Close() {
	C.lt_group_free(g.p)
	g.p = nil
}

// Sum adds up each value over the processes, in place.
func (g *Group) Sum(values []float64) error {
	return asError(C.lt_group_sum(g.p, (*C.double)(unsafe.SliceData(values)), C.int64_t(len(values))))
}

// Exchange gives every process the values of all, by rank. All bring as many.
func (g *Group) Exchange(mine []float64) ([][]float64, error) {
	n := len(mine)
	flat := make([]float64, g.size*n)
	m := C.lt_group_exchange(g.p, (*C.double)(unsafe.SliceData(mine)), (*C.double)(unsafe.SliceData(flat)), C.int64_t(n))
	all := make([][]float64, g.size)
	for r := range all {
		all[r] = flat[r*n : (r+1)*n]
	}
	return all, asError(m)
}

// Broadcast overwrites tensors by those of rank 0.
func (g *Group) Broadcast(v []Tensor) error {
	return asError(C.lt_group_broadcast(g.p, pointers(v), C.int(len(v))))
}

// Gather puts the rows of all processes below each other, by rank: [N, ...] becomes [size*N, ...]. The backward pass
// gives a process the gradients of its own rows, which are whole where every process computes the loss of all rows.
func (g *Group) Gather(x Tensor) Tensor {
	th := current()
	return th.made("gather", C.lt_group_gather(th.o(), g.p, x.c()), x)
}

// SynchronizeNorm makes batch norms in training take the statistics of all processes' batches, in this whole process,
// until it is switched off. Each of them then waits for the others twice, forward and backward.
func (g *Group) SynchronizeNorm(on bool) { C.lt_group_norm(g.p, flag(on)) }

// Reducer sums gradients over a group's processes. It sends them in buckets while the backward pass still runs, or sums
// them in shared memory after it.
type Reducer struct{ p *C.lt_reducer }

// NewReducer makes a reducer of float32 parameters. A lane is parameters in about the order in which their gradients
// come; the gradients of one lane come in one thread at a time.
func (g *Group) NewReducer(lanes [][]Tensor, bucketBytes int64) (*Reducer, error) {
	var params []Tensor
	sizes := make([]C.int, len(lanes))
	for i, lane := range lanes {
		params, sizes[i] = append(params, lane...), C.int(len(lane))
	}
	r := &Reducer{}
	return r, asError(C.lt_reducer_new(&r.p, g.p, pointers(params), unsafe.SliceData(sizes), C.int(len(lanes)), C.int64_t(bucketBytes)))
}

// Finish ends a step's backward passes: every parameter has the sum of its gradients then, none where no process had
// one. The sums lie in the reducer's memory until the next backward pass.
func (r *Reducer) Finish() { done("sum of gradients", C.lt_reducer_finish(r.p)) }

// Close frees the buckets. The parameters must still live, and their gradients be dropped.
func (r *Reducer) Close() {
	C.lt_reducer_free(r.p)
	r.p = nil
}
