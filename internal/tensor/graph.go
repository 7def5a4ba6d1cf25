package tensor

// #include "shim/shim.h"
import "C"

import (
	"errors"
	"fmt"
	"slices"
	"unsafe"
)

// Graph is a computation on one input of a fixed shape that is recorded on a CUDA device: it is asked for with one call
// in place of one for every operation, which counts where these are short. It is for one goroutine at a time.
type Graph struct {
	p       unsafe.Pointer
	in, out Tensor
}

// RecordGraph records f, which makes float32 results of a float32 input of the given shape, with no other effect, and
// without waiting for the device. f runs some times before, so that libraries have chosen their algorithms and have their
// memory. It needs OpenCUDAExtra. A failure leaves nothing behind: f can still be run as it is.
func RecordGraph(d Device, f func(x Tensor) Tensor, shape ...int64) (*Graph, error) {
	if d == CPU {
		return nil, errors.New("record a graph: want a CUDA device, got cpu")
	}
	g := &Graph{}
	err := Do(func(s *Scope) error {
		defer NoGrad()()
		g.in = s.Keep(Zeros(d, Float32, shape...))
		for range 2 {
			Run(func() { f(g.in) })
		}
		done("begin a graph", C.lt_cuda_graph_begin(&g.p, C.int(d)))
		g.out = s.Keep(f(g.in))
		done("end a graph", C.lt_cuda_graph_end(g.p))
		Check(g.out.DType() == Float32, "graph", "want float32 results, got %v", g.out.DType())
		return nil
	})
	if err != nil {
		g.Close()
		return nil, fmt.Errorf("record a graph: %w", err)
	}
	return g, nil
}

// Takes tells whether x is of the input's shape.
func (g *Graph) Takes(x Tensor) bool { return slices.Equal(x.Shape(), g.in.Shape()) }

// Apply is f of x, which may be on any device. The result lies in the graph's memory: it is good until the next Apply.
func (g *Graph) Apply(x Tensor) Tensor {
	defer NoGrad()()
	Check(g.Takes(x), "graph", "want an input of %v, got %v", g.in.Shape(), x.Shape())
	g.in.Copy_(x)
	done("replay a graph", C.lt_cuda_graph_replay(g.p))
	return g.out.As(Float32)
}

// Close frees the graph and the memory of its operations.
func (g *Graph) Close() {
	g.out.Free()
	if g.p != nil {
		C.lt_cuda_graph_free(g.p)
	}
	g.in.Free()
	*g = Graph{}
}
