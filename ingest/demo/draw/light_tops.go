package draw

import "plip/ingest/demo/person"

// neckline bares the skin below the neck down to depth, and edges it.
func (f *figure) neckline(b barrel, halfWidth, depth float32, border person.RGB, width float32) {
	skin := f.skin()
	skin.color = skin.color.Scale(0.95)
	f.c.fill(b.patch(0, spot{-halfWidth, 1.3}, spot{-halfWidth * 0.8, 1.3 + depth*0.55}, spot{-halfWidth * 0.4, 1.3 + depth*0.92}, spot{0, 1.3 + depth},
		spot{halfWidth * 0.4, 1.3 + depth*0.92}, spot{halfWidth * 0.8, 1.3 + depth*0.55}, spot{halfWidth, 1.3}), b.axis(skin, 1.3, 2))
	f.seam(b, border, width, 0, spot{-halfWidth, 1.32}, spot{-halfWidth * 0.8, 1.3 + depth*0.55}, spot{-halfWidth * 0.4, 1.3 + depth*0.92}, spot{0, 1.3 + depth},
		spot{halfWidth * 0.4, 1.3 + depth*0.92}, spot{halfWidth * 0.8, 1.3 + depth*0.55}, spot{halfWidth, 1.32})
	f.seam(b, border, width, 180, spot{110, 1.35}, spot{145, 1.4}, spot{180, 1.42}, spot{215, 1.4}, spot{250, 1.35})
}

// hem strokes a line around the garment a little above its lower edge.
func (f *figure) hem(b barrel, y, width float32, c person.RGB) {
	f.c.fill(b.outline(y-width, y), b.axis(f.cloth(c), y-0.3, y))
}

// rib is the elastic band at the hem of a jacket, hoodie or sweater.
func (f *figure) rib(b barrel, y0, y1 float32, c person.RGB) {
	p := f.cloth(c)
	p.weave = ribbed
	g := b.grown(0.98, -0.015)
	f.c.fill(g.outline(y0, y1), g.axis(p, y0-0.5, y1))
}

func (f *figure) tShirt(b barrel, k cut) {
	c := f.p.Looks.Shades.Upper
	f.neckline(b, 58, 0.34, contrast(c, 0.45), 0.09)
	f.hem(b, k.hem, 0.05, contrast(c, 0.3))
}

func (f *figure) shirt(b barrel, k cut) {
	c := f.p.Looks.Shades.Upper
	collar := c.Mix(person.RGB{255, 255, 255}, 0.55)
	if c.Luma() > 170 {
		collar = c.Scale(0.84)
	}
	line := contrast(c, 0.6)
	skin := f.skin()
	f.c.fill(b.patch(0, spot{-40, 1.3}, spot{0, 1.78}, spot{40, 1.3}), b.axis(skin, 1.3, 2))
	f.c.fill(b.patch(0, spot{-5, 1.66}, spot{5, 1.66}, spot{5, k.hem + 0.2}, spot{-5, k.hem + 0.2}), b.axis(f.cloth(c.Mix(collar, 0.45)), 1.5, 4))
	f.seam(b, line, 0.035, 0, spot{5.5, 1.66}, spot{5.5, 2.5}, spot{5.5, k.hem + 0.2})
	for y := float32(1.95); y < k.hem; y += 0.42 {
		if b.faces(0, y) {
			f.c.ellipse(b.spot(0, spot{0, y}), 0.05*f.v.unit, 0.05*f.v.unit, flat(line.Scale(0.7)))
		}
	}
	for _, s := range []float32{-1, 1} {
		f.c.fill(b.patch(s*30, spot{s * 62, 1.28}, spot{s * 30, 1.34}, spot{s * 3, 1.7}, spot{s * 27, 1.98}, spot{s * 52, 1.6}), flat(collar))
		f.seam(b, edge(collar), 0.025, s*30, spot{s * 3, 1.7}, spot{s * 27, 1.98}, spot{s * 52, 1.6})
	}
	// The pocket sits on the left breast.
	f.seam(b, line, 0.035, 36, spot{24, 2.2}, spot{48, 2.2}, spot{48, 2.6}, spot{36, 2.7}, spot{24, 2.6}, spot{24, 2.2})
	f.c.fill(b.patch(180, spot{112, 1.28}, spot{248, 1.28}, spot{240, 1.5}, spot{180, 1.54}, spot{120, 1.5}), flat(collar))
	f.seam(b, line, 0.04, 180, spot{100, 1.86}, spot{180, 1.95}, spot{260, 1.86})
	f.seam(b, line, 0.04, 180, spot{180, 1.95}, spot{180, 3}, spot{180, k.hem + 0.1})
}

// tankTop bares the shoulders: the trunk is painted as skin and the cloth hangs on straps.
func (f *figure) tankTop(b barrel, p *paint, k cut) {
	skin := f.skin()
	f.c.fill(f.trunk.outline(1.3, 2.6), f.trunk.axis(skin, 1.4, 3))
	f.c.fill(b.outline(2.28, k.hem), p)
	f.c.fill(b.patch(0, spot{-88, 2.32}, spot{-60, 2.12}, spot{-47, 1.5}, spot{-31, 1.44}, spot{-25, 1.9}, spot{0, 2.02}, spot{25, 1.9}, spot{31, 1.44}, spot{47, 1.5}, spot{60, 2.12}, spot{88, 2.32}), p)
	f.c.fill(b.patch(180, spot{92, 2.32}, spot{142, 2.05}, spot{150, 1.6}, spot{136, 1.44}, spot{152, 1.42}, spot{166, 1.72}, spot{180, 1.78}, spot{194, 1.72}, spot{208, 1.42}, spot{224, 1.44}, spot{210, 1.6}, spot{218, 2.05}, spot{268, 2.32}), p)
	c := contrast(f.p.Looks.Shades.Upper, 0.4)
	f.seam(b, c, 0.05, 0, spot{-31, 1.46}, spot{-25, 1.9}, spot{0, 2.02}, spot{25, 1.9}, spot{31, 1.46})
	f.hem(b, k.hem, 0.04, c)
}

func (f *figure) dress(b barrel, k cut) {
	c := f.p.Looks.Shades.Upper
	line := contrast(c, 0.45)
	f.neckline(b, 50, 0.42, line, 0.05)
	f.c.fill(b.outline(waistY-0.12, waistY+0.1), b.axis(f.cloth(contrast(c, 0.85)), 2.9, 3.2))
	for phi := float32(-165); phi < 180; phi += 30 {
		w := 4 * wave(phi/70)
		f.seam(b, contrast(c, 0.28), 0.045, phi, spot{phi, 3.35}, spot{phi + w, 4.2}, spot{phi + w*1.5, k.hem - 0.05})
	}
	// A bow at the back of the waist tells the back from the front.
	if b.faces(180, waistY) {
		o := b.spot(180, spot{180, waistY})
		u := f.v.unit
		for _, s := range []float32{-1, 1} {
			f.c.path = append(f.c.path[:0], o, o.add(point{s * 0.3 * u, -0.16 * u}), o.add(point{s * 0.3 * u, 0.14 * u}))
			f.c.fill(f.c.path, flat(contrast(c, 0.85)))
			f.c.line(flat(contrast(c, 0.85)), 0.07*u, o, o.add(point{s * 0.14 * u, 0.6 * u}))
		}
	}
}

func (f *figure) sweater(b barrel, k cut) {
	c := f.p.Looks.Shades.Upper
	f.rib(b, k.hem-0.3, k.hem, contrast(c, 0.25))
	roll := barrel{f.v, []ring{{0.96, 0.28, 0.29, 0, -0.01}, {1.12, 0.32, 0.33, 0, -0.02}, {1.32, 0.34, 0.34, 0, -0.04}, {1.52, 0.42, 0.36, 0, -0.05}}}
	p := f.cloth(contrast(c, 0.12))
	p.weave = ribbed
	f.c.fill(roll.outline(0.98, 1.5), roll.axis(p, 1, 1.5))
	f.c.fill(roll.grown(1.04, 0.01).outline(1.2, 1.3), roll.axis(f.cloth(contrast(c, 0.5)), 1, 1.5))
}

func (f *figure) hoodie(b barrel, k cut) {
	c := f.p.Looks.Shades.Upper
	f.rib(b, k.hem-0.26, k.hem, contrast(c, 0.3))
	dark := contrast(c, 0.5)
	// The opening of the hood: a dark V with thick edges.
	f.c.fill(b.patch(0, spot{-46, 1.3}, spot{0, 1.86}, spot{46, 1.3}), flat(c.Scale(0.5)))
	f.c.fill(b.patch(0, spot{-26, 1.3}, spot{0, 1.6}, spot{26, 1.3}), b.axis(f.skin(), 1.3, 2))
	f.seam(b, contrast(c, 0.2), 0.16, 0, spot{-60, 1.36}, spot{-30, 1.62}, spot{0, 1.9}, spot{30, 1.62}, spot{60, 1.36})
	// The pouch, with its slanted openings.
	pouch := f.cloth(contrast(c, 0.14))
	f.c.fill(b.patch(0, spot{-24, 2.95}, spot{24, 2.95}, spot{46, 3.45}, spot{46, 3.8}, spot{-46, 3.8}, spot{-46, 3.45}), b.axis(pouch, 1.5, 4))
	f.seam(b, dark, 0.05, 0, spot{-46, 3.8}, spot{-46, 3.45}, spot{-24, 2.95}, spot{0, 2.95}, spot{24, 2.95}, spot{46, 3.45}, spot{46, 3.8})
	cord := person.RGB{238, 236, 230}
	if c.Luma() > 170 {
		cord = person.RGB{60, 58, 60}
	}
	for _, s := range []float32{-1, 1} {
		f.seam(b, cord, 0.06, s*12, spot{s * 9, 1.78}, spot{s * 12, 2.2}, spot{s * 12, 2.55})
	}
}

// hood hangs on the shoulders behind the neck: a rim around the neck from the front, a bag on the back from behind.
func (f *figure) hood() {
	if f.p.Upper != person.Hoodie {
		return
	}
	c := f.p.Looks.Shades.Upper
	h := barrel{f.v, []ring{{0.86, 0.30, 0.2, 0, -0.36}, {1.0, 0.52, 0.3, 0, -0.34}, {1.3, 0.66, 0.42, 0, -0.3}, {1.7, 0.6, 0.34, 0, -0.32}, {2.0, 0.40, 0.2, 0, -0.34}, {2.1, 0.2, 0.1, 0, -0.34}}}
	p := f.cloth(contrast(c, 0.16))
	p.round = 0.42
	f.c.fill(h.grown(1.03, 0.02).outline(0.86, 2.1), flat(edge(c)))
	f.c.fill(h.outline(0.88, 2.08), h.axis(p, 0.9, 2.1))
	if f.v.cos < 0 { // the dark mouth of the hood, seen from behind and above
		f.c.fill(h.patch(180, spot{115, 1.0}, spot{180, 0.92}, spot{245, 1.0}, spot{225, 1.16}, spot{180, 1.24}, spot{135, 1.16}), flat(c.Scale(0.45)))
		f.seam(h, contrast(c, 0.45), 0.05, 180, spot{180, 1.25}, spot{180, 1.6}, spot{180, 2.0})
	}
}
