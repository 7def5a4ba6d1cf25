//go:build cgo && !purego

package pixels

import (
	"bytes"
	"slices"
	"testing"
)

// jpegLimits are the differences from Pillow allowed after decoding a JPEG file: none, it is the same library.
func jpegLimits(string) (mean float64, most int) { return 0, 0 }

// jpegCutReason is the reason given for pixels that break off with an end mark behind them.
const jpegCutReason = ReasonTruncated

// jpegRefused reports whether this build cannot read the file.
func jpegRefused(string) bool { return false }

// TestDecodeForgetsTables decodes a file whose quantisation tables were taken out, after one that has them: nothing of an
// earlier image may serve the next. (The standard library's decoder does not miss the tables.)
func TestDecodeForgetsTables(t *testing.T) {
	whole := readFile(t, "formats/h2v2-33x47.jpg")
	if _, err := Decode(whole); err != nil {
		t.Fatal(err)
	}
	marker, comment := []byte{0xff, 0xdb}, []byte{0xff, 0xfe}
	checkReason(t, "jpeg without quantisation tables", bytes.ReplaceAll(whole, marker, comment), ReasonCorrupt)
}

// TestDecodeManyScans repeats the first scan of a progressive file 50 times, which libjpeg only warns of, and 200 times:
// a picture would otherwise be decoded as often as the file asks, for a few hundred bytes each.
func TestDecodeManyScans(t *testing.T) {
	whole := readFile(t, "formats/progressive-33x47.jpg")
	scan := bytes.Index(whole, []byte{0xff, 0xda})
	end := scan + bytes.Index(whole[scan:], []byte{0xff, 0xc4}) // the next scan's Huffman table
	repeated := func(n int) []byte {
		return slices.Concat(whole[:scan], bytes.Repeat(whole[scan:end], n), whole[end:])
	}
	if _, err := Decode(repeated(50)); err != nil {
		t.Errorf("jpeg of 60 scans: %v", err)
	}
	checkReason(t, "jpeg of 210 scans", repeated(200), ReasonCorrupt)
}
