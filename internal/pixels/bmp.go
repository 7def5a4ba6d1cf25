package pixels

import (
	"encoding/binary"
	"image"

	"golang.org/x/image/bmp"
)

// probeBMP reads the file header (14 bytes) and the first 40 bytes of the info header.
func probeBMP(data []byte) (Info, error) {
	const (
		offsetAt, infoSizeAt, widthAt, heightAt, depthAt, compressionAt, headEnd = 10, 14, 18, 22, 28, 30, 54
		uncompressed, masked                                                     = 0, 3
	)
	le := binary.LittleEndian
	if len(data) < infoSizeAt+4 {
		return Info{}, truncated("bmp", "header", len(data))
	}
	if n := le.Uint32(data[infoSizeAt:]); n < 40 {
		return Info{}, unsupported("bmp", "info header of %d bytes, want at least 40", n)
	}
	if len(data) < headEnd {
		return Info{}, truncated("bmp", "header", len(data))
	}
	w, h := int(int32(le.Uint32(data[widthAt:]))), int(int32(le.Uint32(data[heightAt:])))
	if h < 0 { // rows from the top
		h = -h
	}
	if w < 0 {
		return Info{}, corrupt("bmp", "size %dx%d", w, h)
	}
	info := Info{Format: "bmp", W: w, H: h}
	switch c := le.Uint32(data[compressionAt:]); {
	case checkSize(info) != nil:
		return info, nil // Probe says so
	case c != uncompressed && c != masked:
		return Info{}, unsupported("bmp", "compression %d, want none", c)
	}
	rowBytes := (int64(w)*int64(le.Uint16(data[depthAt:])) + 31) / 32 * 4
	if int64(le.Uint32(data[offsetAt:]))+rowBytes*int64(h) > int64(len(data)) {
		return Info{}, truncated("bmp", "pixels", len(data))
	}
	return info, nil
}

// decodeBMP reads 1 to 8 bits with a palette, 24 and 32 bits; other kinds are refused as unsupported.
func decodeBMP(m *Image, data []byte) error {
	file := &source{left: data}
	decoded, err := bmp.Decode(file)
	if err != nil {
		return rejectDecode("bmp", err, file)
	}
	switch src := decoded.(type) {
	case *image.Paletted:
		copyPaletted(m, src)
	case *image.RGBA:
		copyQuads(m, src.Pix, src.Stride)
	case *image.NRGBA:
		copyQuads(m, src.Pix, src.Stride)
	default:
		return unsupported("bmp", "pixels of type %T", decoded)
	}
	return nil
}
