package tensor

// #include "shim/shim.h"
import "C"

import (
	"errors"
	"fmt"
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

// Compute is f of the input, both row-major.
func (g *Graph) Compute(input []float32) (output []float32, err error) {
	err = Do(func(*Scope) error {
		defer NoGrad()()
		g.in.Copy_(FromFloat32(CPU, input, g.in.Shape()...))
		done("replay a graph", C.lt_cuda_graph_replay(g.p))
		output = g.out.Float32s()
		return nil
	})
	return output, err
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
