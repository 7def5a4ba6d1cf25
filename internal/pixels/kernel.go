package pixels

import (
	"math"
	"sync"
)

// weightBits is the number of fraction bits of a filter weight: 32 less 8 for the sample and 2 for the filter's overshoot
// (Pillow's Resample.c).
const weightBits = 32 - 8 - 2

// kernel holds the bicubic filter for one axis, from src to dst samples, in fixed point.
type kernel struct {
	spans   []span  // one per output sample
	weights []int32 // all spans' weights behind each other, each in units of 2^-22
}

// span says which input samples, and which weights, make one output sample.
type span struct {
	first int // first input sample
	at, n int // the weights are weights[at:at+n], for the samples first..first+n-1
}

// cubic is the bicubic filter with a = -0.5 (Catmull-Rom), of support 2. Each product is converted before it is added,
// which keeps the compiler from fusing the two: Pillow rounds both.
func cubic(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	switch {
	case x < 1:
		return float64(float64(float64(float64((a+2)*x)-(a+3))*x)*x) + 1
	case x < 2:
		return (float64((float64((x-5)*x)+8)*x) - 4) * a
	}
	return 0
}

// newKernel computes the filter. When shrinking, it is stretched by the ratio (antialiasing); at the borders the weights
// that remain are scaled to sum to one.
func newKernel(src, dst int) *kernel {
	const support = 2
	scale := float64(src) / float64(dst)
	stretch := max(scale, 1)
	reach := support * stretch
	k := &kernel{spans: make([]span, dst)}
	var taps []float64
	for i := range k.spans {
		center := float64((float64(i) + 0.5) * scale)
		first := max(int(center-reach+0.5), 0)
		end := min(int(center+reach+0.5), src)
		taps = taps[:0]
		sum := 0.0
		for x := first; x < end; x++ {
			w := cubic(float64((float64(x) - center + 0.5) * (1 / stretch)))
			taps = append(taps, w)
			sum += w
		}
		k.spans[i] = span{first: first, at: len(k.weights), n: len(taps)}
		for _, w := range taps {
			if sum != 0 {
				w /= sum
			}
			k.weights = append(k.weights, int32(math.Copysign(0.5, w)+float64(w*(1<<weightBits))))
		}
	}
	return k
}

// kernelSize is the pair of lengths a kernel belongs to.
type kernelSize struct{ src, dst int }

// kernelCache keeps kernels by size. Person crops come in some hundred heights and widths, and computing one kernel
// costs as much as resizing a small crop with it.
type kernelCache struct {
	mu     sync.RWMutex
	bySize map[kernelSize]*kernel
}

// maxKernels bounds the cache; at about 5 kB each that is 10 MB. A full cache is emptied: sizes that matter come again.
const maxKernels = 2048

// get returns the kernel for a size. Callers must not change it.
func (c *kernelCache) get(src, dst int) *kernel {
	size := kernelSize{src, dst}
	c.mu.RLock()
	k := c.bySize[size]
	c.mu.RUnlock()
	if k != nil {
		return k
	}
	k = newKernel(src, dst)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bySize == nil || len(c.bySize) >= maxKernels {
		c.bySize = make(map[kernelSize]*kernel)
	}
	c.bySize[size] = k
	return k
}
