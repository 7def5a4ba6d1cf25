//go:build !cgo || purego

package pixels

import (
	"bytes"
	"image"
	"image/jpeg"
)

// decodeJPEG fills m, which has the size of the frame header, by the standard library's decoder and this package's
// upsampling of chroma. It differs from libjpeg-turbo in the inverse DCT's rounding (doc.go has the figures), refuses
// arithmetic coding and CMYK without an Adobe marker, and takes the nearest chroma sample in a subsampled YCCK file.
func decodeJPEG(m *Image, data []byte) error {
	file := &source{left: data}
	decoded, err := jpeg.Decode(file)
	if err != nil {
		return rejectDecode("jpeg", err, file)
	}
	if size := decoded.Bounds().Size(); size != image.Pt(m.W, m.H) {
		return corrupt("jpeg", "two frame headers of different size")
	}
	switch src := decoded.(type) {
	case *image.Gray:
		for y := range m.H {
			expandGray(m.row(y), src.Pix[y*src.Stride:])
		}
	case *image.YCbCr:
		convertJPEG(m, src)
	case *image.RGBA:
		copyQuads(m, src.Pix, src.Stride)
	case *image.CMYK:
		for y := range m.H {
			convertCMYK(m.row(y), src.Pix[y*src.Stride:])
		}
	default:
		return unsupported("jpeg", "pixels of type %T", decoded)
	}
	return nil
}

// convertCMYK is Pillow's conversion: R = (255-K) - (255-K)*C/255, each product rounded.
func convertCMYK(dst, src []uint8) {
	scale := func(a, b int32) int32 {
		t := a*b + 128
		return (t>>8 + t) >> 8
	}
	for ; len(dst) >= 3 && len(src) >= 4; dst, src = dst[3:], src[4:] {
		light := 255 - int32(src[3])
		for c := range 3 {
			dst[c] = uint8(light - scale(int32(src[c]), light))
		}
	}
}

// encodeJPEG compresses m, which EncodeJPEG has checked, by the standard library.
func encodeJPEG(m *Image, quality int) ([]byte, error) {
	rgba := image.NewRGBA(image.Rect(0, 0, m.W, m.H))
	for i := range m.W * m.H {
		copy(rgba.Pix[4*i:], m.Pix[3*i:3*i+3])
		rgba.Pix[4*i+3] = 255
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, rgba, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
