package pixels

import "fmt"

// Decode returns the picture in an image file as RGB, pixel for pixel what Pillow's Image.open(f).convert('RGB') gives:
// alpha is dropped, not blended; EXIF orientation is ignored; CMYK is converted without a colour profile. A file with
// damaged or missing pixel data is refused, never filled in. Apart from exhausted memory the error is a *RejectError.
func Decode(data []byte) (*Image, error) {
	m := new(Image)
	if err := DecodeInto(m, data); err != nil {
		return nil, err
	}
	return m, nil
}

// DecodeInto is Decode into an existing image, whose memory is reused where it is large enough: a loader that keeps one
// Image a worker allocates nothing per JPEG. After an error the image's contents are undefined.
func DecodeInto(m *Image, data []byte) error {
	info, err := Probe(data)
	if err != nil {
		return err
	}
	m.reshape(info.W, info.H)
	switch info.Format {
	case "jpeg":
		return decodeJPEG(m, data)
	case "png":
		return decodePNG(m, data)
	case "bmp":
		return decodeBMP(m, data)
	case "webp":
		return decodeWebP(m, data)
	case "gif":
		return decodeGIF(m, data)
	}
	panic(fmt.Sprintf("pixels: internal error: no decoder for format %q", info.Format))
}
