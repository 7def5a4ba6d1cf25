package pixels

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// formatLimits are the differences from Pillow allowed for a file: none except for JPEG in a build without libjpeg.
func formatLimits(file string) (mean float64, most int) {
	if filepath.Ext(file) == ".jpg" && file != "png-inside-128x256.jpg" {
		return jpegLimits(file)
	}
	return 0, 0
}

func TestDecodeReference(t *testing.T) {
	ref := loadReference(t)
	compared := 0
	for file, want := range ref.files {
		m, err := Decode(readFile(t, "preprocess", file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if m.W != want.Size[0] || m.H != want.Size[1] {
			t.Errorf("%s: got %dx%d, want %v", file, m.W, m.H, want.Size)
			continue
		}
		mean, most := formatLimits(file)
		if mean == 0 {
			var sum int64
			for _, v := range m.Pix {
				sum += int64(v)
			}
			if sum != want.Decoded {
				t.Errorf("%s: sum of the decoded pixels is %d, want %d", file, sum, want.Decoded)
			}
		}
		if pix, ok := ref.bytes["decoded."+stem(file)]; ok {
			checkPixels(t, file, m.Pix, pix, mean, most)
			compared++
		}
	}
	if compared != 9 {
		t.Errorf("compared %d decoded images, want 9", compared)
	}
}

// TestDecodeFormats reads a file of every variant and compares it with Pillow's convert('RGB'), stored as NAME.want.png.
func TestDecodeFormats(t *testing.T) {
	wants, err := filepath.Glob("testdata/formats/*.want.png")
	if err != nil || len(wants) < 50 {
		t.Fatalf("got %d expected images, %v; want at least 50", len(wants), err)
	}
	for _, path := range wants {
		file := strings.TrimSuffix(filepath.Base(path), ".want.png")
		data := readFile(t, "formats", file)
		if jpegRefused(file) {
			checkReason(t, file, data, ReasonUnsupported)
			continue
		}
		m, err := Decode(data)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		mean, most := formatLimits(file)
		checkPixels(t, file, m.Pix, plainPNG(t, path), mean, most)
	}
}

// plainPNG reads an 8-bit RGB file without this package.
func plainPNG(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	decoded, err := png.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	rgba := decoded.(*image.RGBA)
	var pix []byte
	for i := 0; i < len(rgba.Pix); i += 4 {
		pix = append(pix, rgba.Pix[i:i+3]...)
	}
	return pix
}

func checkReason(t *testing.T, name string, data []byte, reason string) {
	t.Helper()
	_, err := Decode(data)
	var reject *RejectError
	if !errors.As(err, &reject) || reject.Reason != reason {
		t.Errorf("%s: got error %v, want reason %q", name, err, reason)
	}
}

// TestDecodeCut cuts a file of each format at many places: all but whole files are refused, never filled with gray.
func TestDecodeCut(t *testing.T) {
	for _, file := range []string{
		"preprocess/rgb420-128x256.jpg", "preprocess/cmyk-64x128.jpg", "preprocess/rgb-37x91.png",
		"formats/restart-33x47.jpg", "formats/progressive-33x47.jpg",
		"formats/rgb24-33x47.bmp", "formats/lossy-33x47.webp", "formats/lossless-33x47.webp", "formats/palette-33x47.gif",
	} {
		whole := readFile(t, file)
		end := len(whole) - 1
		switch filepath.Ext(file) {
		case ".png":
			end -= 12 // the IEND chunk, which holds nothing
		case ".gif":
			end-- // the trailer, after the frame's last, empty block
		}
		for n := 0; n <= end; n += max(1, min(97, (end-n)/3)) {
			_, err := Decode(whole[:n])
			var reject *RejectError
			if !errors.As(err, &reject) {
				t.Errorf("%s cut to %d of %d bytes: got error %v, want a *RejectError", file, n, len(whole), err)
				continue
			}
			if n == 0 && reject.Reason != ReasonEmpty || n >= 12 && reject.Reason != ReasonTruncated {
				t.Errorf("%s cut to %d of %d bytes: got reason %q (%v)", file, n, len(whole), reject.Reason, err)
			}
		}
	}
}

func TestDecodeDamaged(t *testing.T) {
	jpegFile := readFile(t, "formats/h2v2-33x47.jpg")
	cutWithEnd := append(bytes.Clone(jpegFile[:len(jpegFile)-400]), 0xff, 0xd9)
	checkReason(t, "jpeg cut before its end mark", cutWithEnd, jpegCutReason)

	pngFile := readFile(t, "preprocess/rgb-37x91.png")
	flipped := bytes.Clone(pngFile)
	flipped[len(flipped)/2] ^= 0x10
	checkReason(t, "png with a wrong bit", flipped, ReasonCorrupt)
}

// TestDecodeInto reuses memory and still gives the same pixels, larger image first.
func TestDecodeInto(t *testing.T) {
	var m Image
	for _, file := range []string{"preprocess/rgb422-300x500.jpg", "preprocess/rgb-37x91.png", "preprocess/cmyk-64x128.jpg", "preprocess/gray-64x128.jpg"} {
		data := readFile(t, file)
		want, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		before := cap(m.Pix)
		if err := DecodeInto(&m, data); err != nil {
			t.Fatal(err)
		}
		if m.W != want.W || m.H != want.H || !bytes.Equal(m.Pix, want.Pix) {
			t.Errorf("%s: DecodeInto differs from Decode", file)
		}
		if before > 0 && cap(m.Pix) != before {
			t.Errorf("%s: memory of %d bytes was not reused", file, before)
		}
	}
}
