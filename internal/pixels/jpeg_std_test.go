//go:build !cgo || purego

package pixels

import "strings"

// jpegLimits are the differences from Pillow allowed after decoding a JPEG file with the standard library's decoder, a
// little above those measured: its inverse DCT rounds differently.
func jpegLimits(file string) (mean float64, most int) {
	if strings.HasPrefix(file, "cmyk") || strings.HasPrefix(file, "ycck") {
		return 0.35, 3
	}
	if file == "h2v2-3x3.jpg" {
		return 0.2, 4 // two levels off in two of 27 values
	}
	return 0.1, 4
}

// jpegCutReason is the reason given for pixels that break off with an end mark behind them.
const jpegCutReason = ReasonCorrupt

// jpegRefused reports whether this build cannot read the file.
func jpegRefused(file string) bool { return strings.Contains(file, "arithmetic") }
