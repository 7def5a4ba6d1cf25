package ingest

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"plip/internal/pixels"
)

// picture is a small JPEG, another one for every seed.
func picture(t testing.TB, seed uint64) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	m := image.NewRGBA(image.Rect(0, 0, 8+r.IntN(8), 16+r.IntN(16)))
	c := color.RGBA{uint8(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32()), 255}
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			m.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// writeFile writes a file below dir with the folders it needs.
func writeFile(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// testOptions examine the header only.
func testOptions() Options {
	o := DefaultOptions()
	o.Name, o.Examine = "mini", probe
	return o
}

func probe(data []byte) (w, h int, err error) {
	info, err := pixels.Probe(data)
	return info.W, info.H, asReject(err)
}

func decode(data []byte) (w, h int, err error) {
	m, err := pixels.Decode(data)
	if err != nil {
		return 0, 0, asReject(err)
	}
	return m.W, m.H, nil
}

func asReject(err error) error {
	if bad := (*pixels.RejectError)(nil); errors.As(err, &bad) {
		return &RejectError{bad.Reason, bad.Err}
	}
	return err
}

// spoiling is a way to make a file unfit.
type spoiling struct {
	reason string
	apply  func(t *testing.T, file string)
	pixels bool // seen by those who decode alone
}

func (s spoiling) examine(header Examine) Examine {
	if s.pixels {
		return decode
	}
	return header
}

// spoils are all ways, by name.
func spoils() map[string]spoiling {
	edit := func(change func(data []byte) []byte) func(t *testing.T, file string) {
		return func(t *testing.T, file string) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			replace(t, file, change(data))
		}
	}
	link := func(t *testing.T, file string) {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		outside := filepath.Join(t.TempDir(), "secret.jpg")
		replace(t, outside, picture(t, 99))
		if err := os.Symlink(outside, file); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]spoiling{
		"empty":     {reason: "empty", apply: edit(func([]byte) []byte { return nil })},
		"text":      {reason: "not_image", apply: edit(func([]byte) []byte { return []byte("<html>404</html>") })},
		"tiff":      {reason: "unsupported", apply: edit(func([]byte) []byte { return []byte("II*\x00\x08\x00\x00\x00") })},
		"truncated": {reason: "truncated", apply: edit(func(b []byte) []byte { return b[:100] })},
		"corrupt":   {reason: "corrupt", apply: edit(func(b []byte) []byte { return append(b[:2:2], 0xff, 0xd8, 0xff, 0xd9) })},
		"zero":      {reason: "zero_size", apply: edit(func(b []byte) []byte { return setSize(b, 0) })},
		"bomb":      {reason: "too_large", apply: edit(func(b []byte) []byte { return setSize(b, 0xff) })},
		"huge file": {reason: "too_large", apply: func(t *testing.T, file string) {
			if err := os.Truncate(file, MaxFileBytes+1); err != nil { // a hole, no disk space
				t.Fatal(err)
			}
		}},
		"pixels":      {reason: "truncated", pixels: true, apply: edit(func(b []byte) []byte { return b[:len(b)-8] })},
		"linked away": {reason: ReasonPathEscape, apply: link},
	}
}

// setSize overwrites the size in a JPEG's frame header with one byte repeated.
func setSize(jpegFile []byte, value byte) []byte {
	at := bytes.Index(jpegFile, []byte{0xff, 0xc0}) // marker, length (2), precision, height (2), width (2)
	copy(jpegFile[at+5:], []byte{value, value, value, value})
	return jpegFile
}

func replace(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
	}
}
