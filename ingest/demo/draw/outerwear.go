package draw

import "plip/ingest/demo/person"

// steel is the colour of zips and buckles.
func steel() person.RGB { return person.RGB{196, 198, 202} }

// opening bares what is worn under an open jacket or coat, between two edges.
func (f *figure) opening(b barrel, half, hem float32) {
	inner := f.p.Looks.Shades.Inner
	bottom := min(hem, 3.95)
	p := f.cloth(inner)
	f.c.fill(b.patch(0, spot{-half * 0.8, 1.32}, spot{half * 0.8, 1.32}, spot{half, 2.6}, spot{half * 1.1, bottom}, spot{-half * 1.1, bottom}, spot{-half, 2.6}), b.axis(p, 1.5, 4))
	if hem > bottom { // below, the trousers show
		q := f.cloth(f.p.Looks.Shades.Lower)
		if f.p.Lower == person.NoLower {
			q = f.cloth(inner)
		}
		f.c.fill(b.patch(0, spot{-half * 1.1, bottom}, spot{half * 1.1, bottom}, spot{half * 1.2, 4.5}, spot{-half * 1.2, 4.5}), b.axis(q, 3, 5))
	}
	f.c.fill(b.patch(0, spot{-24, 1.3}, spot{-12, 1.5}, spot{0, 1.56}, spot{12, 1.5}, spot{24, 1.3}), b.axis(f.skin(), 1.3, 2))
	for _, s := range []float32{-1, 1} {
		f.seam(b, edge(f.p.Looks.Shades.Upper), 0.07, s*half, spot{s * half * 0.8, 1.32}, spot{s * half, 2.6}, spot{s * half * 1.15, hem})
	}
}

func (f *figure) jacket(b barrel, k cut) {
	c := f.p.Looks.Shades.Upper
	dark := c.Scale(0.55)
	if c.Luma() < 60 {
		dark = contrast(c, 0.5)
	}
	if f.p.Open {
		f.opening(b, 26, k.hem)
	}
	f.rib(b, k.hem-0.34, k.hem, dark)
	if f.p.Open {
		f.opening(b, 26, k.hem)
	} else {
		f.seam(b, steel(), 0.075, 0, spot{0, 1.45}, spot{0, 2.6}, spot{0, k.hem})
	}
	for _, s := range []float32{-1, 1} {
		f.seam(b, steel(), 0.06, s*45, spot{s * 38, 2.85}, spot{s * 45, 3.05}, spot{s * 52, 3.25})
	}
	f.seam(b, contrast(c, 0.5), 0.04, 180, spot{98, 2.1}, spot{140, 1.95}, spot{180, 1.92}, spot{220, 1.95}, spot{262, 2.1})
	f.collarBand(1.2, 1.5, dark)
}

// collarBand is a standing collar around the neck.
func (f *figure) collarBand(y0, y1 float32, c person.RGB) {
	w := 0.30*f.shape.limb + 0.02
	band := barrel{f.v, []ring{{y0, w, w, 0, -0.04}, {y1, w + 0.12, w + 0.06, 0, -0.05}}}
	p := f.cloth(c)
	p.weave = ribbed
	if f.v.cos > 0.2 { // open in front: two halves
		for _, path := range band.region(28, 332, func(float32) float32 { return y0 }, func(float32) float32 { return y1 }) {
			f.c.fill(path, band.axis(p, y0, y1))
		}
		return
	}
	f.c.fill(band.outline(y0, y1), band.axis(p, y0, y1))
}

// lapels are turned-down collar fronts ending at height y; notch cuts them.
func (f *figure) lapels(b barrel, y, spread float32, c person.RGB) {
	for _, s := range []float32{-1, 1} {
		f.c.fill(b.patch(s*20, spot{s * 22, 1.3}, spot{s * spread * 0.9, 1.36}, spot{s * spread, 1.75}, spot{s * spread * 0.72, 1.78}, spot{s * spread * 0.98, 1.92}, spot{s * 2, y}, spot{s * 10, 1.8}), flat(c))
		f.seam(b, edge(c), 0.035, s*20, spot{s * spread, 1.75}, spot{s * spread * 0.72, 1.78}, spot{s * spread * 0.98, 1.92}, spot{s * 2, y})
	}
	f.c.fill(b.patch(180, spot{110, 1.26}, spot{250, 1.26}, spot{240, 1.56}, spot{180, 1.6}, spot{120, 1.56}), flat(c))
}

func (f *figure) coat(b barrel, k cut) {
	c := f.p.Looks.Shades.Upper
	line := contrast(c, 0.6)
	if f.p.Open {
		f.opening(b, 20, k.hem)
	} else {
		f.seam(b, line, 0.045, 8, spot{6, 2.4}, spot{12, 4}, spot{12, k.hem})
		for _, y := range []float32{2.5, 2.85, 3.65, 4.05} {
			for _, phi := range []float32{-17, 17} {
				if b.faces(phi, y) {
					f.c.ellipse(b.spot(phi, spot{phi, y}), 0.075*f.v.unit, 0.075*f.v.unit, flat(line.Scale(0.8)))
				}
			}
		}
		f.c.fill(b.outline(waistY+0.08, waistY+0.3), b.axis(f.cloth(contrast(c, 0.5)), 3, 3.5))
		if b.faces(0, waistY) {
			o := b.spot(0, spot{0, waistY + 0.19})
			f.c.fill([]point{o.add(point{-0.11 * f.v.unit, -0.13 * f.v.unit}), o.add(point{0.11 * f.v.unit, -0.13 * f.v.unit}), o.add(point{0.11 * f.v.unit, 0.13 * f.v.unit}), o.add(point{-0.11 * f.v.unit, 0.13 * f.v.unit})}, flat(steel()))
		}
	}
	for _, s := range []float32{-1, 1} {
		f.seam(b, line, 0.09, s*50, spot{s * 38, 3.75}, spot{s * 50, 3.78}, spot{s * 64, 3.82})
	}
	f.seam(b, line, 0.05, 180, spot{180, 1.6}, spot{180, 2.5}, spot{180, 3})
	f.seam(b, edge(c), 0.075, 180, spot{180, 4.2}, spot{180, 5}, spot{180, k.hem})
	f.lapels(b, 2.42, 58, contrast(c, 0.32))
}

func (f *figure) vest(b barrel, k cut) {
	c := f.p.Looks.Shades.Upper
	f.c.fill(b.patch(0, spot{-22, 1.3}, spot{0, 1.62}, spot{22, 1.3}), b.axis(f.cloth(f.p.Looks.Shades.Inner), 1.3, 2))
	f.seam(b, steel(), 0.07, 0, spot{0, 1.55}, spot{0, 2.6}, spot{0, k.hem})
	for _, s := range []float32{-1, 1} { // armholes
		f.seam(b, edge(c), 0.05, s*78, spot{s * 60, 1.52}, spot{s * 66, 1.9}, spot{s * 80, 2.2})
		f.seam(b, edge(c), 0.05, s*102, spot{s * 120, 1.52}, spot{s * 114, 1.9}, spot{s * 100, 2.2})
	}
	f.hem(b, k.hem, 0.07, contrast(c, 0.5))
	f.collarBand(1.14, 1.5, contrast(c, 0.2))
}

func (f *figure) blazer(b barrel, k cut) {
	c := f.p.Looks.Shades.Upper
	linen := person.RGB{238, 238, 236}
	if c.Luma() > 200 {
		linen = person.RGB{120, 160, 220}
	}
	const v = 2.85 // where the lapels meet
	f.c.fill(b.patch(0, spot{-26, 1.3}, spot{26, 1.3}, spot{20, 1.9}, spot{0, v}, spot{-20, 1.9}), b.axis(f.cloth(linen), 1.5, 3))
	if f.p.Gender == person.Man {
		tie := f.p.Looks.Shades.Tie
		f.c.fill(b.patch(0, spot{-5, 1.46}, spot{5, 1.46}, spot{4, 1.64}, spot{7, 2.45}, spot{0, v - 0.08}, spot{-7, 2.45}, spot{-4, 1.64}), flat(tie))
	} else {
		f.c.fill(b.patch(0, spot{-14, 1.3}, spot{0, 1.75}, spot{14, 1.3}), b.axis(f.skin(), 1.3, 2))
	}
	f.lapels(b, v, 54, contrast(c, 0.3))
	line := contrast(c, 0.6)
	f.seam(b, line, 0.04, 2, spot{2, v}, spot{3, 3.5}, spot{10, k.hem})
	for _, y := range []float32{v + 0.08, v + 0.48} {
		if b.faces(0, y) {
			f.c.ellipse(b.spot(0, spot{-1, y}), 0.06*f.v.unit, 0.06*f.v.unit, flat(line.Scale(0.75)))
		}
	}
	for _, s := range []float32{-1, 1} {
		f.c.fill(b.patch(s*48, spot{s * 32, 3.5}, spot{s * 62, 3.56}, spot{s * 62, 3.74}, spot{s * 32, 3.68}), flat(contrast(c, 0.4)))
	}
	f.c.fill(b.patch(40, spot{32, 2.2}, spot{48, 2.14}, spot{46, 2.3}, spot{33, 2.34}), flat(linen))
	f.c.fill(b.patch(180, spot{125, 1.2}, spot{235, 1.2}, spot{235, 1.3}, spot{180, 1.34}, spot{125, 1.3}), flat(linen))
	f.seam(b, line, 0.04, 180, spot{180, 1.6}, spot{180, 2.5}, spot{180, 3.4})
	f.seam(b, edge(c), 0.08, 180, spot{180, 3.4}, spot{180, 4}, spot{180, k.hem})
}
