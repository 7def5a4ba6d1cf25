package pixels

import (
	"bytes"
	"sync"
	"testing"
)

// smooth is a picture that JPEG compresses well, of colours that change slowly.
func smooth(w, h int) *Image {
	m := NewImage(w, h)
	for y := range h {
		for x := range w {
			copy(m.row(y)[3*x:], []uint8{uint8(40 + 150*x/w), uint8(30 + 170*y/h), uint8(200 - 100*x/w)})
		}
	}
	return m
}

func TestEncodeJPEGRoundTrip(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {7, 9}, {16, 16}, {128, 256}, {333, 17}} {
		src := smooth(size[0], size[1])
		data, err := EncodeJPEG(src, 95)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := Probe(data); err != nil || info != (Info{"jpeg", src.W, src.H}) {
			t.Errorf("%v: got %v, %v", size, info, err)
		}
		got, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if mean, most, _ := difference(got.Pix, src.Pix); size[0]*size[1] > 100 && (mean > 1.5 || most > 20) {
			t.Errorf("%v: mean difference %.2f, greatest %d", size, mean, most)
		}
	}
}

// TestEncodeJPEGLarge makes the output outgrow the first buffer several times, and small images follow with right bytes.
func TestEncodeJPEGLarge(t *testing.T) {
	small, err := EncodeJPEG(smooth(20, 20), 80)
	if err != nil {
		t.Fatal(err)
	}
	noise := pattern(2600, 2000)
	data, err := EncodeJPEG(noise, 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) < 5<<20 {
		t.Fatalf("got %d bytes; the test wants more than the buffer that is kept", len(data))
	}
	if m, err := Decode(data); err != nil || m.W != noise.W || m.H != noise.H {
		t.Errorf("decode: %v", err)
	}
	again, err := EncodeJPEG(smooth(20, 20), 80)
	if err != nil || !bytes.Equal(again, small) {
		t.Errorf("small image after a large one: %d bytes, want the same %d (%v)", len(again), len(small), err)
	}
}

func TestEncodeJPEGConcurrent(t *testing.T) {
	images := []*Image{smooth(50, 60), smooth(300, 200), pattern(64, 64)}
	want := make([][]byte, len(images))
	for i, m := range images {
		var err error
		if want[i], err = EncodeJPEG(m, 88); err != nil {
			t.Fatal(err)
		}
	}
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 60 {
				k := (i + worker) % len(images)
				got, err := EncodeJPEG(images[k], 88)
				if err != nil || !bytes.Equal(got, want[k]) {
					t.Errorf("worker %d, image %d: other bytes (%v)", worker, k, err)
				}
			}
		})
	}
	group.Wait()
}

func TestEncodeJPEGRefuses(t *testing.T) {
	for _, test := range []struct {
		m       *Image
		quality int
		want    string
	}{
		{NewImage(2, 2), 0, "encode jpeg: want quality 1 to 100, got 0"},
		{NewImage(2, 2), 101, "encode jpeg: want quality 1 to 100, got 101"},
		{&Image{W: 0, H: 3}, 50, "encode jpeg: want sides of 1 to 65500 pixels, got 0x3"},
		{&Image{W: 70000, H: 1}, 50, "encode jpeg: want sides of 1 to 65500 pixels, got 70000x1"},
		{&Image{W: 2, H: 2, Pix: make([]uint8, 11)}, 50, "encode jpeg: want 12 bytes for 2x2 pixels, got 11"},
	} {
		if _, err := EncodeJPEG(test.m, test.quality); err == nil || err.Error() != test.want {
			t.Errorf("got error %v, want %q", err, test.want)
		}
	}
}
