package pixels

import (
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
)

// Byte positions in a PNG file: signature (8), then the IHDR chunk: length (4), name (4), 13 bytes, checksum (4).
const (
	pngWidthAt = 16
	pngDepthAt = 24
	pngColorAt = 25
	pngHeadEnd = 33
)

// probePNG reads the IHDR chunk, which must come first.
func probePNG(data []byte) (Info, error) {
	if len(data) < pngHeadEnd {
		return Info{}, truncated("png", "header", len(data))
	}
	if name := data[12:16]; string(name) != "IHDR" {
		return Info{}, corrupt("png", "first chunk is %q, want \"IHDR\"", name)
	}
	w, h := binary.BigEndian.Uint32(data[pngWidthAt:]), binary.BigEndian.Uint32(data[pngWidthAt+4:])
	if w > 1<<31-1 || h > 1<<31-1 {
		return Info{}, corrupt("png", "size %dx%d, want less than 2^31", w, h)
	}
	samples, ok := map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[data[pngColorAt]]
	if !ok {
		return Info{}, corrupt("png", "colour type %d", data[pngColorAt])
	}
	info := Info{Format: "png", W: int(w), H: int(h)}
	if checkSize(info) != nil {
		return info, nil // Probe says so
	}
	// Deflate expands at most 1032-fold: a file shorter than that allows is cut, and is refused before memory for its
	// picture is taken. (RFC 1951: 258 bytes need two bits at least.)
	const mostExpansion = 1032
	rowBytes := 1 + (int64(w)*samples*int64(data[pngDepthAt])+7)/8
	if rowBytes*int64(h) > mostExpansion*int64(len(data)) {
		return Info{}, truncated("png", "pixels", len(data))
	}
	return info, nil
}

// decodePNG follows Pillow in its treatment of every colour type: the colours of transparent pixels are kept, 16-bit
// samples lose their low byte, but a plain 16-bit gray value is clipped at 255, not scaled (Pillow's mode "I;16").
func decodePNG(m *Image, data []byte) error {
	file := &source{left: data}
	decoded, err := png.Decode(file)
	if err != nil {
		return rejectDecode("png", err, file)
	}
	clipped := data[pngColorAt] == 0 && data[pngDepthAt] == 16
	switch src := decoded.(type) {
	case *image.Gray:
		for y := range m.H {
			expandGray(m.row(y), src.Pix[y*src.Stride:])
		}
	case *image.Gray16:
		for y := range m.H {
			clipGray16(m.row(y), src.Pix[y*src.Stride:], 2)
		}
	case *image.NRGBA64:
		for y := range m.H {
			if clipped { // gray with one transparent value
				clipGray16(m.row(y), src.Pix[y*src.Stride:], 8)
			} else {
				copyHighBytes(m.row(y), src.Pix[y*src.Stride:])
			}
		}
	case *image.RGBA64:
		for y := range m.H {
			copyHighBytes(m.row(y), src.Pix[y*src.Stride:])
		}
	case *image.RGBA:
		copyQuads(m, src.Pix, src.Stride)
	case *image.NRGBA:
		copyQuads(m, src.Pix, src.Stride)
	case *image.Paletted:
		copyPaletted(m, src)
	default:
		return unsupported("png", "pixels of type %T", decoded)
	}
	return nil
}

// row returns row y of m, 3*W bytes.
func (m *Image) row(y int) []uint8 {
	return m.Pix[3*m.W*y : 3*m.W*(y+1)]
}

// copyQuads drops every fourth byte of src, rows of RGBA.
func copyQuads(m *Image, src []uint8, stride int) {
	for y := range m.H {
		dst, p := m.row(y), src[y*stride:]
		for ; len(dst) >= 3 && len(p) >= 4; dst, p = dst[3:], p[4:] {
			dst[0], dst[1], dst[2] = p[0], p[1], p[2]
		}
	}
}

// copyPaletted looks up the colours of src without their alpha. All of an image/png or x/image/bmp palette is either
// NRGBA or RGBA with full alpha, so that no colour is lost to premultiplication.
func copyPaletted(m *Image, src *image.Paletted) {
	var palette [256][3]uint8
	for i, c := range src.Palette {
		switch c := c.(type) {
		case color.NRGBA:
			palette[i] = [3]uint8{c.R, c.G, c.B}
		case color.RGBA:
			palette[i] = [3]uint8{c.R, c.G, c.B}
		}
	}
	for y := range m.H {
		expandIndices(m.row(y), src.Pix[y*src.Stride:], &palette)
	}
}

// expandIndices writes palette[src[i]] for one row.
func expandIndices(dst, src []uint8, palette *[256][3]uint8) {
	for _, i := range src {
		if len(dst) < 3 {
			return
		}
		c := &palette[i]
		dst[0], dst[1], dst[2] = c[0], c[1], c[2]
		dst = dst[3:]
	}
}

// expandGray repeats each byte of src three times.
func expandGray(dst, src []uint8) {
	for _, v := range src {
		if len(dst) < 3 {
			return
		}
		dst[0], dst[1], dst[2] = v, v, v
		dst = dst[3:]
	}
}

// clipGray16 takes a big-endian 16-bit sample every step bytes and clips it to 8 bits.
func clipGray16(dst, src []uint8, step int) {
	for ; len(dst) >= 3 && len(src) >= step; dst, src = dst[3:], src[step:] {
		v := src[1]
		if src[0] != 0 {
			v = 255
		}
		dst[0], dst[1], dst[2] = v, v, v
	}
}

// copyHighBytes takes the high bytes of R, G and B from rows of four big-endian 16-bit samples.
func copyHighBytes(dst, src []uint8) {
	for ; len(dst) >= 3 && len(src) >= 8; dst, src = dst[3:], src[8:] {
		dst[0], dst[1], dst[2] = src[0], src[2], src[4]
	}
}
