package draw

import (
	"math"

	"plip/ingest/demo/person"
)

// A last is the foot's own space: along the foot forward, across it outwards, height above the ground.
type last struct {
	f        *figure
	ankle    joint
	sin, cos float32 // splay of the toes
	ground   float32 // y of the sole
}

// at projects a place of the foot: forward, across and up in head heights.
func (l last) at(forward, across, up float32) point {
	return l.f.v.at(joint{
		l.ankle.x + across*l.cos + forward*l.sin,
		l.ground - up,
		l.ankle.z + forward*l.cos - across*l.sin,
	})
}

// block gives the corners of a slice of foot between two heights, for a hull: heel, ball and toe.
func (l last) block(heel, toe, width, low, high float32) []point {
	w := width
	return []point{
		l.at(-heel, w*0.7, low), l.at(-heel, -w*0.7, low), l.at(toe*0.55, w, low), l.at(toe*0.55, -w, low), l.at(toe, w*0.45, low), l.at(toe, -w*0.45, low),
		l.at(-heel, w*0.7, high), l.at(-heel, -w*0.7, high), l.at(toe*0.3, w*0.8, high), l.at(toe*0.3, -w*0.8, high),
	}
}

// shoe paints the foot of leg i and what it wears.
func (f *figure) shoe(i int, shade float32) {
	ankle := f.pose.ankle[i]
	s, c := math.Sincos(float64(side(i)) * 0.2)
	l := last{f: f, ankle: ankle, sin: float32(s), cos: float32(c), ground: ankle.y + ankleH}
	color := f.p.Looks.Shades.Shoes.Scale(shade)
	u := f.v.unit
	grow := 0.9 + 0.1*f.shape.limb
	switch f.p.Shoes {
	case person.Sneakers:
		sole := person.RGB{238, 238, 234}
		if color.Luma() > 190 {
			sole = person.RGB{168, 172, 178}
		}
		f.c.hull(l.block(0.27, 0.70, 0.23*grow, 0, 0.12), flat(sole.Scale(shade)))
		upper := l.block(0.24, 0.62, 0.2*grow, 0.1, 0.3)
		p := f.cloth(color)
		f.c.hull(append(upper, l.at(-0.2, 0.13, 0.44), l.at(-0.2, -0.13, 0.44), l.at(0.1, 0.13, 0.44), l.at(0.1, -0.13, 0.44)), p.along(l.at(0, 0, 0.4), l.at(0, 0, 0), 0.3*u, 0.3*u))
		lace := person.RGB{245, 245, 242}
		if color.Luma() > 150 {
			lace = person.RGB{70, 74, 84}
		}
		for _, z := range []float32{0.16, 0.28, 0.4} {
			f.c.line(flat(lace.Scale(shade)), 0.035*u, l.at(z, 0.1, 0.36-z*0.35), l.at(z, -0.1, 0.36-z*0.35))
		}
		f.c.hull([]point{l.at(0.5, 0.15, 0.1), l.at(0.5, -0.15, 0.1), l.at(0.68, 0.08, 0.1), l.at(0.68, -0.08, 0.1), l.at(0.52, 0.1, 0.19), l.at(0.52, -0.1, 0.19)}, flat(sole.Scale(shade)))
	case person.Boots:
		f.c.hull(l.block(0.28, 0.66, 0.23*grow, 0, 0.1), flat(color.Scale(0.45)))
		p := f.cloth(color)
		f.c.hull(l.block(0.26, 0.62, 0.22*grow, 0.08, 0.36), p.along(l.at(0, 0, 0.4), l.at(0, 0, 0), 0.34*u, 0.34*u))
		knee := f.pose.knee[i]
		top := ankle.lerp(knee, 0.56)
		p.weave = glossy
		f.sleeve(top, ankle, 0.2*f.shape.limb+0.07, 0.15*f.shape.limb+0.075, p)
		f.cuffBand(ankle, top, 0.2*f.shape.limb+0.07, contrast(color, 0.6))
	case person.Sandals:
		skin := f.skin()
		skin.color = skin.color.Scale(shade)
		f.c.hull(l.block(0.27, 0.68, 0.22*grow, 0, 0.07), flat(color.Scale(0.8)))
		f.c.hull(l.block(0.22, 0.6, 0.17*grow, 0.06, 0.24), skin.along(l.at(0, 0, 0.3), l.at(0, 0, 0), 0.3*u, 0.3*u))
		for _, z := range []float32{0.14, 0.36} { // straps across
			f.c.line(flat(color), 0.1*u, l.at(z, 0.19, 0.07), l.at(z, 0.09, 0.27-z*0.2), l.at(z, -0.09, 0.27-z*0.2), l.at(z, -0.19, 0.07))
		}
		f.c.line(flat(color), 0.07*u, l.at(-0.05, 0.16, 0.36), l.at(-0.2, 0, 0.34), l.at(-0.05, -0.16, 0.36))
		f.c.line(flat(color), 0.07*u, l.at(-0.05, 0.16, 0.36), l.at(0.08, 0, 0.38), l.at(-0.05, -0.16, 0.36))
	case person.LeatherShoes:
		f.c.hull(l.block(0.25, 0.74, 0.18*grow, 0, 0.07), flat(person.RGB{30, 22, 20}))
		f.c.hull([]point{l.at(-0.26, 0.14, 0), l.at(-0.26, -0.14, 0), l.at(-0.08, 0.14, 0), l.at(-0.08, -0.14, 0), l.at(-0.26, 0.14, 0.14), l.at(-0.08, -0.14, 0.14)}, flat(person.RGB{30, 22, 20}))
		p := f.cloth(color)
		f.c.hull(l.block(0.24, 0.74, 0.17*grow, 0.06, 0.24), p.along(l.at(0, 0, 0.3), l.at(0, 0, 0), 0.3*u, 0.3*u))
		f.c.ellipse(l.at(0.42, 0.02, 0.16), 0.1*u, 0.045*u, &paint{color: person.RGB{255, 250, 244}, alpha: 0.5})
	}
}
