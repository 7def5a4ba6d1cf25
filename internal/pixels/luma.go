package pixels

import "fmt"

// Luma writes the gray of each RGB pixel to all three of its channels: Pillow's convert('L'), ITU-R 601 weights in units
// of 2^-16, rounded. dst and rgb have the same length, a multiple of three, and may be the same slice.
func Luma(dst, rgb []uint8) {
	if len(dst) != len(rgb) || len(rgb)%3 != 0 {
		panic(fmt.Sprintf("pixels: internal error: luma of %d bytes into %d", len(rgb), len(dst)))
	}
	for ; len(rgb) >= 3 && len(dst) >= 3; dst, rgb = dst[3:], rgb[3:] {
		l := uint8((uint32(rgb[0])*19595 + uint32(rgb[1])*38470 + uint32(rgb[2])*7471 + 0x8000) >> 16)
		dst[0], dst[1], dst[2] = l, l, l
	}
}
