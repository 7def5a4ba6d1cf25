package pixels

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzDecode feeds any bytes: no panic, and what is decoded has the size Probe saw. Everything else ends in a
// *RejectError. Pictures over a megapixel are only probed, to keep the fuzzer fast; MaxPixels bounds them.
func FuzzDecode(f *testing.F) {
	for _, dir := range []string{"preprocess", "formats"} {
		files, err := filepath.Glob(filepath.Join("testdata", dir, "*"))
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			if len(data) < 8192 { // large seeds slow the fuzzer down
				f.Add(data)
			}
		}
	}
	f.Add([]byte(webpHeader("VP8X", 0x10, 0, 0, 0, 5, 0, 0, 5, 0, 0)))
	f.Add([]byte(bmpHeader(2, -2, 1, 3)))
	f.Fuzz(func(t *testing.T, data []byte) {
		var reject *RejectError
		info, err := Probe(data)
		if err != nil {
			if !errors.As(err, &reject) || reject.Reason == "" || info != (Info{}) {
				t.Fatalf("Probe: got %v, %v", info, err)
			}
			return
		}
		if info.W < 1 || info.H < 1 || info.W*info.H > MaxPixels || info.Format == "" {
			t.Fatalf("Probe: got %v", info)
		}
		if info.W*info.H > 1<<20 {
			return
		}
		m, err := Decode(data)
		switch {
		case err != nil && !errors.As(err, &reject):
			t.Fatalf("Decode: got error %v, want a *RejectError", err)
		case err == nil && (m.W != info.W || m.H != info.H || len(m.Pix) != 3*m.W*m.H):
			t.Fatalf("Decode: got %dx%d, %d bytes; Probe says %v", m.W, m.H, len(m.Pix), info)
		}
	})
}
