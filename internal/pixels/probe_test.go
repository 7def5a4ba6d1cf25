package pixels

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProbeFiles takes format and size from the files' names, and compares with the decoded size.
func TestProbeFiles(t *testing.T) {
	formats := map[string]string{".jpg": "jpeg", ".png": "png", ".bmp": "bmp", ".webp": "webp", ".gif": "gif"}
	for _, dir := range []string{"preprocess", "formats"} {
		entries, err := os.ReadDir(filepath.Join("testdata", dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			format, ok := formats[filepath.Ext(e.Name())]
			if !ok || strings.HasSuffix(e.Name(), ".want.png") {
				continue
			}
			want := Info{Format: format}
			size := stem(e.Name())
			if _, err := fmt.Sscanf(size[strings.LastIndex(size, "-")+1:], "%dx%d", &want.W, &want.H); err != nil {
				t.Fatalf("%s: %v", e.Name(), err)
			}
			if e.Name() == "png-inside-128x256.jpg" {
				want.Format = "png" // by content, not by name
			}
			if got, err := Probe(readFile(t, dir, e.Name())); err != nil || got != want {
				t.Errorf("%s: got %v, %v; want %v", e.Name(), got, err, want)
			}
		}
	}
}

// jpegHeader is a JPEG up to its frame header.
func jpegHeader(sof, precision byte, w, h int, components byte) string {
	return "\xff\xd8\xff\xe0\x00\x04ab" + string([]byte{0xff, sof, 0, 8 + 3*components, precision, byte(h >> 8), byte(h), byte(w >> 8), byte(w), components}) +
		strings.Repeat("\x01\x11\x00", int(components))
}

func pngHeader(w, h uint32, depth, color byte) string {
	return "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + string([]byte{
		byte(w >> 24), byte(w >> 16), byte(w >> 8), byte(w), byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h), depth, color, 0, 0, 0, 1, 2, 3, 4})
}

func gifHeader(w, h uint16) string {
	return "GIF89a" + string([]byte{byte(w), byte(w >> 8), byte(h), byte(h >> 8), 0, 0, 0})
}

func bmpHeader(w, h int32, depth, compression byte) string {
	b := make([]byte, 54)
	copy(b, "BM")
	b[10], b[14], b[26], b[28], b[30] = 54, 40, 1, depth, compression
	for i := range 4 {
		b[18+i], b[22+i] = byte(w>>(8*i)), byte(h>>(8*i))
	}
	return string(b)
}

func webpHeader(kind string, body ...byte) string {
	b := append([]byte("RIFF\x16\x00\x00\x00WEBP"+kind+"\x0a\x00\x00\x00"), body...)
	return string(append(b, make([]byte, 30-len(b))...))
}

func TestProbeRefuses(t *testing.T) {
	tests := []struct{ name, data, reason, text string }{
		{"empty", "", ReasonEmpty, "empty: file has no bytes"},
		{"text", "id,path\n1,a.jpg\n", ReasonNotImage, `not_image: file starts with "id,path\n", want jpeg, png, bmp, webp or gif`},
		{"zeros", strings.Repeat("\x00", 100), ReasonNotImage, ""},
		{"one byte", "\xff", ReasonNotImage, ""},
		{"riff sound", "RIFF\x24\x00\x00\x00WAVEfmt ", ReasonNotImage, ""},
		{"tiff little", "II*\x00\x08\x00\x00\x00", ReasonUnsupported, "tiff: unsupported: want jpeg, png, bmp, webp or gif"},
		{"tiff big", "MM\x00*\x00\x00\x00\x08", ReasonUnsupported, ""},
		{"bigtiff", "II+\x00\x08\x00\x00\x00", ReasonUnsupported, ""},
		{"avif", "\x00\x00\x00\x1cftypavif", ReasonUnsupported, ""},
		{"signature cut", "\x89PN", ReasonTruncated, "png: truncated: file ends in the signature, after 3 bytes"},
		{"jpeg header cut", jpegHeader(0xc0, 8, 10, 10, 3)[:15], ReasonTruncated, "jpeg: truncated: file ends in the header, after 15 bytes"},
		{"jpeg without frame", "\xff\xd8\xff\xd9", ReasonCorrupt, ""},
		{"jpeg segment length", "\xff\xd8\xff\xe0\x00\x01aaaa", ReasonCorrupt, ""},
		{"jpeg twice begun", "\xff\xd8\xff\xd8aaaa", ReasonCorrupt, ""},
		{"jpeg lossless", jpegHeader(0xc3, 8, 10, 10, 3), ReasonUnsupported, "jpeg: unsupported: process SOF3 (lossless or hierarchical)"},
		{"jpeg 12 bits", jpegHeader(0xc1, 12, 10, 10, 3), ReasonUnsupported, "jpeg: unsupported: 12 bits a sample, want 8"},
		{"jpeg two components", jpegHeader(0xc0, 8, 10, 10, 2), ReasonUnsupported, ""},
		{"jpeg no rows", jpegHeader(0xc0, 8, 10, 0, 3), ReasonZeroSize, "jpeg: zero_size: size 10x0"},
		{"jpeg no columns", jpegHeader(0xc2, 8, 0, 10, 3), ReasonZeroSize, ""},
		{"jpeg bomb", jpegHeader(0xc0, 8, 65535, 65535, 3), ReasonTooLarge, "jpeg: too_large: size 65535x65535, want at most 64000000 pixels"},
		{"png bomb", pngHeader(1<<31-1, 1<<31-1, 8, 2), ReasonTooLarge, ""},
		{"png negative", pngHeader(1<<31, 1, 8, 2), ReasonCorrupt, ""},
		{"png no columns", pngHeader(0, 5, 8, 2), ReasonZeroSize, ""},
		{"png colour type", pngHeader(5, 5, 8, 5), ReasonCorrupt, ""},
		{"png too short for its size", pngHeader(8000, 8000, 8, 2), ReasonTruncated, "png: truncated: file ends in the pixels, after 33 bytes"},
		{"png header cut", pngHeader(5, 5, 8, 2)[:32], ReasonTruncated, ""},
		{"gif bomb", gifHeader(65535, 65535), ReasonTooLarge, ""},
		{"gif no rows", gifHeader(7, 0), ReasonZeroSize, ""},
		{"bmp bomb", bmpHeader(1<<30, 1<<30, 24, 0), ReasonTooLarge, ""},
		{"bmp no rows", bmpHeader(4, 0, 24, 0), ReasonZeroSize, ""},
		{"bmp lowest height", bmpHeader(4, -1<<31, 24, 0), ReasonTooLarge, ""},
		{"bmp too short for its size", bmpHeader(4, -4, 24, 0), ReasonTruncated, ""},
		{"bmp run lengths", bmpHeader(4, 4, 8, 1), ReasonUnsupported, "bmp: unsupported: compression 1, want none"},
		{"webp bomb", webpHeader("VP8X", 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), ReasonTooLarge, ""},
		{"webp animated", webpHeader("VP8X", 2, 0, 0, 0, 5, 0, 0, 5, 0, 0), ReasonUnsupported, "webp: unsupported: animation"},
		{"webp no columns", webpHeader("VP8 ", 0, 0, 0, 0x9d, 0x01, 0x2a, 0, 0, 5, 0), ReasonZeroSize, ""},
		{"webp lossless bomb", webpHeader("VP8L", 0x2f, 0xff, 0xff, 0xff, 0xff), ReasonTooLarge, ""},
		{"webp cut", webpHeader("VP8 ", 0, 0, 0, 0x9d, 0x01, 0x2a, 5, 0, 5, 0)[:29], ReasonTruncated, ""},
		{"webp other chunk", webpHeader("JUNK"), ReasonCorrupt, ""},
	}
	for _, test := range tests {
		_, err := Probe([]byte(test.data))
		var reject *RejectError
		if !errors.As(err, &reject) || reject.Reason != test.reason {
			t.Errorf("%s: got %v, want reason %q", test.name, err, test.reason)
			continue
		}
		if test.text != "" && err.Error() != test.text {
			t.Errorf("%s: got text %q, want %q", test.name, err, test.text)
		}
		if _, decodeErr := Decode([]byte(test.data)); decodeErr == nil || decodeErr.Error() != err.Error() {
			t.Errorf("%s: Decode says %v, Probe %v", test.name, decodeErr, err)
		}
	}
}

// TestProbeLimit holds the border of MaxPixels on both sides.
func TestProbeLimit(t *testing.T) {
	if got, err := Probe([]byte(jpegHeader(0xc0, 8, 8000, 8000, 3))); err != nil || got.W*got.H != MaxPixels {
		t.Errorf("8000x8000: got %v, %v", got, err)
	}
	if _, err := Probe([]byte(jpegHeader(0xc0, 8, 8000, 8001, 3))); err == nil {
		t.Error("8000x8001: want an error")
	}
}
