package draw

import (
	"math"

	"plip/ingest/demo/person"
)

// box projects a block around o with half-sizes in the person's space; for hulls of rigid things.
func (f *figure) box(o joint, hx, hy, hz float32) []point {
	pts := make([]point, 0, 8)
	for i := range 8 {
		pts = append(pts, f.v.at(joint{o.x + hx*side(i&1), o.y + hy*side(i>>1&1), o.z + hz*side(i>>2&1)}))
	}
	return pts
}

// bag is the paint of the belongings around a place, with its radius in head heights.
func (f *figure) bag(c person.RGB, o joint, r float32) *paint {
	p := f.cloth(c)
	p.round, p.crease = 0.2, 0.06
	a := f.v.at(o.add(joint{0, -1, 0}))
	return p.along(a, a.add(point{0, 2 * f.v.unit}), r*f.v.unit, r*f.v.unit)
}

// backpack paints the pack on the back. Facing the camera it shows beside the trunk.
func (f *figure) backpack() {
	c := f.p.Looks.Shades.Bag
	z := -0.42*f.shape.depth - 0.12
	b := barrel{f.v, []ring{
		{1.42, 0.42, 0.16, 0, z},
		{1.62, 0.68, 0.3, 0, z - 0.08},
		{2.3, 0.76, 0.42, 0, z - 0.16},
		{3.1, 0.80, 0.46, 0, z - 0.18},
		{3.42, 0.72, 0.36, 0, z - 0.12},
	}}
	f.c.fill(b.grown(1.02, 0.02).outline(1.42, 3.45), flat(edge(c)))
	p := b.axis(f.cloth(c), 1.5, 3.4)
	f.c.fill(b.outline(1.44, 3.42), p)
	f.c.fill(b.patch(180, spot{122, 2.5}, spot{238, 2.5}, spot{236, 3.25}, spot{124, 3.25}), flat(contrast(c, 0.28)))
	line := contrast(c, 0.6)
	f.seam(b, line, 0.05, 180, spot{122, 2.5}, spot{180, 2.5}, spot{238, 2.5})
	f.seam(b, line, 0.06, 180, spot{105, 2.15}, spot{115, 1.8}, spot{180, 1.66}, spot{245, 1.8}, spot{255, 2.15})
	f.seam(b, steel(), 0.05, 180, spot{150, 2.68}, spot{180, 2.68}, spot{210, 2.68})
	if b.faces(180, 1.5) {
		f.c.line(flat(line), 0.07*f.v.unit, f.v.at(joint{-0.14, 1.46, z}), f.v.at(joint{-0.1, 1.3, z}), f.v.at(joint{0.1, 1.3, z}), f.v.at(joint{0.14, 1.46, z}))
	}
}

// straps paints a backpack's straps over the shoulders and under the arms.
func (f *figure) straps() {
	c := f.p.Looks.Shades.Bag
	k := cutOf(f.p)
	b := f.body(k).grown(1.01, 0.02)
	for _, s := range []float32{-1, 1} {
		corners := []spot{{s * 42, 1.4}, {s * 40, 1.75}, {s * 44, 2.3}, {s * 66, 2.75}, {s * 95, 2.95}}
		f.seam(b, edge(c), 0.29, s*44, corners...)
		f.seam(b, c, 0.23, s*44, corners...)
		if b.faces(s*41, 2) {
			f.c.ellipse(b.spot(s*41, spot{s * 41, 2.2}), 0.07*f.v.unit, 0.05*f.v.unit, flat(steel()))
		}
	}
}

// suitcaseBehind reports whether the suitcase rolls behind the person as seen.
func (f *figure) suitcaseBehind() bool { return f.v.cos > 0.4 }

// carried paints what is in the hand or hangs from the shoulder.
func (f *figure) carried() {
	if f.carry < 0 {
		return
	}
	hand := f.pose.hand[f.carry]
	switch f.p.Bag {
	case person.Handbag:
		f.handbag(hand)
	case person.ShoppingBag:
		f.shoppingBag(hand)
	case person.ShoulderBag:
		f.shoulderBag()
	case person.Suitcase:
		f.suitcase(hand)
	case person.Umbrella:
		f.umbrella(hand)
	}
}

// handbag hangs by an arched handle: a rounded trapezoid with a flap and a clasp.
func (f *figure) handbag(hand joint) {
	c := f.p.Looks.Shades.Bag
	u := f.v.unit
	o := f.v.at(hand.add(joint{side(f.carry) * 0.08, 0.1, 0.02}))
	// Seen end-on a bag is narrow; it never narrows below two thirds, so that it can be named.
	w := 0.62 * u * (0.68 + 0.32*float32(math.Abs(float64(f.v.sin))))
	line := contrast(c, 0.6)
	var arch []point
	for i := range 9 {
		s, k := math.Sincos(math.Pi * float64(i) / 8)
		arch = append(arch, o.add(point{-0.6 * w * float32(k), 0.42*u - 0.46*u*float32(s)}))
	}
	f.c.line(flat(line), 0.075*u, arch...)
	body := []point{o.add(point{-0.8 * w, 0.42 * u}), o.add(point{0.8 * w, 0.42 * u}), o.add(point{1.05 * w, 1.12 * u}), o.add(point{0.9 * w, 1.24 * u}), o.add(point{-0.9 * w, 1.24 * u}), o.add(point{-1.05 * w, 1.12 * u})}
	out := make([]point, len(body))
	mid := o.add(point{0, 0.84 * u})
	for i, q := range body {
		out[i] = mid.add(q.sub(mid).mul(1.06))
	}
	f.c.fill(out, flat(edge(c)))
	f.c.fill(body, f.bag(c, hand, 0.62))
	f.c.fill([]point{o.add(point{-0.8 * w, 0.42 * u}), o.add(point{0.8 * w, 0.42 * u}), o.add(point{0.5 * w, 0.74 * u}), o.add(point{-0.5 * w, 0.74 * u})}, flat(contrast(c, 0.35)))
	f.c.ellipse(o.add(point{0, 0.74 * u}), 0.07*u, 0.07*u, flat(person.RGB{222, 190, 96}))
}

// shoppingBag is a tall paper bag on thin strings, with a printed square.
func (f *figure) shoppingBag(hand joint) {
	c := f.p.Looks.Shades.Bag
	u := f.v.unit
	o := f.v.at(hand.add(joint{side(f.carry) * 0.1, 0.1, 0.02}))
	w := 0.5 * u * (0.74 + 0.26*float32(math.Abs(float64(f.v.sin))))
	line := contrast(c, 0.55)
	f.c.line(flat(line), 0.04*u, o.add(point{-0.5 * w, 0.5 * u}), o.add(point{-0.2 * w, 0}), o.add(point{0.2 * w, 0}), o.add(point{0.5 * w, 0.5 * u}))
	f.c.fill([]point{o.add(point{-1.07 * w, 0.46 * u}), o.add(point{1.07 * w, 0.46 * u}), o.add(point{1.07 * w, 1.98 * u}), o.add(point{-1.07 * w, 1.98 * u})}, flat(edge(c)))
	f.c.fill([]point{o.add(point{-w, 0.5 * u}), o.add(point{0.62 * w, 0.5 * u}), o.add(point{0.62 * w, 1.94 * u}), o.add(point{-w, 1.94 * u})}, f.bag(c, hand, 0.9))
	f.c.fill([]point{o.add(point{0.62 * w, 0.5 * u}), o.add(point{w, 0.56 * u}), o.add(point{w, 1.9 * u}), o.add(point{0.62 * w, 1.94 * u})}, flat(c.Scale(0.72)))
	logo := o.add(point{-0.19 * w, 1.2 * u})
	f.c.ellipse(logo, 0.44*w, 0.44*w, flat(line))
	f.c.ellipse(logo, 0.24*w, 0.24*w, flat(c))
}

// shoulderBag hangs at the hip from a strap across the trunk.
func (f *figure) shoulderBag() {
	c := f.p.Looks.Shades.Bag
	u := f.v.unit
	s := side(f.carry)
	b := f.body(cutOf(f.p)).grown(1.01, 0.03)
	strap := contrast(c, 0.3)
	// From the far shoulder over the breast to the hip, and back over the shoulder blades.
	front := []spot{{-s * 50, 1.45}, {-s * 34, 1.9}, {0, 2.7}, {s * 40, 3.4}, {s * 78, 3.85}}
	back := []spot{{180 + s*50, 1.45}, {180 + s*34, 1.9}, {180, 2.7}, {180 - s*40, 3.4}, {180 - s*78, 3.85}}
	f.seam(b, edge(strap), 0.17, 0, front...)
	f.seam(b, strap, 0.12, 0, front...)
	f.seam(b, edge(strap), 0.17, 180, back...)
	f.seam(b, strap, 0.12, 180, back...)
	r := b.ring(4.1)
	hip := joint{s * (r.w + 0.12), 4.12, 0.1}
	if f.v.depth(hip) < -0.3 { // worn on the far side: it shows in front of or behind the hip
		hip = joint{s * r.w * 0.4, 4.12, r.d + 0.1}
	}
	w := 0.24 + 0.34*float32(math.Abs(float64(f.v.sin)))
	o := f.v.at(hip)
	corner := func(x, y float32) point { return o.add(point{x * max(w, 0.46) * u, y * u}) }
	f.c.fill([]point{corner(-1.08, -0.48), corner(1.08, -0.48), corner(1.08, 0.56), corner(-1.08, 0.56)}, flat(edge(c)))
	f.c.fill([]point{corner(-1, -0.44), corner(1, -0.44), corner(1, 0.52), corner(-1, 0.52)}, f.bag(c, hip, 0.6))
	f.c.fill([]point{corner(-1, -0.44), corner(1, -0.44), corner(0.9, 0.1), corner(-0.9, 0.1)}, flat(contrast(c, 0.28)))
	f.c.line(flat(contrast(c, 0.6)), 0.04*u, corner(-0.95, 0.11), corner(0.95, 0.11))
	f.c.fill([]point{corner(-0.16, 0.02), corner(0.16, 0.02), corner(0.16, 0.22), corner(-0.16, 0.22)}, flat(steel()))
}

// suitcase rolls behind the person on two wheels, drawn by a telescopic handle.
func (f *figure) suitcase(hand joint) {
	c := f.p.Looks.Shades.Bag
	u := f.v.unit
	s := side(f.carry)
	ground := f.pose.lowest
	o := joint{hand.x + s*0.3, ground - 1.15, hand.z - 0.55}
	grip := f.v.at(hand.add(joint{0, 0.08, 0}))
	for _, dx := range []float32{-0.2, 0.2} {
		f.c.line(flat(person.RGB{92, 94, 98}), 0.06*u, grip, f.v.at(o.add(joint{dx, -0.95, 0})))
	}
	f.c.line(flat(person.RGB{50, 50, 54}), 0.1*u, grip.add(point{-0.12 * u, 0}), grip.add(point{0.12 * u, 0}))
	for _, dx := range []float32{-0.4, 0.4} {
		f.c.ellipse(f.v.at(o.add(joint{dx, 1.07, 0.1})), 0.11*u, 0.11*u, flat(person.RGB{30, 30, 32}))
	}
	f.c.hull(f.box(o, 0.6, 1.02, 0.34), flat(edge(c)))
	f.c.hull(f.box(o, 0.57, 0.98, 0.31), f.bag(c, o, 0.75))
	for _, k := range []float32{-0.34, 0, 0.34} { // ribs of the shell
		a := joint{o.x + k, o.y, o.z}
		if math.Abs(float64(f.v.sin)) > 0.6 {
			a = joint{o.x, o.y, o.z + k*0.55}
		}
		f.c.line(flat(contrast(c, 0.45)), 0.06*u, f.v.at(a.add(joint{0, -0.86, 0})), f.v.at(a.add(joint{0, 0.86, 0})))
	}
}

// umbrella is open above the head: eight panels, scalloped edge, tip and shaft.
func (f *figure) umbrella(hand joint) {
	c := f.p.Looks.Shades.Bag
	u := f.v.unit
	grip := f.v.at(hand)
	top := f.v.at(joint{hand.x * 0.55, -1.25, hand.z * 0.5})
	f.c.line(flat(person.RGB{64, 62, 64}), 0.07*u, grip.add(point{0, 0.25 * u}), top)
	const r, rise = 1.95, 1.0
	rim := top.add(point{0, rise * u})
	var dome []point
	for i := range 17 {
		s, k := math.Sincos(math.Pi * float64(i) / 16)
		dome = append(dome, point{rim.x - r*u*float32(k), rim.y - rise*u*float32(math.Pow(s, 0.8))})
	}
	const scallops = 5
	for i := scallops; i > 0; i-- { // back along the scalloped edge
		x := func(t float32) float32 { return rim.x + r*u*(2*t/scallops-1) }
		dome = append(dome, point{x(float32(i) - 0.25), rim.y - 0.12*u}, point{x(float32(i) - 0.5), rim.y - 0.17*u}, point{x(float32(i) - 0.75), rim.y - 0.12*u}, point{x(float32(i - 1)), rim.y})
	}
	p := f.cloth(c)
	p.round, p.crease = 0.3, 0.05
	f.c.fill(dome, p.along(top, rim, r*u, r*u))
	for i := range scallops - 1 {
		t := 2*float32(i+1)/scallops - 1
		f.c.line(flat(contrast(c, 0.4)), 0.045*u, top, point{rim.x + t*r*u*0.75, rim.y - rise*0.45*u}, point{rim.x + t*r*u, rim.y})
	}
	f.c.line(flat(person.RGB{64, 62, 64}), 0.07*u, top, top.sub(point{0, 0.2 * u}))
}
