package draw

import (
	"math"

	"plip/ingest/demo/person"
)

// hat paints the headgear over the hair.
func (f *figure) hat() {
	c := f.p.Looks.Shades.Hat
	u := f.v.unit
	switch f.p.Hat {
	case person.Cap:
		h := f.head.grown(1.06, 0.06)
		f.c.fill(f.dome(h, 0.31, 0.12), h.axis(f.cloth(c), -0.1, 0.4))
		for _, phi := range []float32{0, 60, -60, 120, -120, 180} { // panels
			f.seam(h, contrast(c, 0.45), 0.03, phi, spot{phi, -0.02}, spot{phi, 0.15}, spot{phi, 0.3})
		}
		f.c.ellipse(f.v.at(joint{0, -0.14, -0.02}), 0.05*u, 0.035*u, flat(contrast(c, 0.5)))
		if f.v.cos >= 0 {
			f.hatBrim()
		}
	case person.Beanie:
		h := f.head.grown(1.08, 0.07)
		p := f.cloth(c)
		p.weave = ribbed
		f.c.fill(f.dome(h, 0.3, 0.2), h.axis(p, -0.1, 0.4))
		fold := h.grown(1.05, 0.02)
		p.color = contrast(c, 0.35)
		f.c.fill(fold.outline(0.16, 0.4), fold.axis(p, 0.1, 0.4))
		o := f.v.at(joint{0, -0.3, -0.02})
		pom := f.cloth(c.Mix(person.RGB{255, 255, 255}, 0.35))
		f.c.ellipse(o, 0.15*u, 0.14*u, pom.along(o.sub(point{0, u * 0.14}), o.add(point{0, u * 0.14}), 0.15*u, 0.15*u))
	case person.SunHat:
		h := f.head.grown(1.05, 0.05)
		f.hatBrim()
		f.c.fill(f.dome(h, 0.24, 0.16), h.axis(f.cloth(c), -0.1, 0.3))
		band := h.grown(1.02, 0.01)
		f.c.fill(band.outline(0.1, 0.23), band.axis(f.cloth(contrast(c, 0.9)), 0.1, 0.3))
	}
}

// dome is the outline of a hat's crown: the barrel's silhouette down to bottom, closed by an arch that rises above the skull.
func (f *figure) dome(h barrel, bottom, rise float32) []point {
	path := []point{}
	l, r := h.seen(-math.Pi/2, h.ring(0.12)), h.seen(math.Pi/2, h.ring(0.12))
	mid := l.lerp(r, 0.5)
	for i := range 13 {
		s, c := math.Sincos(math.Pi * float64(i) / 12)
		path = append(path, point{mid.x - (r.x-l.x)/2*float32(c), mid.y - (0.12+rise)*f.v.unit*float32(s)})
	}
	for _, deg := range []float64{90, 60, 30, 0, -30, -60, -90} {
		path = append(path, h.seen(deg*math.Pi/180, h.ring(bottom)))
	}
	return path
}

// hatBrim paints the peak of a cap, or the wide brim of a sun hat all around.
func (f *figure) hatBrim() {
	c := f.p.Looks.Shades.Hat
	switch f.p.Hat {
	case person.Cap:
		var path []point
		for i := range 9 { // outer edge, from right to left of the person
			s, k := math.Sincos((float64(i)/8 - 0.5) * 150 * math.Pi / 180)
			path = append(path, f.v.at(joint{0.38 * float32(s), 0.29, 0.33 + 0.5*float32(k)}))
		}
		for i := range 9 {
			s, k := math.Sincos((0.5 - float64(i)/8) * 150 * math.Pi / 180)
			path = append(path, f.v.at(joint{0.40 * float32(s), 0.21, 0.16 + 0.34*float32(k)}))
		}
		f.c.hull(path, flat(contrast(c, 0.32)))
	case person.SunHat:
		o := f.v.at(joint{0, 0.27, -0.02})
		rx, ry := 0.92*f.v.unit, (0.92*f.v.down+0.1)*f.v.unit
		f.c.ellipse(o.add(point{0, 0.05 * f.v.unit}), rx, ry, flat(c.Scale(0.6)))
		p := f.cloth(c)
		f.c.ellipse(o, rx, ry, p.along(o.sub(point{0, ry}), o.add(point{0, ry}), rx, rx))
	}
}
