package pixels

import "fmt"

// Normalization maps a channel's 8-bit value v to (v/255 - Mean) / Std. The channels are R, G, B.
type Normalization struct {
	Mean, Std [3]float32 // in units of full scale (1 = 255); Std must not be zero
}

// PLIP is the normalisation of the released PLIP weights (the release's data set classes; CUHK-PEDES statistics).
func PLIP() Normalization {
	return Normalization{Mean: [3]float32{0.357, 0.323, 0.328}, Std: [3]float32{0.252, 0.242, 0.239}}
}

// ImageNet is the normalisation of torchvision's ImageNet weights, which SPAC's backbone starts from.
func ImageNet() Normalization {
	return Normalization{Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225}}
}

// CHW normalises one image, see Table.CHW. A loop over images makes the Table once instead.
func (n Normalization) CHW(dst []float32, rgb []uint8, w, h int, flip bool) {
	n.Table().CHW(dst, rgb, w, h, flip)
}

// Table is a normalisation as a look-up table, 256 entries a channel.
type Table [3][256]float32

// Table computes the table, with the operations of torchvision's ToTensor and Normalize in float32 and in their order,
// so that the entries are theirs bit by bit.
func (n Normalization) Table() *Table {
	t := new(Table)
	for c := range t {
		for v := range t[c] {
			unit := float32(v) / 255
			t[c][v] = float32(unit-n.Mean[c]) / n.Std[c]
		}
	}
	return t
}

// CHW writes an interleaved 8-bit image of w columns and h rows as three normalised planes, [3, h, w], mirrored left to
// right when flip is set. dst and rgb must hold 3*w*h values.
func (t *Table) CHW(dst []float32, rgb []uint8, w, h int, flip bool) {
	plane := w * h
	if w <= 0 || h <= 0 || len(dst) != 3*plane || len(rgb) != 3*plane {
		panic(fmt.Sprintf("pixels: internal error: %d bytes to %d floats, image of %dx%d", len(rgb), len(dst), w, h))
	}
	red, green, blue := dst[:plane], dst[plane:2*plane], dst[2*plane:]
	for y := range h {
		r, g, b := red[y*w:][:w], green[y*w:][:w], blue[y*w:][:w]
		p := rgb[3*w*y:][:3*w]
		if flip {
			for i := len(r) - 1; i >= 0 && i < len(g) && i < len(b) && len(p) >= 3; i-- {
				r[i], g[i], b[i] = t[0][p[0]], t[1][p[1]], t[2][p[2]]
				p = p[3:]
			}
			continue
		}
		for i := 0; i < len(r) && i < len(g) && i < len(b) && len(p) >= 3; i++ {
			r[i], g[i], b[i] = t[0][p[0]], t[1][p[1]], t[2][p[2]]
			p = p[3:]
		}
	}
}
