package draw

import "math"

// A ring is a horizontal ellipse around (x, z) at height y, with half-axes w sideways and d forward.
type ring struct{ y, w, d, x, z float32 }

// A barrel is a round body: rings in order of growing y, joined smoothly.
type barrel struct {
	v     *view
	rings []ring
}

// ring interpolates at height y; above the first and below the last ring it continues them.
func (b barrel) ring(y float32) ring {
	n := len(b.rings)
	if y <= b.rings[0].y {
		r := b.rings[0]
		r.y = y
		return r
	}
	if y >= b.rings[n-1].y {
		r := b.rings[n-1]
		r.y = y
		return r
	}
	i := 1
	for b.rings[i].y < y {
		i++
	}
	p, q := b.rings[i-1], b.rings[i]
	before, after := p, q
	if i >= 2 {
		before = b.rings[i-2]
	}
	if i+1 < n {
		after = b.rings[i+1]
	}
	t := (y - p.y) / (q.y - p.y)
	herm := func(a0, a, b, b1, y0, y1 float32) float32 {
		h := q.y - p.y
		m0, m1 := (b-a)/h, (b-a)/h
		if y0 < p.y {
			m0 = (b - a0) / (q.y - y0)
		}
		if y1 > q.y {
			m1 = (b1 - a) / (y1 - p.y)
		}
		t2, t3 := t*t, t*t*t
		return (2*t3-3*t2+1)*a + (t3-2*t2+t)*h*m0 + (3*t2-2*t3)*b + (t3-t2)*h*m1
	}
	return ring{
		y: y,
		w: herm(before.w, p.w, q.w, after.w, before.y, after.y),
		d: herm(before.d, p.d, q.d, after.d, before.y, after.y),
		x: herm(before.x, p.x, q.x, after.x, before.y, after.y),
		z: herm(before.z, p.z, q.z, after.z, before.y, after.y),
	}
}

// reach is the half-width of a ring as seen, and the angle that turning adds: the surface point at angle phi from the front, towards the
// person's left, is seen at reach*sin(phi+turn) to the right of the axis.
func (b barrel) reach(r ring) (reach, turn float64) {
	s, c := float64(r.d*b.v.sin), float64(r.w*b.v.cos)
	return math.Hypot(s, c), math.Atan2(s, c)
}

// seen is the surface point at angle psi as seen: -90 degrees is the left edge, 0 the middle, 90 the right edge.
func (b barrel) seen(psi float64, r ring) point {
	reach, turn := b.reach(r)
	s, _ := math.Sincos(psi)
	ps, pc := math.Sincos(psi - turn)
	o := joint{r.x, r.y, r.z}
	depth := b.v.depth(o) + r.d*float32(pc)*b.v.cos - r.w*float32(ps)*b.v.sin
	return b.v.screen(o.x*b.v.cos+o.z*b.v.sin+float32(reach*s), r.y, depth)
}

// outline is the closed silhouette between two heights. Both ends follow the near rim of their ring.
func (b barrel) outline(y0, y1 float32) []point {
	const steps = 10
	path := make([]point, 0, 2*steps+10)
	for i := range steps + 1 { // down the left side
		path = append(path, b.seen(-math.Pi/2, b.ring(y0+(y1-y0)*float32(i)/steps)))
	}
	for _, deg := range []float64{-60, -30, 0, 30, 60} {
		path = append(path, b.seen(deg*math.Pi/180, b.ring(y1)))
	}
	for i := range steps + 1 { // up the right side
		path = append(path, b.seen(math.Pi/2, b.ring(y1+(y0-y1)*float32(i)/steps)))
	}
	for _, deg := range []float64{60, 30, 0, -30, -60} {
		path = append(path, b.seen(deg*math.Pi/180, b.ring(y0)))
	}
	return path
}

// A spot is a place on a barrel's surface: angle from the front in degrees, towards the person's left, and height.
type spot struct{ phi, y float32 }

// patch maps a polygon on the surface to the picture. Its corners must lie within 90 degrees of centre, in degrees; what has turned
// away collapses to the edge and paints nothing. Long edges are divided, so that they follow the curve.
func (b barrel) patch(centre float32, corners ...spot) []point {
	path := make([]point, 0, 4*len(corners))
	for i, c := range corners {
		n := corners[(i+1)%len(corners)]
		parts := 1 + int(math.Abs(float64(n.phi-c.phi))/25)
		for k := range parts {
			t := float32(k) / float32(parts)
			path = append(path, b.spot(centre, spot{c.phi + (n.phi-c.phi)*t, c.y + (n.y-c.y)*t}))
		}
	}
	return path
}

// strip maps an open polyline on the surface, for seams. It is nil if its middle has turned away.
func (b barrel) strip(centre float32, corners ...spot) []point {
	if !b.faces(centre, corners[len(corners)/2].y) {
		return nil
	}
	path := make([]point, 0, 3*len(corners))
	for i, c := range corners {
		path = append(path, b.spot(centre, c))
		if i+1 < len(corners) {
			n := corners[i+1]
			parts := 1 + int(math.Abs(float64(n.phi-c.phi))/20)
			for k := 1; k < parts; k++ {
				t := float32(k) / float32(parts)
				path = append(path, b.spot(centre, spot{c.phi + (n.phi-c.phi)*t, c.y + (n.y-c.y)*t}))
			}
		}
	}
	return path
}

// spot maps one place, clamped to the visible half on the side where centre lies.
func (b barrel) spot(centre float32, s spot) point {
	r := b.ring(s.y)
	_, turn := b.reach(r)
	mid := math.Remainder(float64(centre)*math.Pi/180+turn, 2*math.Pi)
	psi := mid + float64(s.phi-centre)*math.Pi/180
	return b.seen(min(math.Pi/2, max(-math.Pi/2, psi)), r)
}

// faces reports whether the surface at angle phi is turned to the camera at height y.
func (b barrel) faces(phi, y float32) bool {
	_, turn := b.reach(b.ring(y))
	return math.Cos(float64(phi)*math.Pi/180+turn) > 0.12
}

// region is the part of the surface with angles inside [from, to] degrees (to may pass 180: hair covers 70 to 290) between two heights
// that depend on the angle. It gives one polygon for each run that is visible.
func (b barrel) region(from, to float32, top, bottom func(phi float32) float32) [][]point {
	const steps = 24
	mid := b.ring((b.rings[0].y + b.rings[len(b.rings)-1].y) / 2)
	_, turn := b.reach(mid)
	var paths [][]point
	var upper, lower []point
	var first, last float64 // psi of the run's ends
	flush := func() {
		if len(upper) > 1 {
			path := upper
			edge := func(psi float64, from, to float32) { // follow the barrel's curve between top and bottom
				const parts = 8
				for i := 1; i < parts; i++ {
					path = append(path, b.seen(psi, b.ring(from+(to-from)*float32(i)/parts)))
				}
			}
			degrees := func(psi float64) float32 { return wrapFrom(float32((psi-turn)*180/math.Pi), from) }
			edge(last, top(degrees(last)), bottom(degrees(last)))
			for i := len(lower) - 1; i >= 0; i-- {
				path = append(path, lower[i])
			}
			edge(first, bottom(degrees(first)), top(degrees(first)))
			paths = append(paths, path)
		}
		upper, lower = nil, nil
	}
	for i := range steps + 1 {
		psi := -math.Pi/2 + math.Pi*float64(i)/steps
		phi := wrapFrom(float32((psi-turn)*180/math.Pi), from)
		if phi > to {
			flush()
			continue
		}
		if len(upper) == 0 {
			first = psi
		}
		last = psi
		upper = append(upper, b.seen(psi, b.ring(top(phi))))
		lower = append(lower, b.seen(psi, b.ring(bottom(phi))))
	}
	flush()
	return paths
}

// wrapFrom shifts an angle in degrees by full turns into [from, from+360).
func wrapFrom(phi, from float32) float32 {
	for phi < from {
		phi += 360
	}
	for phi >= from+360 {
		phi -= 360
	}
	return phi
}

// axis turns a paint to the barrel's axis between two heights, with the radii seen there.
func (b barrel) axis(p paint, y0, y1 float32) *paint {
	r0, r1 := b.ring(y0), b.ring(y1)
	reach0, _ := b.reach(r0)
	reach1, _ := b.reach(r1)
	at := func(r ring) point { return b.v.at(joint{r.x, r.y, r.z}) }
	return p.along(at(r0), at(r1), float32(reach0)*b.v.unit, float32(reach1)*b.v.unit)
}

// grown returns the barrel with its rings wider by a factor and an absolute amount, in head heights: clothes over a body.
func (b barrel) grown(factor, plus float32) barrel {
	rings := make([]ring, len(b.rings))
	for i, r := range b.rings {
		r.w, r.d = r.w*factor+plus, r.d*factor+plus
		rings[i] = r
	}
	return barrel{b.v, rings}
}
