package pixels

import "fmt"

// maxJPEGSide is the greatest number of columns or rows that libjpeg compresses (JPEG_MAX_DIMENSION).
const maxJPEGSide = 65500

// EncodeJPEG compresses m as baseline JPEG with 4:2:0 chroma, at quality 1 to 100 in the IJG scale (Pillow's default is
// 75). The same image and quality give the same bytes within one build; with libjpeg-turbo they are those of Pillow's
// save(quality=q).
func EncodeJPEG(m *Image, quality int) ([]byte, error) {
	switch {
	case quality < 1 || quality > 100:
		return nil, fmt.Errorf("encode jpeg: want quality 1 to 100, got %d", quality)
	case m.W < 1 || m.H < 1 || m.W > maxJPEGSide || m.H > maxJPEGSide:
		return nil, fmt.Errorf("encode jpeg: want sides of 1 to %d pixels, got %dx%d", maxJPEGSide, m.W, m.H)
	case len(m.Pix) != 3*m.W*m.H:
		return nil, fmt.Errorf("encode jpeg: want %d bytes for %dx%d pixels, got %d", 3*m.W*m.H, m.W, m.H, len(m.Pix))
	}
	return encodeJPEG(m, quality)
}
