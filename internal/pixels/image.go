package pixels

// Image is a decoded picture: 8-bit RGB, interleaved, rows from the top without padding.
type Image struct {
	W, H int     // columns and rows, both at least 1 in a decoded image
	Pix  []uint8 // [H, W, 3]
}

// NewImage returns a black image of w columns and h rows. Both must be positive.
func NewImage(w, h int) *Image {
	return &Image{W: w, H: h, Pix: make([]uint8, 3*w*h)}
}

// Resized returns m as w columns and h rows, see ResizeBicubic.
func (m *Image) Resized(w, h int) *Image {
	out := NewImage(w, h)
	ResizeBicubic(out.Pix, m, w, h)
	return out
}

// reshape gives m the size w x h, reusing its memory where it is large enough. The pixels are undefined afterwards.
func (m *Image) reshape(w, h int) {
	m.W, m.H = w, h
	if n := 3 * w * h; cap(m.Pix) >= n {
		m.Pix = m.Pix[:n]
	} else {
		m.Pix = make([]uint8, n)
	}
}
