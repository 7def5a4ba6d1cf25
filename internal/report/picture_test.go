package report

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/disintegration/imaging"
)

func encode(t testing.TB, w, h int, f imaging.Format) []byte {
	t.Helper()
	img := imaging.New(w, h, color.NRGBA{40, 90, 160, 255})
	var b bytes.Buffer
	if err := imaging.Encode(&b, img, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// onePixelWebP is a lossless 1x1 image.
const onePixelWebP = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="

func decodeEmbedded(t *testing.T, p picture) ([]byte, image.Image, string) {
	t.Helper()
	_, text, ok := strings.Cut(string(p.Src), ";base64,")
	if !ok {
		t.Fatalf("want a data URL, got %q (%s)", p.Src, p.Reason)
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	img, format, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return data, img, format
}

func TestPictureFormats(t *testing.T) {
	webp, err := base64.StdEncoding.DecodeString(onePixelWebP)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data      []byte
		untouched bool
		format    string
		size      image.Point
	}{
		"jpeg":          {encode(t, 64, 128, imaging.JPEG), true, "jpeg", image.Pt(64, 128)},
		"png":           {encode(t, 64, 128, imaging.PNG), true, "png", image.Pt(64, 128)},
		"jpeg at limit": {encode(t, 320, 320, imaging.JPEG), true, "jpeg", image.Pt(320, 320)},
		"jpeg above":    {encode(t, 160, 321, imaging.JPEG), false, "jpeg", image.Pt(159, 320)},
		"jpeg wide":     {encode(t, 640, 320, imaging.JPEG), false, "jpeg", image.Pt(320, 160)},
		"gif":           {encode(t, 64, 128, imaging.GIF), false, "jpeg", image.Pt(64, 128)},
		"bmp":           {encode(t, 64, 128, imaging.BMP), false, "jpeg", image.Pt(64, 128)},
		"webp":          {webp, false, "jpeg", image.Pt(1, 1)},
	} {
		p := newPicture(c.data)
		data, img, format := decodeEmbedded(t, p)
		if bytes.Equal(data, c.data) != c.untouched {
			t.Errorf("%s: untouched: want %t, got %t", name, c.untouched, !c.untouched)
		}
		if format != c.format || img.Bounds().Size() != c.size || p.W != c.size.X || p.H != c.size.Y {
			t.Errorf("%s: want %s %v, got %s %v, stated %dx%d", name, c.format, c.size, format, img.Bounds().Size(), p.W, p.H)
		}
	}
}

// hugePNG states w x h pixels in a whole header, without any data.
func hugePNG(w, h uint32) []byte {
	ihdr := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(ihdr[4:], w)
	binary.BigEndian.PutUint32(ihdr[8:], h)
	ihdr[12], ihdr[13] = 8, 2
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, ihdr...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(ihdr))
}

func TestPictureRefusals(t *testing.T) {
	whole := encode(t, 64, 128, imaging.JPEG)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nil":   {nil, "no picture"},
		"text":  {[]byte("<svg onload=alert(1)>"), "unknown format"},
		"tiff":  {encode(t, 8, 8, imaging.TIFF), "got tiff"},
		"huge":  {hugePNG(100000, 100000), "got 100000x100000"},
		"cut":   {whole[:len(whole)-len(whole)/3], "EOF"},
		"empty": {hugePNG(0, 4), "dimension"},
	} {
		p := newPicture(c.data)
		if p.Src != "" || !strings.Contains(p.Reason, c.want) {
			t.Errorf("%s: want a reason with %q and no picture, got %q, %d bytes", name, c.want, p.Reason, len(p.Src))
		}
	}
}

func TestPictureAboveByteLimitIsRecoded(t *testing.T) {
	var b bytes.Buffer
	img, err := imaging.Decode(bytes.NewReader(drawCrop(t, 300, 300, 3)))
	if err != nil {
		t.Fatal(err)
	}
	if err := imaging.Encode(&b, img, imaging.PNG); err != nil {
		t.Fatal(err)
	}
	if b.Len() <= maxPictureBytes {
		t.Fatalf("the sample is too small to test with: %d bytes", b.Len())
	}
	data, _, format := decodeEmbedded(t, newPicture(b.Bytes()))
	if format != "jpeg" || len(data) >= b.Len() {
		t.Errorf("want a smaller jpeg, got %s of %d bytes from %d", format, len(data), b.Len())
	}
}

func FuzzPicture(f *testing.F) {
	f.Add(encode(f, 8, 16, imaging.JPEG))
	f.Add(encode(f, 8, 16, imaging.PNG))
	f.Add(encode(f, 8, 16, imaging.GIF))
	f.Add(encode(f, 8, 16, imaging.BMP))
	f.Add(hugePNG(1<<20, 1<<20))
	f.Add([]byte("II*\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := newPicture(data)
		if (p.Src == "") == (p.Reason == "") {
			t.Errorf("want either a picture or a reason, got %d bytes and %q", len(p.Src), p.Reason)
		}
		if p.Src != "" && (p.W <= 0 || p.H <= 0 || p.W > maxPictureSide || p.H > maxPictureSide) {
			t.Errorf("want a side of 1 to %d, got %dx%d", maxPictureSide, p.W, p.H)
		}
	})
}
