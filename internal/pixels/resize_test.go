package pixels

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"sync"
	"testing"
)

// TestResizeReference resizes every decoded image of the reference, and compares each bit.
func TestResizeReference(t *testing.T) {
	ref := loadReference(t)
	compared := 0
	for file := range ref.files {
		name := stem(file)
		pix, ok := ref.bytes["decoded."+name]
		if !ok {
			continue
		}
		shape := ref.shape["decoded."+name]
		src := &Image{W: shape[1], H: shape[0], Pix: pix}
		for _, size := range [][2]int{{32, 64}, {128, 256}} {
			out := fmt.Sprintf("out.%s.%dx%d.u8", name, size[1], size[0])
			if want, ok := ref.bytes[out]; ok {
				checkPixels(t, out, src.Resized(size[0], size[1]).Pix, want, 0, 0)
				compared++
			}
		}
		var sum int64
		for _, v := range src.Resized(128, 256).Pix {
			sum += int64(v)
		}
		if want := ref.files[file].U8Sum; sum != want {
			t.Errorf("%s at 128x256: sum of the pixels is %d, want %d", file, sum, want)
		}
	}
	if compared != 11 {
		t.Errorf("compared %d resized images, want 11", compared)
	}
}

// TestDecodeResizeReference goes from the file to the resized pixels, as training does, large images included.
func TestDecodeResizeReference(t *testing.T) {
	ref := loadReference(t)
	for file := range ref.files {
		m, err := Decode(readFile(t, "preprocess", file))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		mean, most := formatLimits(file)
		for _, size := range [][2]int{{32, 64}, {128, 256}} {
			out := fmt.Sprintf("out.%s.%dx%d.u8", stem(file), size[1], size[0])
			if want, ok := ref.bytes[out]; ok {
				checkPixels(t, out, m.Resized(size[0], size[1]).Pix, want, mean, most)
			}
		}
	}
}

// pattern fills an image by a linear congruential generator, with runs of black and white that make the filter overshoot.
func pattern(w, h int) *Image {
	m := NewImage(w, h)
	state := uint32(w*31 + h)
	for i := range m.Pix {
		state = state*1664525 + 1013904223
		switch {
		case i/48%3 != 0:
			m.Pix[i] = uint8(state >> 24)
		case state>>31 == 0:
			m.Pix[i] = 255
		}
	}
	return m
}

// TestResizeSizes compares checksums of Pillow's result (testdata/README.md) for enlarging, shrinking, one axis alone,
// single pixels and odd ratios.
func TestResizeSizes(t *testing.T) {
	tests := []struct {
		w, h, toW, toH int
		sum            uint32
	}{
		{1, 1, 128, 256, 0x4ad3af5a},
		{2, 2, 3, 5, 0x8619cdcc},
		{1, 300, 128, 256, 0xfb1e373c},
		{300, 1, 128, 256, 0x29c7f353},
		{128, 256, 128, 256, 0x7b0e0315},
		{128, 300, 128, 256, 0x27f44bc},
		{130, 256, 128, 256, 0x9cd5de9e},
		{64, 128, 128, 256, 0xf81889f8},
		{37, 91, 128, 256, 0x8bef8b1b},
		{53, 100, 64, 128, 0x36353cb},
		{400, 700, 128, 256, 0x109b961d},
		{1000, 3, 7, 256, 0x4140e5be},
		{333, 217, 5, 1, 0x572773bc},
		{2000, 1500, 64, 128, 0x889978ca},
		{7, 5, 1, 1, 0xb85d8303},
		{60, 160, 128, 384, 0x3a397b36},
		{129, 257, 128, 256, 0x6738e34a},
		{128, 256, 64, 32, 0xd62d1ce3},
	}
	for _, test := range tests {
		src := pattern(test.w, test.h)
		before := bytes.Clone(src.Pix)
		if got := crc32.ChecksumIEEE(src.Resized(test.toW, test.toH).Pix); got != test.sum {
			t.Errorf("%dx%d to %dx%d: checksum %#08x, want %#08x", test.w, test.h, test.toW, test.toH, got, test.sum)
		}
		if !bytes.Equal(src.Pix, before) {
			t.Errorf("%dx%d to %dx%d: the source was changed", test.w, test.h, test.toW, test.toH)
		}
	}
}

// TestResizeConcurrent resizes in several goroutines with shared kernels and pooled scratch memory of changing size.
func TestResizeConcurrent(t *testing.T) {
	sizes := [][2]int{{37, 91}, {300, 500}, {128, 200}, {64, 256}, {5, 7}}
	want := make([][]byte, len(sizes))
	for i, s := range sizes {
		want[i] = pattern(s[0], s[1]).Resized(128, 256).Pix
	}
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			dst := make([]byte, 3*128*256)
			for i := range 40 {
				k := (i + worker) % len(sizes)
				ResizeBicubic(dst, pattern(sizes[k][0], sizes[k][1]), 128, 256)
				if !bytes.Equal(dst, want[k]) {
					t.Errorf("worker %d: %v differs", worker, sizes[k])
				}
			}
		})
	}
	group.Wait()
}

func TestResizeNoAllocation(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector sync.Pool drops what it is given at random")
	}
	src, dst := pattern(60, 170), make([]byte, 3*128*256)
	ResizeBicubic(dst, src, 128, 256)
	if n := testing.AllocsPerRun(20, func() { ResizeBicubic(dst, src, 128, 256) }); n >= 1 {
		t.Errorf("got %v allocations a call, want none", n)
	}
}

// TestKernelCacheBound fills the cache past its limit; it must not grow further, and give right kernels still.
func TestKernelCacheBound(t *testing.T) {
	var c kernelCache
	for n := 1; n <= maxKernels+10; n++ {
		if k := c.get(n, 4); len(k.spans) != 4 {
			t.Fatalf("kernel %d to 4 has %d outputs", n, len(k.spans))
		}
		if len(c.bySize) > maxKernels {
			t.Fatalf("cache holds %d kernels, want at most %d", len(c.bySize), maxKernels)
		}
	}
	first := c.get(5, 4)
	if again := c.get(5, 4); again != first {
		t.Error("the same size gives two kernels")
	}
}
