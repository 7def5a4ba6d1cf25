package pixels

import (
	"bytes"
	"fmt"
	"math"
	"testing"
)

func TestNormalizeReference(t *testing.T) {
	ref := loadReference(t)
	if PLIP() != ref.normalization {
		t.Fatalf("got %v, reference has %v", PLIP(), ref.normalization)
	}
	for name, want := range ref.floats {
		shape := ref.shape[name] // [3, H, W]
		u8 := ref.bytes[name[:len(name)-len("f32")]+"u8"]
		got := make([]float32, len(want))
		PLIP().CHW(got, u8, shape[2], shape[1], false)
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-6 {
				t.Errorf("%s: index %d: got %v, want %v", name, i, got[i], want[i])
				break
			}
		}
	}
	for file, want := range ref.files {
		m, err := Decode(readFile(t, "preprocess", file))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if mean, _ := formatLimits(file); mean > 0 {
			continue // the sums are of Pillow's pixels
		}
		const w, h = 128, 256
		planes := make([]float32, 3*w*h)
		PLIP().Table().CHW(planes, m.Resized(w, h).Pix, w, h, false)
		sum := 0.0
		for _, v := range planes[:w*h] {
			sum += float64(v)
		}
		if math.Abs(sum-want.RedSum) > 1e-6*float64(w*h) {
			t.Errorf("%s: sum of the red plane is %v, want %v", file, sum, want.RedSum)
		}
	}
}

func TestNormalizeFlip(t *testing.T) {
	const w, h = 5, 3
	src := pattern(w, h)
	mirrored := NewImage(w, h)
	for y := range h {
		for x := range w {
			copy(mirrored.Pix[3*(y*w+x):][:3], src.Pix[3*(y*w+w-1-x):])
		}
	}
	got, want := make([]float32, 3*w*h), make([]float32, 3*w*h)
	ImageNet().CHW(got, src.Pix, w, h, true)
	ImageNet().CHW(want, mirrored.Pix, w, h, false)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("flipped: got %v, want %v", got, want)
	}
}

// TestLuma checks values worked out by hand from (19595 R + 38470 G + 7471 B + 32768) / 65536.
func TestLuma(t *testing.T) {
	rgb := []byte{0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 1, 0, 0, 2, 0, 0}
	want := []byte{0, 0, 0, 255, 255, 255, 76, 76, 76, 150, 150, 150, 29, 29, 29, 18, 18, 18, 0, 0, 0, 1, 1, 1}
	got := make([]byte, len(rgb))
	Luma(got, rgb)
	if !bytes.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	Luma(rgb, rgb)
	if !bytes.Equal(rgb, want) {
		t.Errorf("in place: got %v, want %v", rgb, want)
	}
}
